"""Splits that part no source and give each part its share of each label."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from analysis.training.data.split import connected, fold_groups, split_groups

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}


def test_samples_that_share_a_video_or_a_person_are_one_group() -> None:
    videos = ["a", "a", "b", "c", "d"]
    people = ["", "mira", "mira", "", ""]
    assert connected(videos, people) == [0, 0, 0, 1, 2]


def test_what_is_not_known_connects_nothing() -> None:
    assert connected(["", "", ""]) == [0, 1, 2]
    assert connected([]) == []
    assert connected() == []


def test_keys_of_different_number_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[2, 1\]"):
        connected(["a", "b"], ["c"])


@pytest.mark.parametrize("shares", [{}, {"train": 0.0}, {"train": 1.0, "test": -1.0}])
def test_senseless_shares_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="positive shares"):
        split_groups([0], ["a"], shares, seed=0)


def test_no_sample_makes_no_part() -> None:
    assert split_groups([], [], SHARES, seed=0) == {}


many_samples = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), min_size=1, max_size=300)


@settings(deadline=None)
@given(many_samples, st.integers(0, 5))
def test_every_group_is_in_one_part_and_no_part_goes_without(rows: list[tuple[int, str]], seed: int) -> None:
    groups, labels = [row[0] for row in rows], [row[1] for row in rows]
    parts = split_groups(groups, labels, SHARES, seed)
    assert parts.keys() == set(groups)
    assert len(set(parts.values())) == min(len(set(groups)), len(SHARES))


@settings(deadline=None)
@given(many_samples)
def test_the_same_seed_gives_the_same_split(rows: list[tuple[int, str]]) -> None:
    groups, labels = [row[0] for row in rows], [row[1] for row in rows]
    assert split_groups(groups, labels, SHARES, 7) == split_groups(groups, labels, SHARES, 7)


@pytest.mark.parametrize("seed", range(5))
def test_labels_come_in_their_shares_where_groups_allow(seed: int) -> None:
    groups = [number // 10 for number in range(1000)]
    labels = ["rare" if number // 10 % 10 == 0 else "usual" for number in range(1000)]
    parts = split_groups(groups, labels, SHARES, seed)
    counted = Counter((label, parts[group]) for group, label in zip(groups, labels, strict=True))
    assert counted["rare", "train"] == pytest.approx(70, abs=10)
    assert counted["rare", "test"] >= 10
    assert counted["rare", "validation"] >= 10
    assert counted["usual", "train"] == pytest.approx(630, abs=20)
    assert counted["usual", "test"] == pytest.approx(135, abs=20)


def test_one_huge_group_goes_to_training() -> None:
    groups = [0] * 900 + list(range(1, 51))
    parts = split_groups(groups, ["x"] * len(groups), SHARES, seed=3)
    assert parts[0] == "train"


def test_other_seeds_give_other_splits() -> None:
    groups = list(range(60))
    splits = {tuple(sorted(split_groups(groups, ["x"] * 60, SHARES, seed).items())) for seed in range(4)}
    assert len(splits) == 4


@settings(deadline=None)
@given(many_samples, st.integers(2, 6), st.integers(0, 5))
def test_folds_part_no_group_and_are_the_same_for_the_same_seed(
    rows: list[tuple[int, str]], folds: int, seed: int
) -> None:
    groups, labels = [row[0] for row in rows], [row[1] for row in rows]
    fold = fold_groups(groups, labels, folds, seed)
    assert fold.shape == (len(rows),)
    assert len(set(zip(groups, fold.tolist(), strict=True))) == len(set(groups))
    assert len(set(fold.tolist())) == min(folds, len(set(groups)))
    assert fold.max() < folds
    assert np.array_equal(fold, fold_groups(groups, labels, folds, seed))


@settings(deadline=None)
@given(many_samples, st.integers(0, 5))
def test_no_fold_has_more_of_a_label_than_its_share_and_what_comes_in_one_piece(
    rows: list[tuple[int, str]], seed: int
) -> None:
    """Where labels come in small groups, folds are alike; a large group is larger than any share."""
    groups, labels = list(range(len(rows))), [row[1] for row in rows]
    fold = fold_groups(groups, labels, 3, seed)
    for label in set(labels):
        counts = np.bincount(fold[np.array(labels) == label], minlength=3)
        assert np.ptp(counts) <= 3


@pytest.mark.parametrize("seed", range(20))
def test_every_fold_has_each_label_that_comes_in_enough_groups(seed: int) -> None:
    """The rare one comes in as many groups as there are folds, of one sample and of hundreds."""
    sizes = np.random.default_rng(seed).permutation([1, 1, 2, 30, 300])
    groups = [number for number, size in enumerate(sizes) for _ in range(size)] + list(range(5, 405))
    labels = ["rare"] * sizes.sum() + ["usual", "other"] * 200
    fold = fold_groups(groups, labels, 5, seed)
    for label in set(labels):
        assert len(set(fold[np.array(labels) == label].tolist())) == 5


def unevenness(fold: NDArray[np.intp], labels: NDArray[np.intp]) -> tuple[int, int]:
    """Returns the difference between the largest and the smallest fold: in samples, and in samples of a label."""
    of_label = [np.ptp(np.bincount(fold[labels == label], minlength=5)) for label in np.unique(labels)]
    return int(np.ptp(np.bincount(fold, minlength=5))), int(max(of_label))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("pure", [True, False], ids=["groups of one label", "groups of several labels"])
def test_folds_are_as_even_as_those_of_scikit_learn(pure: bool, seed: int) -> None:
    """Sources of one to a dozen samples, labels of 5 to 50 percent; a rare label's largest source may tip a fold."""
    random = np.random.default_rng(seed)
    sizes = np.minimum(random.geometric(0.35, 200), 12)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    drawn = random.choice(4, len(sizes) if pure else len(groups), p=[0.5, 0.3, 0.15, 0.05])
    labels = drawn[groups] if pure else drawn
    reference = np.zeros(len(groups), np.intp)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    for number, (_, held) in enumerate(splitter.split(labels, labels, groups)):
        reference[held] = number
    samples, of_label = unevenness(fold_groups(groups.tolist(), labels.tolist(), 5, seed), labels)
    samples_there, of_label_there = unevenness(reference, labels)
    assert samples <= samples_there
    assert of_label <= of_label_there


@pytest.mark.parametrize("seed", range(10))
def test_folds_are_of_equal_size_where_sources_are_small(seed: int) -> None:
    """As the pictures of faces in the benchmark: two labels, each source of one label and at most four samples."""
    sizes = np.random.default_rng(seed).integers(1, 5, 200)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    fold = fold_groups(groups.tolist(), (groups % 2).tolist(), 5, seed)
    assert max(unevenness(fold, groups % 2)) <= 1
