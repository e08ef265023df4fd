"""Small real models, trained once for all tests: stripes that lie or stand; clips of a bar that goes left or right."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from analysis.training.config import Device, Recipe, TrainingConfig, defaults
from analysis.training.data.samples import TrainingData, read_training_data
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
    config = defaults(Recipe.TUTORIAL, epochs=6, picture_size=24, device=Device.CPU, threads=1, learning_rate=3e-3)
    return _trained("stripes", config, lambda folder: write_stripes(folder, 40))


@cache
def bars_model() -> Path:
    """Folder of a model that has learned from clips whose single frames tell nothing."""
    config = defaults(Recipe.SEQUENCE, epochs=12, picture_size=32, device=Device.CPU, threads=1, frames=8)
    return _trained("bars", config, lambda folder: write_bars(folder, 60))


def _trained(name: str, config: TrainingConfig, write: Callable[[Path], Path]) -> Path:
    """By the first process of this run of the tests that asks; the others wait for it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    folder = Path(tempfile.gettempdir(), f"rollcall-{name}-{run}") if run else Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "model").exists():
            shutil.rmtree(folder / "data", ignore_errors=True)  # of one that was killed
            trained = train(config, _sourced(read_training_data(write(folder / "data"))), folder / "making", ignore)
            trained.folder.rename(folder / "model")
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
