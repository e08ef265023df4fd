"""Wrong labels, suggestions and mixed identities, on vectors whose truth is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.doctor import linear_head, wrong_labels
from analysis.doctor.identities import mixed_identities
from analysis.doctor.linear_head import FOLDS, folds_by_source, kernel_features
from analysis.doctor.signature import SIGNATURE_BYTES
from analysis.doctor.suggestions import suggest_labels
from analysis.doctor.wrong_labels import likely_wrong_labels
from analysis.types import Float32


def clouds(centres: int, each: int, spread: float, seed: int = 0, length: int = 60) -> Float32:
    """`each` vectors of length 1 around every centre, one centre after the other."""
    random = np.random.default_rng(seed)
    middle = np.random.default_rng(99).normal(size=(centres, length)).repeat(each, axis=0)
    vectors = middle / np.linalg.norm(middle, axis=1, keepdims=True)
    vectors = vectors + random.normal(0, spread / np.sqrt(length), vectors.shape)
    unit: Float32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_planted_wrong_labels_come_first_with_the_right_suggestion() -> None:
    labels = ["cat"] * 100 + ["dog"] * 100 + ["owl"] * 100
    given = list(labels)
    wrong = np.random.default_rng(1).permutation(300)[:30]
    for index in wrong:
        given[index] = "dog" if labels[index] != "dog" else "owl"
    found = likely_wrong_labels(clouds(3, 100, 0.8), given)
    assert set(found.indices[:27].tolist()) <= set(wrong.tolist())
    assert len(set(found.indices.tolist()) & set(wrong.tolist())) >= 27
    assert all(
        suggestion == labels[index]
        for index, suggestion in zip(found.indices[:20], found.suggestions[:20], strict=True)
    )
    assert np.all(np.diff(found.probabilities) <= 0)
    assert found.all_probabilities.shape == (300,)


def test_the_layout_of_the_grey_tells_what_the_network_misses() -> None:
    """Vectors that say nothing, pictures whose light lies at the left or at the right."""
    random = np.random.default_rng(3)
    labels = ["left"] * 80 + ["right"] * 80
    cells = random.integers(60, 120, (160, 20, 20))
    cells[:80, 4:16, 3:8] += 90
    cells[80:, 4:16, 12:17] += 90
    signatures = cells.reshape(160, SIGNATURE_BYTES).astype(np.uint8)
    given = [{"left": "right", "right": "left"}[label] if at % 16 == 3 else label for at, label in enumerate(labels)]
    blind = clouds(1, 160, 1.0)
    found = likely_wrong_labels(blind, given, signatures=signatures)
    assert set(found.indices.tolist()) == set(range(3, 160, 16))
    assert len(set(likely_wrong_labels(blind, given).indices.tolist()) ^ set(range(3, 160, 16))) > 5


def asked_rows(monkeypatch: pytest.MonkeyPatch, patterns: Float32, given: list[str]) -> tuple[list[int], set[int]]:
    """How many patterns are asked for each time, and whose labels are doubted, with vectors that say little."""
    monkeypatch.setattr(wrong_labels, "TRIED", 100)
    asked = []

    def patterns_of(rows: NDArray[np.int64]) -> Float32:
        asked.append(len(rows))
        return patterns[rows]

    found = likely_wrong_labels(clouds(2, 100, 7.0), given, patterns_of=patterns_of)
    return asked, set(found.indices.tolist())


def test_patterns_that_tell_the_labels_better_are_made_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["a"] * 100 + ["b"] * 100
    given[7], given[150] = "b", "a"
    asked, doubted = asked_rows(monkeypatch, clouds(2, 100, 0.8), given)
    assert asked == [100, 200]
    assert doubted == {7, 150}


def test_patterns_that_say_nothing_are_made_only_of_some(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["a"] * 100 + ["b"] * 100
    noise = clouds(1, 200, 1.0, seed=8)
    asked, doubted = asked_rows(monkeypatch, noise, given)
    assert asked == [100]
    assert doubted == set(likely_wrong_labels(clouds(2, 100, 7.0), given).indices.tolist())


def test_many_pictures_are_likened_to_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = clouds(2, 100, 0.8), ["a"] * 100 + ["b"] * 100
    exact = kernel_features(vectors)
    even = exact[:, :-1] @ exact[:, :-1].T
    assert np.allclose(np.diag(even), 1, atol=0.01)
    monkeypatch.setattr(linear_head, "LANDMARKS", 40)
    assert kernel_features(vectors).shape == (200, 41)
    given = ["b", *labels[1:]]
    assert likely_wrong_labels(vectors, given).indices[0] == 0


def test_labels_that_say_nothing_are_not_doubted_with_certainty() -> None:
    random = np.random.default_rng(2)
    found = likely_wrong_labels(clouds(1, 200, 1.0), random.choice(["a", "b"], 200).tolist())
    assert found.all_probabilities.max() < 0.9


@pytest.mark.parametrize("labels", [[], ["a"], ["a"] * 20, ["a", "b", "a"]])
def test_too_little_to_judge_gives_nothing(labels: list[str]) -> None:
    found = likely_wrong_labels(clouds(1, 20, 0.5)[: len(labels)], labels)
    assert len(found.indices) == 0
    assert found.all_probabilities.tolist() == [0] * len(labels)


def test_lengths_that_differ_are_named() -> None:
    with pytest.raises(ValueError, match="expected 20"):
        likely_wrong_labels(clouds(1, 20, 0.5), ["a"] * 19)


def test_pictures_of_one_source_share_a_fold() -> None:
    sources = [f"video {number % 23}" for number in range(400)]
    labels = [number % 4 for number in range(400)]
    folds = folds_by_source(sources, labels, seed=3)
    for source in set(sources):
        assert len({int(fold) for fold, name in zip(folds, sources, strict=True) if name == source}) == 1
    assert np.bincount(folds, minlength=FOLDS).min() >= 30
    assert min(np.bincount(folds[number::4], minlength=FOLDS).min() for number in range(4)) >= 5


def test_pictures_of_unknown_source_do_not_belong_together() -> None:
    sources = [f"video {number}" for number in range(20)] + [""] * 380
    folds = folds_by_source(sources, ["a", "b"] * 200, seed=3)
    assert np.bincount(folds, minlength=FOLDS).tolist() == [40] * FOLDS


def test_a_copy_in_another_fold_cannot_vouch_for_a_wrong_label() -> None:
    """Every wrong picture is there six times; only when they count as one source are they found out."""
    vectors, labels = clouds(2, 60, 0.7), ["a"] * 60 + ["b"] * 60
    copies = np.repeat(vectors[:4], 30, axis=0) + np.random.default_rng(0).normal(0, 1e-3, (120, 60)).astype(np.float32)
    sources = [str(index) for index in range(120)] + [str(index // 30) for index in range(120)]
    together = likely_wrong_labels(np.vstack([vectors, copies]), labels + ["b"] * 120, sources)
    apart = likely_wrong_labels(np.vstack([vectors, copies]), labels + ["b"] * 120)
    assert together.all_probabilities[120:].mean() > apart.all_probabilities[120:].mean()


def test_suggestions_are_right_and_their_certainty_tells_where_not() -> None:
    labels = ["a"] * 50 + ["b"] * 50
    asked = clouds(2, 500, 4.0, seed=5)
    suggested = suggest_labels(clouds(2, 50, 4.0), labels, asked)
    right = np.array([suggested.label_of(index) == ("a" if index < 500 else "b") for index in range(1000)])
    assert 0.7 < right.mean() < 1
    assert abs(float(suggested.certainties.mean()) - right.mean()) < 0.1
    uncertain = np.argsort(suggested.certainties, kind="stable")[:100]
    assert right[uncertain].mean() < right.mean()


def test_one_label_is_suggested_for_all_and_none_for_nothing() -> None:
    assert suggest_labels(clouds(1, 3, 0.5), ["a"] * 3, clouds(1, 4, 0.5)).numbers.tolist() == [0] * 4
    assert len(suggest_labels(clouds(1, 3, 0.5), ["a"] * 3, clouds(1, 4, 0.5)[:0]).certainties) == 0
    with pytest.raises(ValueError, match="at least one"):
        suggest_labels(clouds(1, 3, 0.5)[:0], [], clouds(1, 4, 0.5))


def test_two_people_under_one_name_are_reported_and_one_is_not() -> None:
    vectors = clouds(3, 10, 0.8)
    people = ["Anna"] * 10 + ["Ben"] * 5 + ["Anna"] * 5 + ["Cem"] * 10
    [mixed] = mixed_identities(vectors, people)
    assert mixed.person_id == "Anna"
    assert mixed.is_several_people
    assert [set(part) for part in mixed.parts] == [set(range(10)), set(range(15, 20))]


def test_a_single_strange_face_is_an_outlier() -> None:
    vectors = clouds(2, 10, 0.6)
    [mixed] = mixed_identities(vectors, ["Anna"] * 10 + ["Ben"] * 9 + ["Anna"])
    assert (mixed.person_id, mixed.is_several_people, mixed.outliers) == ("Anna", False, (19,))
    assert mixed_identities(vectors[:0], []) == []
