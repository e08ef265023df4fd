"""A search for settings: bounded over all interruptions, and a trial that was under way goes on where it was."""

from pathlib import Path
from typing import Any

import optuna
import pytest

from analysis.errors import Cancelled, TrainingDiverged
from analysis.training import loop, progress
from analysis.training.config import TrainingConfig
from analysis.training.data.samples import TrainingData, read_training_data
from analysis.training.model_folder import CHECKPOINT
from analysis.training.progress import TrainingProgress
from analysis.training.tune import SPENT_S, STUDY_FILE, tune
from analysis.types import Progress
from tests.analysis.training.pictures import ignore, write_stripes
from tests.analysis.training.test_train import small, sourced


@pytest.fixture(autouse=True)
def every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    return sourced(read_training_data(write_stripes(tmp_path / "data", 12)))


@pytest.fixture
def config() -> TrainingConfig:
    return small(epochs=4)


class CancelIn:
    """Cancels while the given trial (from 0) learns the given epoch; notes what was learned, trial by trial."""

    def __init__(self, trial: int, epoch: int) -> None:
        self.trial, self.epoch = trial, epoch
        self.ended = 0

    def __call__(self, told: Progress) -> None:
        assert isinstance(told, TrainingProgress)
        if told.stage == "tune":
            self.ended = int(told.done)
        if told.stage == "learn" and self.ended == self.trial and told.epoch == self.epoch:
            raise Cancelled


class LearnedEpochs:
    """Notes the epochs that are shown batch by batch, that is learned and not only told again."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def __call__(self, told: Progress) -> None:
        assert isinstance(told, TrainingProgress)
        if told.stage == "learn" and told.validation_loss is None and told.train_loss is not None:
            self.epochs += [told.epoch] if self.epochs[-1:] != [told.epoch] else []


def study_of(folder: Path) -> optuna.Study:
    [summary] = optuna.get_all_study_summaries(f"sqlite:///{folder / STUDY_FILE}")
    return optuna.load_study(study_name=summary.study_name, storage=f"sqlite:///{folder / STUDY_FILE}")


def test_a_trial_that_was_interrupted_goes_on_behind_its_last_epoch(
    data: TrainingData, config: TrainingConfig, tmp_path: Path
) -> None:
    unbroken = tune(config, data, tmp_path / "unbroken", 2, ignore)
    out = tmp_path / "out"
    with pytest.raises(Cancelled):
        tune(config, data, out, 2, CancelIn(0, 3))
    assert (out / CHECKPOINT).exists()
    heard = LearnedEpochs()
    found = tune(config, data, out, 2, heard)
    assert heard.epochs[:2] == [3, 4], "one epoch is lost, not the trial"
    first, same = unbroken["all"][0], found["all"][0]
    assert (first["loss"], first["settings"]) == (same["loss"], same["settings"])
    assert found["all"][1]["settings"] != first["settings"], "the same settings are not tried twice"
    assert not (out / CHECKPOINT).exists()


def test_the_minutes_that_were_spent_count_after_an_interruption(
    data: TrainingData, config: TrainingConfig, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        tune(config, data, tmp_path, 50, CancelIn(1, 2))
    spent_s = study_of(tmp_path).user_attrs[SPENT_S]
    assert spent_s > 0
    again = tune(config, data, tmp_path, 2, ignore)
    assert again["spent_s"] > spent_s
    study_of(tmp_path).set_user_attr(SPENT_S, config.minutes * 60)
    assert tune(config, data, tmp_path, 50, ignore)["all"] == again["all"], "its time is over"


def test_a_search_whose_time_is_over_before_anything_was_tried_tries_once(
    data: TrainingData, config: TrainingConfig, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        tune(config, data, tmp_path, 50, CancelIn(0, 2))
    study_of(tmp_path).set_user_attr(SPENT_S, config.minutes * 60)
    assert tune(config, data, tmp_path, 50, ignore)["trials"] == 1


def test_a_search_in_which_all_diverges_ends(
    data: TrainingData, config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_number(*_: Any) -> tuple[float, int]:
        return float("nan"), 0

    monkeypatch.setattr(loop, "_step", no_number)
    with pytest.raises(TrainingDiverged, match="any trial"):
        tune(small(epochs=1, minutes=0.1), data, tmp_path, 2, ignore)
