"""Counting labels: what is rare, what is thin, and what would be enough."""

from analysis.doctor.balance import ENOUGH_PICTURES, thin_labels, unbalanced_labels


def test_balanced_labels_and_none_are_not_reported() -> None:
    assert unbalanced_labels([]) == []
    assert unbalanced_labels([None, None]) == []
    assert unbalanced_labels(["a"] * 100 + ["b"] * 40 + [None] * 900) == []


def test_the_rarest_label_comes_first_with_what_would_be_enough() -> None:
    rare, rarer = unbalanced_labels(["a"] * 100 + ["b"] * 33 + ["c"] * 5)[::-1]
    assert (rare.label, rare.count, rare.enough, rare.largest_label) == ("b", 33, 34, "a")
    assert rarer.label == "c"
    assert unbalanced_labels(["a"] * 100 + ["b"] * 34) == []


def test_few_pictures_are_thin_and_very_few_untrainable() -> None:
    labels = ["a"] * ENOUGH_PICTURES + ["b"] * 20 + ["c"] * 4
    found = thin_labels(labels, all_labels=["a", "d"])
    assert [(each.label, each.pictures, each.is_untrainable) for each in found] == [
        ("d", 0, True),
        ("c", 4, True),
        ("b", 20, False),
    ]


def test_a_label_from_one_video_is_thin_however_many_pictures_it_has() -> None:
    labels = ["a"] * 300 + ["b"] * 300
    sources = ["one"] * 290 + ["two"] * 5 + ["three"] * 5 + ["one", "two", "three"] * 100
    [thin] = thin_labels(labels, sources)
    assert (thin.label, thin.sources, thin.largest_source) == ("a", 3, "one")
    assert thin.share_of_largest_source > 0.9
    assert thin_labels(labels) == []
