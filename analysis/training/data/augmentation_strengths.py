"""How pictures are changed at random while a network learns: one definition for training and the page that shows it.

Plain numbers without torch: training draws from them on the device where the network runs (`training/augment.py`), the
page with OpenCV (`doctor/preview.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from analysis.training.config import Augmentation


@dataclass(frozen=True, slots=True)
class Strengths:
    """How much a picture is changed before each look, 0 (never) to 1 (as the strongest training does) each."""

    flip: float = 0.0
    move: float = 0.0
    """Turned, shifted, made larger (so that its edges are cropped) or smaller."""
    colour: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    cover: float = 0.0
    """A part is blacked out."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0 <= value <= 1:
                raise ValueError(f"{each.name}: expected a strength from 0 to 1, got {value}")


TRAINED_WITH = {
    Augmentation.NONE: Strengths(),
    Augmentation.MIRROR: Strengths(flip=1),
    Augmentation.LIGHT: Strengths(flip=1, move=0.5, colour=0.5),
    Augmentation.STRONG: Strengths(flip=1, move=1, colour=1, blur=0.5, noise=0.5, cover=1),
}
MOVE_CHANCE, COLOUR_CHANCE = 0.9, 0.8
"""Of a picture being moved or recoloured at all, where that has any strength: some stay as they are."""
LEAST_BLUR = 0.3
"""Of the strongest blur that is drawn, so that a blurred picture is seen to be."""
COVERED_SHARE = (0.02, 0.15)
"""Least and most of the area that is blacked out."""
COVERED_ASPECT = (0.3, 3.3)
"""Height of what is blacked out in widths of it; half of the draws lie on either side of 1."""
_AT = (0.0, 0.5, 1.0)
"""Strengths whose numbers were chosen by how well networks learned; between them it goes straight."""
_TURN_DEG, _SHIFT, _ZOOM = (0.0, 10.0, 20.0), (0.0, 0.06, 0.15), (0.0, 0.12, 0.25)
_LIGHT, _SATURATION, _HUE = (0.0, 0.2, 0.4), (0.0, 0.1, 0.2), (0.0, 0.02, 0.02)
_BLUR, _NOISE, _SPOIL_CHANCE = (0.0, 0.015, 0.03), (0.0, 0.03, 0.08), (0.0, 0.25, 0.5)
_FLIP_CHANCE, _COVER_CHANCE = (0.0, 0.25, 0.5), (0.0, 0.15, 0.3)


@dataclass(frozen=True, slots=True)
class Ranges:
    """What is drawn for each picture, evenly between minus and plus each number (around 1 where it is a factor)."""

    flip_chance: float
    turn_deg: float
    shift: float
    """In sides of the picture, each way."""
    zoom: float
    """Around the factor 1."""
    light: float
    """Brightness and contrast, each around the factor 1."""
    saturation: float
    """Around the factor 1."""
    hue: float
    """In rounds of the colour circle."""
    blur: float
    """Deviation of the strongest one, in sides of the picture."""
    blur_chance: float
    noise: float
    """Its deviation, as a share of white."""
    noise_chance: float
    cover_chance: float


def ranges_of(strengths: Strengths) -> Ranges:
    def at(strength: float, chosen: Sequence[float]) -> float:
        return float(np.interp(strength, _AT, chosen))

    return Ranges(
        flip_chance=at(strengths.flip, _FLIP_CHANCE),
        turn_deg=at(strengths.move, _TURN_DEG),
        shift=at(strengths.move, _SHIFT),
        zoom=at(strengths.move, _ZOOM),
        light=at(strengths.colour, _LIGHT),
        saturation=at(strengths.colour, _SATURATION),
        hue=at(strengths.colour, _HUE),
        blur=at(strengths.blur, _BLUR),
        blur_chance=at(strengths.blur, _SPOIL_CHANCE),
        noise=at(strengths.noise, _NOISE),
        noise_chance=at(strengths.noise, _SPOIL_CHANCE),
        cover_chance=at(strengths.cover, _COVER_CHANCE),
    )
