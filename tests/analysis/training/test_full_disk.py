"""No space left while a training writes: it ends with a named error, keeps what it had, and goes on once there is."""

import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import NoDiskSpace, is_disk_full
from analysis.training import checkpoint, model_folder, progress
from analysis.training import train as training
from analysis.training.config import Recipe
from analysis.training.data.samples import TrainingData, read_training_data
from analysis.training.evaluation.model_card import write_card
from analysis.training.linear_probe.choose_features import FEATURES_FILE
from analysis.training.progress import TrainingProgress
from analysis.training.train import train
from analysis.training.tune import tune
from analysis.types import Progress
from tests.analysis.training.pictures import ignore, write_stripes
from tests.analysis.training.test_train import equal, small, sourced, weights_of
from tests.full_disk import APART, can_mount, no_file_beyond

ROOT = Path(__file__).resolve().parents[3]
HALF_OF_IT = 100_000
"""Bytes: less than any model or checkpoint of these tests, more than what else is written."""


@pytest.fixture(autouse=True)
def every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    return sourced(read_training_data(write_stripes(tmp_path / "data", 12)))


class FullFrom:
    """A progress callback from which on no file may grow large: at a stage, or at an epoch of it."""

    def __init__(self, opened: ExitStack, stage: str, epoch: int = 0) -> None:
        self.opened, self.stage, self.epoch, self.is_full = opened, stage, epoch, False

    def __call__(self, told: Progress) -> None:
        assert isinstance(told, TrainingProgress)
        if not self.is_full and told.stage == self.stage and told.epoch >= self.epoch:
            self.is_full = True
            self.opened.enter_context(no_file_beyond(HALF_OF_IT))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(("stage", "epoch", "kept"), [("learn", 3, 2), ("write", 0, 4)])
def test_what_was_learned_before_is_kept_and_it_goes_on(
    stage: str, epoch: int, kept: int, data: TrainingData, tmp_path: Path
) -> None:
    config, out = small(epochs=4), tmp_path / "out"
    unbroken = train(config, data, tmp_path / "unbroken", ignore)
    with ExitStack() as opened, pytest.raises(NoDiskSpace, match="no space left"):
        train(config, data, out, FullFrom(opened, stage, epoch))
    assert names(out) == {model_folder.CHECKPOINT}, "no half file, and no run.json without a model"
    history = checkpoint.load_tensors(out / model_folder.CHECKPOINT)["state"]["history"]
    assert len(history) == kept
    again = train(config, data, out, ignore)
    assert equal(weights_of(out), weights_of(unbroken.folder))
    assert again.run["history"][:kept] == history


def test_full_at_the_last_file_leaves_no_model_that_seems_whole(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = small(epochs=2), tmp_path / "out"
    with ExitStack() as opened, monkeypatch.context() as patched:

        def then_full(*given: Any) -> None:
            write_card(*given)
            opened.enter_context(no_file_beyond(100))

        patched.setattr(training, "write_card", then_full)
        with pytest.raises(NoDiskSpace):
            train(config, data, out, ignore)
    assert model_folder.RUN not in names(out)
    assert len(train(config, data, out, ignore).run["history"]) == 2


def test_full_at_the_features_of_a_head(tmp_path: Path, data: TrainingData) -> None:
    config, out = small(Recipe.AUTO, folds=2), tmp_path / "out"
    with ExitStack() as opened, pytest.raises(NoDiskSpace):
        train(config, data, out, FullFrom(opened, "features"))
    assert FEATURES_FILE not in names(out)
    assert train(config, data, out, ignore).run["validation"]["count"] == len(data.samples)


def test_full_in_the_database_of_a_search(tmp_path: Path, data: TrainingData) -> None:
    config, out = small(epochs=2), tmp_path / "out"
    first = tune(config, data, out, 1, ignore)
    with pytest.raises(NoDiskSpace), no_file_beyond((out / "study.db").stat().st_size - 5000):
        tune(config, data, out, 2, ignore)
    assert tune(config, data, out, 2, ignore)["all"][0] == first["all"][0]


def test_a_full_database_is_a_full_disk() -> None:
    full = sqlite3.connect(":memory:")
    full.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as told:
        full.execute("CREATE TABLE a AS SELECT hex(randomblob(100000)) AS x")
    assert is_disk_full(told.value)
    wrapped = RuntimeError("as a layer above would say it")
    wrapped.__cause__ = told.value
    assert is_disk_full(wrapped)
    assert not is_disk_full(sqlite3.OperationalError("database is locked"))
    assert not is_disk_full(OSError(2, "no such file"))


@pytest.mark.skipif(not can_mount(), reason="no file system can be mounted here")
def test_on_a_file_system_that_is_really_full(tmp_path: Path) -> None:
    write_stripes(tmp_path / "data", 12)
    (tmp_path / "small").mkdir()
    # One checkpoint (2.4 MB) has room, the next beside it has not.
    command = f"{sys.executable} -m analysis train data --out small/out --recipe tutorial --picture-size 24 --epochs 3"
    steps = f"""
        mount -t tmpfs -o size=3m none small
        export PYTHONPATH={ROOT}
        {command} && exit 9
        ls -A small/out
        mount -o remount,size=30m small
        {command} && ls -A small/out
    """
    done = subprocess.run([*APART, "sh", "-c", steps], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr
    after_failure, _, after_success = done.stdout.partition("checkpoint.pt\n")
    assert ".part" not in done.stdout
    assert model_folder.RUN not in after_failure
    assert model_folder.RUN in after_success
