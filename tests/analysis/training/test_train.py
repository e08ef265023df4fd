"""Training end to end: it learns, it is honest, it can be killed at any time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from analysis.__main__ import main
from analysis.errors import Cancelled, LeakingSplit, NoDiskSpace, TrainingDiverged, UnusableTrainingData
from analysis.training import checkpoint, loop, model_folder, progress
from analysis.training.config import Device, Recipe, TrainingConfig, defaults
from analysis.training.data.samples import SplitPart, TrainingData, TrainingSample, read_training_data
from analysis.training.data.tensors import Tensors
from analysis.training.evaluation.explain import load_network
from analysis.training.loop import learn
from analysis.training.losses import loss_of
from analysis.training.models.build import ModelSpec, build
from analysis.training.predict import load_model
from analysis.training.progress import KeepBest, Reporter, TrainingProgress
from analysis.training.run import Run
from analysis.training.train import TrainingResult, train
from analysis.types import Progress
from tests.analysis.training.pictures import ignore, stripes, write_stripes
from tests.present import present

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is told at each step, however fast they are, so that callbacks can stop in the middle of an epoch."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)


def small(recipe: Recipe = Recipe.TUTORIAL, **more: Any) -> TrainingConfig:
    return defaults(recipe, **{"epochs": 3, "picture_size": 24, "device": Device.CPU, "threads": 1, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_stripes(tmp_path / "data", 24)


@pytest.fixture
def data(folder: Path) -> TrainingData:
    return sourced(read_training_data(folder))


def sourced(data: TrainingData) -> TrainingData:
    """Each picture a source of its own, so that no face has to be looked for."""
    return TrainingData(data.labels, tuple(replace(sample, source=sample.path.name) for sample in data.samples))


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = checkpoint.load_tensors(folder / model_folder.MODEL)["state"]
    return state


def equal(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def without_times(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in entry.items() if k not in ("seconds", "pictures_per_s")} for entry in history]


def test_the_loss_falls_and_everything_promised_is_written(folder: Path, tmp_path: Path) -> None:
    test = write_stripes(tmp_path / "test", 8, first_seed=1000)
    out = tmp_path / "out"
    options = ["--recipe", "tutorial", "--epochs", "12", "--picture-size", "24", "--batch-size", "8", "--threads", "1"]
    assert main(["train", str(folder), "--out", str(out), "--test", str(test), "--seed", "3", *options]) == 0
    run = json.loads((out / "run.json").read_text())
    losses = [entry["train_loss"] for entry in run["history"]]
    assert losses[-1] < 0.5 * losses[0]
    assert run["labels"] == ["lie", "stand"]
    assert run["schema"] == 1
    assert run["config"]["seed"] == 3
    assert run["split"]["train"] + run["split"]["validation"] == 48
    assert run["test"]["count"] == 16
    assert run["test"]["accuracy"] >= 0.9
    assert np.sum(run["test"]["confusion"]) == 16
    assert run["onnx_difference"] <= 1e-4
    for part in ("validation", "test"):
        assert {"accuracy", "macro_f1", "per_label", "auc", "expected_calibration_error", "confusion"} <= set(run[part])
    for entry in run["history"]:
        assert {"epoch", "train_loss", "validation_loss", "validation_accuracy", "learning_rate", "seconds"} <= set(
            entry
        )
    names = {"run.json", "model.pt", "model.onnx", "model_card.md", "checkpoint.pt", "split.csv", "judged.csv"}
    assert {path.name for path in out.iterdir()} == names


def test_one_batch_can_be_learned_by_heart() -> None:
    targets = np.arange(16) % 2
    pictures = np.stack([stripes(seed % 3 == 0, seed, 24) for seed in range(16)]).transpose(0, 3, 1, 2)
    tensors = Tensors((torch.from_numpy(pictures),), torch.from_numpy(targets))
    torch.manual_seed(0)
    torch.set_num_threads(1)  # as `train` does with these settings
    network = build(ModelSpec("tutorial", 1, picture_size=24))
    rows = np.arange(16)
    run = Run(small(epochs=120), torch.device("cpu"), Reporter(ignore, "cpu"))
    learned = learn(network, tensors, rows, rows, run)
    assert learned.history[-1]["train_accuracy"] == 1
    assert learned.history[-1]["train_loss"] < 0.05


def test_the_same_seed_gives_the_same_model_and_another_seed_another(data: TrainingData, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(small(seed=seed), data, tmp_path / name, ignore)
    assert equal(weights_of(tmp_path / "a"), weights_of(tmp_path / "b"))
    assert not equal(weights_of(tmp_path / "a"), weights_of(tmp_path / "c"))


class StopIn:
    """A callback that raises in the middle of an epoch."""

    def __init__(self, epoch: int, error: Exception) -> None:
        self.epoch, self.error = epoch, error

    def __call__(self, told: Progress) -> None:
        if isinstance(told, TrainingProgress) and told.stage == "learn" and told.epoch == self.epoch:
            raise self.error


def test_a_paused_run_goes_on_and_ends_like_an_unbroken_one(data: TrainingData, tmp_path: Path) -> None:
    config = small(epochs=4, dropout=0.3, batch_size=8)
    unbroken = train(config, data, tmp_path / "a", ignore)
    with pytest.raises(Cancelled):
        train(config, data, tmp_path / "b", StopIn(3, Cancelled()))
    assert not (tmp_path / "b" / "run.json").exists()
    steps: list[int] = []
    ended: list[int] = []

    def note(told: Progress) -> None:
        if isinstance(told, TrainingProgress) and told.stage == "learn":
            (steps if told.validation_loss is None else ended).append(told.epoch)

    resumed = train(config, data, tmp_path / "b", note)
    assert min(steps) == 3
    assert ended == [1, 2, 3, 4], "what was learned before the pause is told as well"
    assert without_times(resumed.run["history"]) == without_times(unbroken.run["history"])
    assert equal(weights_of(tmp_path / "a"), weights_of(tmp_path / "b"))


def test_kill_9_loses_one_epoch_at_most(folder: Path, tmp_path: Path) -> None:
    lines = [f"{path.relative_to(folder).as_posix()},{path.name}" for path in folder.rglob("*.png")]
    (folder / "sources.csv").write_text("\n".join(["file,source", *lines]))
    options = ["--recipe", "tutorial", "--epochs", "24", "--picture-size", "48", "--device", "cpu", "--threads", "1"]
    arguments = ["train", str(folder), *options, "--out"]
    command = [sys.executable, "-m", "analysis", *arguments]
    out = tmp_path / "killed"
    with subprocess.Popen([*command, str(out)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        ends_s = time.monotonic() + 120
        while not (out / model_folder.CHECKPOINT).exists() and time.monotonic() < ends_s:
            time.sleep(0.02)
        run.kill()
    reached = checkpoint.load_tensors(out / model_folder.CHECKPOINT)["state"]["epoch"]
    assert 1 <= reached < 24
    # This process knows no more of the killed one than a new one would, and has loaded torch already.
    assert main([*arguments, str(out)]) == 0
    assert main([*arguments, str(tmp_path / "whole")]) == 0
    assert equal(weights_of(out), weights_of(tmp_path / "whole"))


def test_the_best_so_far_can_be_kept(data: TrainingData, tmp_path: Path) -> None:
    result = train(small(epochs=50), data, tmp_path / "out", StopIn(3, KeepBest()))
    assert result.run["stopped"] == "kept"
    assert len(result.run["history"]) == 2
    assert load_model(result.folder).labels == ("lie", "stand")


def test_without_improvement_it_ends_early(data: TrainingData, tmp_path: Path) -> None:
    result = train(small(epochs=40, patience=2, learning_rate=0.03), data, tmp_path / "out", ignore)
    assert result.run["stopped"] == "patience"
    assert len(result.run["history"]) < 40


def test_a_loss_that_is_no_number_keeps_the_last_good_model(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_later(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, config: TrainingConfig) -> Any:
        return loss_of(logits, targets, weights, config) * (float("nan") if calls["epoch"] >= 2 else 1.0)

    calls = {"epoch": 0}

    def note(told: Progress) -> None:
        if isinstance(told, TrainingProgress) and told.validation_loss is not None:
            calls["epoch"] = told.epoch

    monkeypatch.setattr(loop, "loss_of", broken_later)
    result = train(small(epochs=5), data, tmp_path / "out", note)
    assert result.run["stopped"] == "diverged"
    assert [warning["code"] for warning in result.run["warnings"]] == ["diverged"]
    assert len(result.run["history"]) == 2


def test_a_loss_that_never_was_a_number_is_an_error(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "loss_of", lambda logits, *_: logits.sum() * float("nan"))
    with pytest.raises(TrainingDiverged):
        train(small(), data, tmp_path / "out", ignore)


def test_when_memory_runs_out_the_batch_is_halved_and_it_goes_on(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Tensors.batch

    def too_large(self: Tensors, rows: Any, device: torch.device) -> Any:
        if len(rows) > 8 and device.type == "cpu" and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("out of memory")
        return real(self, rows, device)

    monkeypatch.setattr(Tensors, "batch", too_large)
    notes: list[str] = []
    result = train(small(batch_size=32), data, tmp_path / "out", lambda told: notes.append(getattr(told, "note", "")))
    assert result.run["batch_size"] == 8
    assert [warning["code"] for warning in result.run["warnings"]] == ["out_of_memory"] * 2
    assert any("halved to 8" in note for note in notes)
    assert len(result.run["history"]) == 3


def test_a_full_disk_at_a_checkpoint_leaves_the_one_before(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(epochs=4)
    with pytest.raises(Cancelled):
        train(config, data, tmp_path / "out", StopIn(2, Cancelled()))
    before = (tmp_path / "out" / model_folder.CHECKPOINT).read_bytes()

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(NoDiskSpace, match="no space left"):
            train(config, data, tmp_path / "out", ignore)
    assert (tmp_path / "out" / model_folder.CHECKPOINT).read_bytes() == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == [model_folder.CHECKPOINT]
    assert len(train(config, data, tmp_path / "out", ignore).run["history"]) == 4


def test_progress_says_what_a_live_page_needs(data: TrainingData, tmp_path: Path) -> None:
    told: list[TrainingProgress] = []

    def note(each: Progress) -> None:
        assert isinstance(each, TrainingProgress)
        told.append(each)

    train(small(), data, tmp_path / "out", note)
    assert {each.stage for each in told} >= {"read", "learn", "evaluate", "write"}
    ends = [each for each in told if each.validation_loss is not None]
    assert [each.epoch for each in ends] == [1, 2, 3]
    assert all(each.device == "cpu" and each.pictures_per_s and each.learning_rate for each in ends)


def test_a_stored_split_is_kept_and_broken_pictures_are_named(data: TrainingData, tmp_path: Path) -> None:
    parts = [SplitPart.TRAIN, SplitPart.TRAIN, SplitPart.VALIDATION, SplitPart.TEST]
    samples = [replace(sample, part=parts[n % 4]) for n, sample in enumerate(data.samples)]
    samples[0].path.write_bytes(b"no picture")
    samples.append(TrainingSample(tmp_path / "gone.png", "lie", "gone", SplitPart.TRAIN))
    result = train(small(), TrainingData(data.labels, tuple(samples)), tmp_path / "out", ignore)
    counts = {part: result.run["split"][part] for part in ("train", "validation", "test")}
    assert counts == {"train": 23, "validation": 12, "test": 12}
    assert result.run["split"]["method"] == "stored"
    [broken] = [warning for warning in result.run["warnings"] if warning["code"] == "broken"]
    assert broken["files"] == [str(samples[0].path), str(tmp_path / "gone.png")]


@pytest.mark.parametrize(("labels", "count"), [(["only"], 8), (["a", "b"], 1), (["a", "b"], 0)])
def test_too_little_to_learn_from_is_one_line(
    labels: list[str], count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in labels:
        (tmp_path / "data" / label).mkdir(parents=True)
        for n in range(count):
            (tmp_path / "data" / label / f"{n}.png").write_bytes(b"")
    assert main(["train", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("unusable_training_data: ")
    assert not (tmp_path / "out").exists()


def test_the_same_source_in_two_parts_is_refused(data: TrainingData, tmp_path: Path) -> None:
    samples = [*data.samples, replace(data.samples[0], part=SplitPart.TEST)]
    with pytest.raises(LeakingSplit, match=data.samples[0].source):
        train(small(), TrainingData(data.labels, tuple(samples)), tmp_path / "out", ignore)


def test_a_label_from_one_source_only_is_refused(data: TrainingData, tmp_path: Path) -> None:
    samples = [replace(s, source="one" if s.label == "lie" else s.source) for s in data.samples]
    with pytest.raises(UnusableTrainingData, match="'lie'"):
        train(small(), TrainingData(data.labels, tuple(samples)), tmp_path / "out", ignore)


def test_a_copy_among_the_test_pictures_is_flagged(data: TrainingData, tmp_path: Path) -> None:
    copied = tmp_path / "copy.jpg"
    cv2.imwrite(str(copied), present(cv2.imread(str(data.samples[0].path))), [cv2.IMWRITE_JPEG_QUALITY, 90])
    samples = [*data.samples, TrainingSample(copied, data.samples[0].label, "elsewhere", SplitPart.TEST)]
    result = train(small(), TrainingData(data.labels, tuple(samples)), tmp_path / "out", ignore)
    [leak] = [warning for warning in result.run["warnings"] if warning["code"] == "leak"]
    assert leak["files"] == [str(copied)]


@pytest.fixture
def trained(data: TrainingData, tmp_path: Path) -> TrainingResult:
    return train(small(epochs=6), data, tmp_path / "model", ignore)


def test_a_changed_model_is_not_used(trained: TrainingResult, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = trained.folder, trained.folder / "p.json"
    for name in ("model.onnx", "model.pt"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        picture = str(trained.folder)
        command = ["predict", str(folder), picture] if name == "model.onnx" else ["explain", str(folder), picture]
        assert main([*command, "--out", str(out)]) == 2
        (folder / name).write_bytes(whole)
    assert "SHA-256" in capsys.readouterr().err


def test_predictions_agree_with_torch_and_name_what_is_broken(
    trained: TrainingResult, folder: Path, tmp_path: Path
) -> None:
    (folder / "lie" / "bad.png").write_bytes(b"nothing")
    assert main(["predict", str(trained.folder), str(folder), "--out", str(tmp_path / "p.json")]) == 0
    entries = json.loads((tmp_path / "p.json").read_text())
    bad = [entry for entry in entries if "error" in entry]
    assert [Path(entry["file"]).name for entry in bad] == ["bad.png"]
    good = [entry for entry in entries if entry not in bad]
    assert all(sum(entry["scores"].values()) == pytest.approx(1, abs=1e-5) for entry in good)
    right = [Path(entry["file"]).parent.name == entry["label"] for entry in good]
    assert np.mean(right) >= 0.9
    network = load_network(load_model(trained.folder))
    assert sum(parameter.numel() for parameter in network.parameters()) == trained.run["parameters"]


def test_an_explanation_is_a_picture(trained: TrainingResult, folder: Path, tmp_path: Path) -> None:
    picture = next((folder / "stand").iterdir())
    assert main(["explain", str(trained.folder), str(picture), "--out", str(tmp_path / "heat.png")]) == 0
    assert present(cv2.imread(str(tmp_path / "heat.png"))).shape == (256, 256, 3)
