"""How wide the edges of a picture are: a measure of blur that depends little on what the picture shows.

An edge that a Gaussian of deviation s has blurred loses, when it is blurred again by a known s0, a share of its
steepness that depends on s alone: the ratio of the gradients is R = sqrt((s^2 + s0^2) / s^2), whatever the edge's
height (Zhuo and Sim 2011, "Defocus map estimation from a single image"). Every pixel counts by the fourth power of its
steepness, so that the clearest edges count and a sharp subject before a soft background is sharp. The worst direction
counts, so that a shaken picture, whose edges along the movement stay sharp, is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Float64, Image

REBLUR_PX = 1.0
DIRECTIONS = 16
"""Of half a turn: a long movement leaves sharp edges that show in a direction 11 degrees off it by a fifth."""
LEAST_STEEPNESS = 0.7
"""Grey values per pixel that the edges have on average; below this there is nothing but noise and compression."""
LEAST_BESIDE_STEEPEST = 0.15
"""Of the steepest direction's: in a direction with less there are no edges, only the flanks of others."""
QUIET_SHARE = 0.25
"""Of the pixels: where the soft picture is flattest, what is steep in the picture itself is noise."""
MEDIAN_TO_MEAN = float(1 / np.log(2))
"""Of the squared length of a two-dimensional normal vector, which the slopes of noise are."""
LEAST_DEVIATION = 6.0
"""Grey values: a picture with no edges but more contrast than this is blurred to nothing; with less, it is flat."""
MOST_BLUR_PX = 8.0
SAMPLED_PIXELS = 16_000
"""Enough to say how noisy a picture is; sorting all its pixels would take most of the time."""
STRIP_PIXELS = 8_192
"""Looked at together: six products of each take 200 kB."""
LEAST_SIDE_PX = 8


def edge_blur(grey: Image) -> float:
    """Deviation in pixels, 0..`MOST_BLUR_PX`; 0 for a flat or minute picture, of which it cannot be told."""
    if min(grey.shape) < LEAST_SIDE_PX:
        return 0.0
    sharp = grey.astype(np.float32)
    slopes = _slopes(np.asarray(cv2.GaussianBlur(sharp, (0, 0), REBLUR_PX), np.float32), sharp)
    directions = _directions()
    after_energy = _along(directions, slopes.soft_by_soft)
    before_energy = _along(directions, slopes.soft_by_sharp)
    weights = directions @ slopes.soft
    before_energy -= weights * _noise(slopes.sampled)
    # Twice the steepness is what the slopes are.
    steepness = np.sqrt(after_energy / np.maximum(weights, 1e-9)) / 2
    usable = (steepness >= LEAST_STEEPNESS) & (steepness >= LEAST_BESIDE_STEEPEST * steepness.max())
    if not usable.any():
        return MOST_BLUR_PX if float(sharp.std()) > LEAST_DEVIATION else 0.0
    ratio = float((before_energy[usable] / after_energy[usable]).min())
    least = 1 + (REBLUR_PX / MOST_BLUR_PX) ** 2
    return REBLUR_PX / float(np.sqrt(max(ratio, least) - 1))


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Sums over all pixels of products of the slopes: what any direction's edges have lost follows from these alone."""

    soft: Float64
    """`(3,)`: of the squared slopes of the soft picture."""
    soft_by_soft: Float64
    soft_by_sharp: Float64
    """`(3, 3)`: of their products with each other, and with the squared slopes of the picture itself."""
    sampled: Float32
    """`(2, k)`: of the soft picture and of the picture itself, four times the squared steepness at some pixels."""


def _slopes(soft: Float32, sharp: Float32) -> _Slopes:
    """Of two pictures `(h, w)`, strip by strip: whole pictures of products would not stay in the cache."""
    rows, columns = soft.shape[0] - 2, soft.shape[1] - 2
    strip = max(STRIP_PIXELS // columns, 1)
    step = max(rows * columns // SAMPLED_PIXELS, 1)
    squares = np.empty((6, min(strip, rows) * columns), np.float32)
    sums, products, sampled = np.zeros(3), np.zeros((3, 6)), []
    for row in range(0, rows, strip):
        height = min(strip, rows - row)
        part = squares[:, : height * columns]
        for picture, target in ((soft, part[:3]), (sharp, part[3:])):
            _square_slopes(picture[row : row + height + 2], target.reshape(3, height, columns))
        sums += part[:3].sum(axis=1)
        products += part[:3] @ part.T
        first = -row * columns % step
        sampled.append(part[0::3, first::step] + part[2::3, first::step])
    return _Slopes(sums, products[:, :3], products[:, 3:], np.concatenate(sampled, axis=1))


def _square_slopes(grey: Float32, target: Float32) -> None:
    """Into `(3, h - 2, w - 2)`: squares and product of twice the steepness to the right and downwards."""
    across, down = grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]
    np.multiply(across, across, out=target[0])
    np.multiply(across, down, out=target[1])
    np.multiply(down, down, out=target[2])


def _directions() -> Float64:
    """`(DIRECTIONS, 3)`: by which squared slopes become the squared slope in each direction."""
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    across, down = np.cos(angles), np.sin(angles)
    return np.stack([across**2, 2 * across * down, down**2], axis=1)


def _along(directions: Float64, moments: Float64) -> Float64:
    along: Float64 = ((directions @ moments) * directions).sum(axis=1)
    return along


def _noise(sampled: Float32) -> float:
    """Mean square of the slopes in one direction that noise alone has."""
    steepness, noise = sampled
    quiet: NDArray[np.int64] = np.argpartition(steepness, int(QUIET_SHARE * len(steepness)))
    return float(np.median(noise[quiet[: int(QUIET_SHARE * len(steepness)) + 1]])) * MEDIAN_TO_MEAN / 2
