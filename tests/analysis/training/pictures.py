"""Labelled pictures made in code: stripes that lie or stand, with noise; clips of a bar that moves left or right."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from analysis.types import Image, Progress
from tests.clips import write_clip

SIDE = 32


def stripes(standing: bool, seed: int, side: int = SIDE) -> Image:
    random = np.random.default_rng(seed)
    wave = 60 * np.sin(np.arange(side) * 2 * np.pi / random.uniform(5, 8) + random.uniform(0, 6))
    picture = np.full((side, side, 3), 128.0) + (wave[None, :, None] if standing else wave[:, None, None])
    return np.clip(picture + random.normal(0, 25, picture.shape), 0, 255).astype(np.uint8)


def write_stripes(
    folder: Path, per_label: int, first_seed: int = 0, labels: tuple[str, str] = ("lie", "stand")
) -> Path:
    for number, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        for n in range(per_label):
            seed = first_seed + 2 * n + number
            cv2.imwrite(str(folder / label / f"{seed}x.png"), stripes(bool(number), seed))
    return folder


def moving_bar(rightwards: bool, seed: int, frames: int = 12, side: int = 48) -> list[Image]:
    """A bar that goes round; every frame alone is equally likely for both directions."""
    random = np.random.default_rng(seed)
    start, step = random.integers(0, side), 4 if rightwards else -4
    row, height = random.integers(4, side - 16), random.integers(8, 14)
    pictures = []
    for n in range(frames):
        picture = np.full((side, side, 3), 40, np.uint8)
        columns = (start + step * n + np.arange(8)) % side
        picture[row : row + height, columns] = 220
        pictures.append(picture)
    return pictures


def write_bars(folder: Path, per_label: int, first_seed: int = 0) -> Path:
    for number, label in enumerate(("left", "right")):
        (folder / label).mkdir(parents=True)
        for n in range(per_label):
            seed = first_seed + 2 * n + number
            write_clip(folder / label / f"{seed}x.mp4", moving_bar(bool(number), seed))
    return folder


def ignore(progress: Progress) -> None:
    """For callers to whom progress does not matter."""
