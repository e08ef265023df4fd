"""Splits that never leak and figures that are right, by tables and by chance."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import BadTrainingConfig, UnusableTrainingData
from analysis.training.config import Recipe, defaults, from_json
from analysis.training.data.grouping import Groups, join, source_in_name
from analysis.training.data.prepare import split
from analysis.training.data.samples import TrainingSample, read_sources
from analysis.training.evaluation.calibration import expected_calibration_error, fit_temperature, scaled_probabilities
from analysis.training.evaluation.evaluate import HeldOutPredictions, area_under_roc, evaluate
from analysis.training.evaluation.intervals import accuracy_interval
from analysis.training.evaluation.thresholds import fit_threshold


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 11)), min_size=12, max_size=60), st.integers(0, 5))
def test_no_group_is_ever_divided(rows: list[tuple[int, int]], seed: int) -> None:
    targets = np.unique([label for label, _ in rows], return_inverse=True)[1].astype(np.intp)
    groups = np.array([group for _, group in rows], np.intp)
    samples = [TrainingSample(Path(f"{n}.png"), str(label)) for n, label in enumerate(targets)]
    try:
        fold, _ = split(samples, targets, Groups(groups, ("source",)), defaults(Recipe.TUTORIAL, seed=seed))
    except UnusableTrainingData:
        return
    for group in np.unique(groups):
        assert len(np.unique(fold[groups == group])) == 1
    for number in np.unique(fold):
        assert set(targets[fold != number]) == set(targets)


def test_samples_that_are_linked_in_a_chain_are_one_group() -> None:
    assert join(np.arange(5), np.array([(0, 1), (1, 4)])).tolist() == [0, 0, 1, 2, 0]
    assert join(np.arange(0), np.zeros((0, 2), np.intp)).tolist() == []


@pytest.mark.parametrize(
    ("name", "source"),
    [("clip1_000123", "clip1"), ("13_Interview_105_f0", "13_Interview_105"), ("IMG", ""), ("_12", ""), ("12", "")],
)
def test_the_source_in_a_file_name(name: str, source: str) -> None:
    assert source_in_name(TrainingSample(Path(f"{name}.jpg"), "a")) == source


def test_a_list_of_sources_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sources.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnusableTrainingData, match="file,source"):
        read_sources(tmp_path / "sources.csv")


def overconfident(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits five times as large as they should be."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 2, (count, 1))
    targets = (random.uniform(size=count) < 1 / (1 + np.exp(-honest[:, 0]))).astype(np.intp)
    return honest * 5, targets


def test_temperature_makes_scores_honest() -> None:
    logits, targets = overconfident(4000, 0)
    assert fit_temperature(logits, targets) == pytest.approx(5, rel=0.15)
    fresh, answers = overconfident(4000, 1)
    before = expected_calibration_error(scaled_probabilities(fresh, 1.0), answers)
    after = expected_calibration_error(scaled_probabilities(fresh, fit_temperature(logits, targets)), answers)
    assert before > 0.1
    assert after < 0.03


def test_a_threshold_moves_only_when_more_than_luck_is_gained() -> None:
    targets = np.repeat([0, 1], 50).astype(np.intp)
    second = np.concatenate([np.full(50, 0.1), np.full(50, 0.3)])
    assert fit_threshold(np.stack([1 - second, second], 1), targets) == pytest.approx(0.2)
    second[50:] = 0.9
    assert fit_threshold(np.stack([1 - second, second], 1), targets) == 0.5
    assert fit_threshold(np.full((0, 2), 0.5), targets[:0]) == 0.5


def test_area_under_the_curve_by_hand() -> None:
    positive = np.array([True, False, True, False])
    assert area_under_roc(np.array([0.9, 0.8, 0.7, 0.1]), positive) == 0.75
    assert area_under_roc(np.array([0.5, 0.5, 0.5, 0.5]), positive) == 0.5
    assert area_under_roc(np.array([0.5]), positive[:1]) is None


def test_the_figures_of_a_part_by_hand() -> None:
    logits = np.array([[2.0], [1.0], [-1.0], [-3.0]])
    predictions = HeldOutPredictions(logits, np.array([1, 0, 0, 0], np.intp), np.arange(4, dtype=np.intp))
    figures = evaluate(predictions, ("no", "yes"), 1.0, 0.5, 0)
    assert figures["accuracy"] == 0.75
    assert figures["confusion"] == [[2, 1], [0, 1]]
    assert figures["per_label"]["yes"]["precision"] == 0.5
    assert figures["per_label"]["no"]["recall"] == pytest.approx(2 / 3)
    assert figures["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    low, high = figures["accuracy_interval"]
    assert low <= 0.75 <= high


def test_no_error_in_few_sources_is_not_certainty() -> None:
    logits, targets = np.array([[-3.0], [3.0]] * 30), np.array([0, 1] * 30, np.intp)
    figures = evaluate(HeldOutPredictions(logits, targets, np.arange(60, dtype=np.intp)), ("no", "yes"), 1.0, 0.5, 0)
    assert figures["accuracy_interval"] == [1, 1]
    low, high = accuracy_interval(figures)
    assert low == pytest.approx(0.95) and high == 1, "the rule of three"
    figures["accuracy_interval"] = [0.8, 0.9]
    assert accuracy_interval(figures) == (0.8, 0.9)


def test_settings_survive_json_and_odd_ones_are_named() -> None:
    config = defaults(Recipe.FINETUNE, epochs=3, seed=7)
    assert from_json(config.as_json()) == config
    with pytest.raises(BadTrainingConfig, match="batch_size: expected a number from 1"):
        defaults(Recipe.AUTO, batch_size=0)
    with pytest.raises(BadTrainingConfig, match="no such setting: colour"):
        defaults(Recipe.AUTO, colour=1)
