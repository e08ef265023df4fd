"""One picture as a network will see it: resized, augmented, normalised, and turned back into something to look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from analysis.types import Float32, Image, expect_shape

MOST_CROPPED = 0.4
"""Share of each side that a crop of strength 1 may take away."""
MOST_TURN_OF_COLOUR = 0.4
"""Brightness, contrast and saturation are multiplied by 1 - this to 1 + this at strength 1."""
MOST_BLUR = 0.03
"""Deviation of the blur of strength 1, in sides of the picture."""
MOST_NOISE = 40.0
"""Deviation of the noise of strength 1, in grey values."""
GREY_BORDER = 127
LEAST_SHARE = 0.3
"""Of the strongest blur or noise that is drawn at least, so that a slider that was moved shows."""
FLIP_CHANCE = 0.5
"""Of a picture being mirrored at strength 1."""


class Fit(StrEnum):
    """How a picture that is not square becomes one."""

    CROP = "crop"
    """The largest square in its middle."""
    LETTERBOX = "letterbox"
    """All of it, with grey bars."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """How much a picture is changed at random before each look, 0 (never) to 1 each."""

    flip: float = 0.0
    crop: float = 0.0
    colour: float = 0.0
    blur: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("flip", "crop", "colour", "blur", "noise"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: expected a strength from 0 to 1, got {value}")


@dataclass(frozen=True, slots=True)
class Normalisation:
    """`(value - middle) / spread` of each colour, in grey values of 0..255, red first."""

    middle_rgb: tuple[float, float, float] = (127.5, 127.5, 127.5)
    spread_rgb: tuple[float, float, float] = (127.5, 127.5, 127.5)


@dataclass(frozen=True, slots=True)
class NetworkView:
    """What goes into the network, `values` (3, side, side) RGB; the same to look at is `shown_bgr` (side, side, 3)."""

    values: Float32
    shown_bgr: Image

    def __post_init__(self) -> None:
        side = self.values.shape[-1]
        expect_shape("values", self.values, (3, side, side))
        expect_shape("shown_bgr", self.shown_bgr, (side, side, 3))


def network_view(
    image_bgr: Image,
    side: int,
    strengths: Strengths | None = None,
    *,
    seed: int = 0,
    fit: Fit = Fit.CROP,
    normalisation: Normalisation | None = None,
) -> NetworkView:
    """The same for the same arguments, on every machine. Raises ValueError for a side below 1."""
    if side < 1:
        raise ValueError(f"side: expected at least 1 pixel, got {side}")
    strengths, normalisation = strengths or Strengths(), normalisation or Normalisation()
    random = np.random.default_rng(seed)
    square = _resized(_cropped(_squared(image_bgr, fit), strengths.crop, random), side)
    # Each step draws its numbers whether it is used or not, so that moving one slider leaves the others' draws alone.
    changed = _noisy(
        _blurred(_coloured(_flipped(square, strengths.flip, random), strengths.colour, random), strengths.blur, random),
        strengths.noise,
        random,
    )
    middle, spread = (np.array(each, np.float32) for each in (normalisation.middle_rgb, normalisation.spread_rgb))
    values = (changed[..., ::-1] - middle) / spread
    shown = np.clip(np.rint(values * spread + middle), 0, 255).astype(np.uint8)[..., ::-1]
    return NetworkView(np.ascontiguousarray(values.transpose(2, 0, 1)), np.ascontiguousarray(shown))


def _squared(image_bgr: Image, fit: Fit) -> Image:
    height, width = image_bgr.shape[:2]
    if fit is Fit.CROP:
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return image_bgr[top : top + side, left : left + side]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.full((side, side, 3), GREY_BORDER, np.uint8)
    square[top : top + height, left : left + width] = image_bgr
    return square


def _cropped(image_bgr: Image, strength: float, random: np.random.Generator) -> Image:
    share, across, down = random.uniform(size=3)
    side = image_bgr.shape[0]
    kept = max(1, round(side * (1 - MOST_CROPPED * strength * share)))
    top, left = round((side - kept) * down), round((side - kept) * across)
    return image_bgr[top : top + kept, left : left + kept]


def _resized(image_bgr: Image, side: int) -> Float32:
    smooth = cv2.INTER_AREA if image_bgr.shape[0] > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image_bgr, (side, side), interpolation=smooth), np.float32)


def _flipped(image: Float32, strength: float, random: np.random.Generator) -> Float32:
    return image[:, ::-1] if random.uniform() < FLIP_CHANCE * strength else image


def _coloured(image: Float32, strength: float, random: np.random.Generator) -> Float32:
    brightness, contrast, saturation = 1 + MOST_TURN_OF_COLOUR * strength * random.uniform(-1, 1, 3)
    image = image * brightness
    image = (image - image.mean()) * contrast + image.mean()
    grey = image.mean(axis=2, keepdims=True)
    changed: Float32 = np.clip((image - grey) * saturation + grey, 0, 255).astype(np.float32)
    return changed


def _blurred(image: Float32, strength: float, random: np.random.Generator) -> Float32:
    deviation = MOST_BLUR * image.shape[0] * strength * random.uniform(LEAST_SHARE, 1)
    if deviation < 0.1:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), deviation), np.float32)


def _noisy(image: Float32, strength: float, random: np.random.Generator) -> Float32:
    noise = random.normal(size=image.shape).astype(np.float32) * np.float32(
        MOST_NOISE * strength * random.uniform(LEAST_SHARE, 1)
    )
    changed: Float32 = np.clip(image + noise, 0, 255)
    return changed
