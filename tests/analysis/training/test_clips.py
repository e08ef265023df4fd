"""What *auto* does with clips: both ways to read them are tried on the same held-out ones, and the better one taken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.training import loop
from analysis.training.config import Recipe, TrainingConfig, defaults
from analysis.training.data.inputs import CLIP, see
from analysis.training.data.samples import TrainingData, read_training_data
from analysis.training.evaluation.explain import heat_of, load_network
from analysis.training.linear_probe import choose_features
from analysis.training.predict import load_model, predict_files
from analysis.training.train import train
from tests.analysis.training.pictures import ignore, moving_bar, write_bars
from tests.clips import write_clip


@pytest.fixture(autouse=True)
def several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that features of a few clips also come in several batches; large ones take long to lay out in memory."""
    monkeypatch.setattr(choose_features, "FEATURE_BATCH", 4)


def sourced(data: TrainingData) -> TrainingData:
    """Each clip a source of its own, so that no face has to be looked for."""
    return TrainingData(data.labels, tuple(replace(each, source=each.path.name) for each in data.samples))


def settings(**more: object) -> TrainingConfig:
    return defaults(Recipe.AUTO, **{"frames": 6, "picture_size": 32, "threads": 1, **more})


def write_restless(folder: Path, per_label: int) -> Path:
    """The same bar, which stands still or moves: how much changes tells all."""
    for label in ("moves", "rests"):
        (folder / label).mkdir(parents=True)
        for n in range(per_label):
            frames = moving_bar(bool(n % 2), n)
            write_clip(folder / label / f"{n}.mp4", frames if label == "moves" else [frames[0]] * len(frames))
    return folder


def test_few_clips_are_told_apart_by_a_head_on_what_a_network_knows(tmp_path: Path) -> None:
    data = sourced(read_training_data(write_restless(tmp_path / "data", 8)))
    result = train(settings(epochs=1), data, tmp_path / "out", ignore)
    assert (result.run["chosen_recipe"], result.run["features"]) == ("auto", "clip")
    assert result.run["model"]["frames"] == 6
    assert result.run["validation"]["count"] == 16, "each clip is judged by a model that has not seen it"
    assert result.run["validation"]["accuracy"] >= 0.9
    assert result.run["onnx_difference"] <= 1e-4
    assert "The first does better." in result.run["why"]
    model = load_model(tmp_path / "out")
    [told], _ = predict_files(model, [tmp_path / "data" / "moves" / "1.mp4"])
    assert told["label"] == "moves"
    seen = see(data.samples[0], model.input_spec)
    heat = heat_of(load_network(model), model.inputs, seen, 0)
    assert heat.view == CLIP
    assert heat.over_time.shape == (6,)
    assert np.isfinite(heat.place).all()


def test_a_network_that_comes_to_no_number_does_not_spoil_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "loss_of", lambda logits, *_: logits.sum() * float("nan"))
    data = sourced(read_training_data(write_restless(tmp_path / "data", 6)))
    result = train(settings(epochs=1, frames=4), data, tmp_path / "out", ignore)
    assert (result.run["chosen_recipe"], result.run["features"]) == ("auto", "clip")
    assert "diverged" in result.run["why"]


def test_what_only_the_order_of_frames_tells_is_read_in_order(tmp_path: Path) -> None:
    data = sourced(read_training_data(write_bars(tmp_path / "data", 24)))
    result = train(settings(epochs=12), data, tmp_path / "out", ignore)
    assert (result.run["chosen_recipe"], result.run["model"]["kind"]) == ("sequence", "sequence")
    assert result.run["validation"]["accuracy"] >= 0.9
    assert "The second does better." in result.run["why"]
