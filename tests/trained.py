"""Small real models, trained once for all tests: stripes that lie or stand; clips of a bar that goes left or right."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from analysis.training.config import Device, Recipe, defaults
from analysis.training.data import TrainingData, read_training_data
from analysis.training.train import train
from analysis.types import Image
from tests.analysis.training.pictures import ignore, moving_bar, stripes, write_bars, write_stripes
from tests.clips import write_clip

STRIPES, BARS = ("lie", "stand"), ("left", "right")
SHOT_FRAMES = 75
"""Three seconds."""
BAR_CLIP_S = 12 / 25


@cache
def stripes_model() -> Path:
    """Folder of a model that has learned from whole pictures."""
    folder = Path(tempfile.mkdtemp())
    config = defaults(Recipe.TUTORIAL, epochs=6, picture_size=24, device=Device.CPU, threads=1, learning_rate=3e-3)
    train(config, _sourced(read_training_data(write_stripes(folder / "data", 40))), folder / "model", ignore)
    return folder / "model"


@cache
def bars_model() -> Path:
    """Folder of a model that has learned from clips whose single frames tell nothing."""
    folder = Path(tempfile.mkdtemp())
    config = defaults(Recipe.SEQUENCE, epochs=12, picture_size=32, device=Device.CPU, threads=1, frames=8)
    train(config, _sourced(read_training_data(write_bars(folder / "data", 60))), folder / "model", ignore)
    return folder / "model"


def _sourced(data: TrainingData) -> TrainingData:
    """Each file a source of its own, so that no face has to be looked for."""
    return TrainingData(data.labels, tuple(replace(each, source=each.path.name) for each in data.samples))


def stripes_film(target: Path, shots: Sequence[str] = ("lie", "stand", "lie"), side: int = 96) -> Path:
    """One shot of three seconds for each; a bright corner tells shots apart, so that the cuts are seen."""
    frames: list[Image] = []
    for number, label in enumerate(shots):
        picture = (
            stripes(label == "stand", 1000 + number, side=32).repeat(side // 32, axis=0).repeat(side // 32, axis=1)
        )
        picture[: side // 8, : side // 8] = 255 * (number % 2)
        frames += [picture] * SHOT_FRAMES
    return write_clip(target, frames)


def bars_film(target: Path, directions: Sequence[str] = ("left", "right")) -> Path:
    """Each for two seconds."""
    frames = [
        picture
        for number, way in enumerate(directions)
        for picture in moving_bar(way == "right", 7 + number, frames=50)
    ]
    return write_clip(target, frames)
