"""One picture as a network will see it: squeezed, changed, normalised, and turned back into something to look at.

The changes are those of training, drawn from the same ranges (`analysis/training/data/augmentation_strengths.py`), but
by OpenCV, because web servers must not load torch. Tests hold each operation equal to that of Kornia.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.training.data.augmentation_strengths import (
    COLOUR_CHANCE,
    COVERED_ASPECT,
    COVERED_SHARE,
    LEAST_BLUR,
    MOVE_CHANCE,
    Ranges,
    Strengths,
    ranges_of,
)
from analysis.training.data.inputs import squeeze
from analysis.types import Float32, Image, expect_shape

GREY_OF_RGB = np.array([0.299, 0.587, 0.114], np.float32)
"""Brightness as the eye has it, ITU-R BT.601."""


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
    normalisation: Normalisation | None = None,
) -> NetworkView:
    """The same for the same arguments, on every machine. Raises ValueError for a side below 1."""
    if side < 1:
        raise ValueError(f"side: expected at least 1 pixel, got {side}")
    ranges, normalisation = ranges_of(strengths or Strengths()), normalisation or Normalisation()
    random = np.random.default_rng(seed)
    # Each step draws its numbers whether it is used or not, so that moving one slider leaves the others' draws alone.
    flipped = _flipped(squeeze(image_bgr, side).astype(np.float32), ranges, random)
    coloured = _coloured(_moved(flipped, ranges, random), ranges, random)
    changed = _covered(_noisy(_blurred(coloured, ranges, random), ranges, random), ranges, random)
    middle, spread = (np.array(each, np.float32) for each in (normalisation.middle_rgb, normalisation.spread_rgb))
    values = (changed - middle) / spread
    shown = np.clip(np.rint(values * spread + middle), 0, 255).astype(np.uint8)[..., ::-1]
    return NetworkView(np.ascontiguousarray(values.transpose(2, 0, 1)), np.ascontiguousarray(shown))


def _flipped(image: Float32, ranges: Ranges, random: np.random.Generator) -> Float32:
    return image[:, ::-1] if random.uniform() < ranges.flip_chance else image


def _moved(image: Float32, ranges: Ranges, random: np.random.Generator) -> Float32:
    turn, across, down, zoom = random.uniform(-1, 1, 4)
    if random.uniform() >= MOVE_CHANCE or not ranges.turn_deg:
        return image
    shift_px = ranges.shift * image.shape[0]
    return move(image, turn * ranges.turn_deg, 1 + zoom * ranges.zoom, (across * shift_px, down * shift_px))


def move(image: Float32, turn_deg: float, scale: float, shift_px: Sequence[float]) -> Float32:
    """Returns a square picture turned counter-clockwise and scaled around its middle, then shifted right and down."""
    side = image.shape[0]
    centre = ((side - 1) / 2, (side - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, turn_deg, scale)
    matrix[:, 2] += np.asarray(shift_px)
    return np.asarray(cv2.warpAffine(image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _coloured(image_rgb: Float32, ranges: Ranges, random: np.random.Generator) -> Float32:
    brightness, contrast, saturation, hue = random.uniform(-1, 1, 4)
    if random.uniform() >= COLOUR_CHANCE or not ranges.light:
        return image_rgb
    factors = (1 + brightness * ranges.light, 1 + contrast * ranges.light, 1 + saturation * ranges.saturation)
    return recolour(image_rgb, *factors, hue * ranges.hue)


def recolour(image_rgb: Float32, brightness: float, contrast: float, saturation: float, hue: float) -> Float32:
    """Returns a picture 0..255 after three factors and a turn of the colour circle (`hue`, in rounds)."""
    image = np.clip(image_rgb * brightness, 0, 255)
    mean = float((image @ GREY_OF_RGB).mean())
    image = np.clip((image - mean) * contrast + mean, 0, 255)
    grey = (image @ GREY_OF_RGB)[..., None]
    image = np.clip((image - grey) * saturation + grey, 0, 255).astype(np.float32)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * hue) % 360
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.float32)


def _blurred(image: Float32, ranges: Ranges, random: np.random.Generator) -> Float32:
    deviation_px = ranges.blur * image.shape[0] * random.uniform(LEAST_BLUR, 1)
    return blur(image, deviation_px) if random.uniform() < ranges.blur_chance else image


def blur(image: Float32, deviation_px: float) -> Float32:
    """Returns the picture after a Gaussian of this standard deviation."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), deviation_px, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _noisy(image: Float32, ranges: Ranges, random: np.random.Generator) -> Float32:
    noise = random.normal(size=image.shape).astype(np.float32)
    if random.uniform() >= ranges.noise_chance:
        return image
    return np.clip(image + noise * np.float32(255 * ranges.noise), 0, 255)


def _covered(image: Float32, ranges: Ranges, random: np.random.Generator) -> Float32:
    share, narrow, wide = random.uniform(COVERED_SHARE[0], COVERED_SHARE[1]), *random.uniform(size=2)
    is_wide, across, down = random.uniform() < 0.5, *random.uniform(size=2)
    if random.uniform() >= ranges.cover_chance:
        return image
    low, high = COVERED_ASPECT
    aspect = low + narrow * (1 - low) if is_wide else 1 + wide * (high - 1)
    side = image.shape[0]
    height, width = (min(side, max(1, round(side * (share * each) ** 0.5))) for each in (aspect, 1 / aspect))
    top, left = round(down * (side - height)), round(across * (side - width))
    covered = image.copy()
    covered[top : top + height, left : left + width] = 0
    return covered
