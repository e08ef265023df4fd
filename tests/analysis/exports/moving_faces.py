"""Clips in which a portrait moves over a backdrop: made in code, with every frame's true place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from analysis.exports.people import SeenPerson, TrackSightings
from analysis.types import Float32, Image
from tests import clips
from tests.analysis.portraits import portrait

WIDTH, HEIGHT = 480, 272
SIDE = 150
FACES = {"hopper": (73, 31, 463, 421), "collins": (118, 14, 328, 224)}
"""Part of each portrait that is shown; the face is in its middle."""
Place = Callable[[float], tuple[int, int] | None]
"""From seconds to the middle of a face in the picture, or None while it is gone."""


def head(name: str) -> Image:
    x1, y1, x2, y2 = FACES[name]
    return np.asarray(cv2.resize(portrait(name)[y1:y2, x1:x2], (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def still(x: int, y: int) -> Place:
    return lambda _time_s: (x, y)


def swinging(times_a_second: float = 1.0, reach: int = 120) -> Place:
    """Moves by a third of a face from frame to frame where it is fastest, and stands at both ends."""
    return lambda time_s: (WIDTH // 2 + round(reach * math.sin(2 * math.pi * times_a_second * time_s)), HEIGHT // 2)


def write_film(target: Path, seconds: float, faces: dict[str, Place]) -> Path:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    backdrop = np.dstack([90 + columns // 8, 120 - rows // 6, 70 + rows // 5]).astype(np.uint8)
    pictures = []
    for number in range(round(seconds * clips.RATE_FPS)):
        picture = backdrop.copy()
        for name, place in faces.items():
            middle = place(number / clips.RATE_FPS)
            if middle is not None:
                paste(picture, head(name), *middle)
        pictures.append(picture)
    return clips.write_clip(target, pictures, options={"crf": "16"})


def paste(picture: Image, part: Image, x: int, y: int) -> None:
    left, top = x - SIDE // 2, y - SIDE // 2
    a, b, c, d = max(left, 0), max(top, 0), min(left + SIDE, WIDTH), min(top + SIDE, HEIGHT)
    if c > a and d > b:
        picture[b:d, a:c] = part[b - top : d - top, a - left : c - left]


def face_box(place: tuple[int, int]) -> Float32:
    """Where about the face lies within the pasted part."""
    x, y = place
    return np.array([x - 32, y - 40, x + 32, y + 40], np.float32)


def person(number: int, place: Place, times_s: Sequence[float], name: str = "") -> SeenPerson:
    """A person as an analysis knows them that looked only at the given times."""
    seen = [(time_s, place(time_s)) for time_s in times_s]
    track = TrackSightings(
        np.array([time_s for time_s, middle in seen if middle], np.float64),
        np.stack([face_box(middle) for _, middle in seen if middle]),
    )
    return SeenPerson(number, (track,), name=name or f"Person {number}")
