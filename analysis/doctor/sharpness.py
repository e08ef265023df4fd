"""How wide the edges of a picture are: a measure of blur that depends little on what the picture shows.

An edge that a Gaussian of deviation s has blurred loses, when it is blurred again by a known s0, a share of its
steepness that depends on s alone: the ratio of the gradients is R = sqrt((s^2 + s0^2) / s^2), whatever the edge's
height (Zhuo and Sim 2011, "Defocus map estimation from a single image"). The clearest edges count, so that a sharp
subject before a soft background is sharp; they are looked for in four directions and the worst counts, so that a shaken
picture, whose edges along the movement stay sharp, is not.
"""

from __future__ import annotations

import cv2
import numpy as np

from analysis.types import Float32, Image

REBLUR_PX = 1.0
STRONG_SHARE = 0.05
"""Of the pixels: the steepest ones in a direction are taken for edges. More of them let noise count as sharpness."""
LEAST_STEEPNESS = 0.7
"""Grey values per pixel that these edges have on average; below this there is nothing but noise and compression."""
LEAST_DEVIATION = 6.0
"""Grey values: a picture with no edges but more contrast than this is blurred to nothing; with less, it is flat."""
MOST_BLUR_PX = 8.0
SAMPLED_PIXELS = 16_000
"""Enough to say which steepness the steepest twentieth has; sorting them all takes most of the time."""
LEAST_SIDE_PX = 8


def edge_blur(grey: Image) -> float:
    """Deviation in pixels, 0..`MOST_BLUR_PX`; 0 for a flat or minute picture, of which it cannot be told."""
    if min(grey.shape) < LEAST_SIDE_PX:
        return 0.0
    sharp = grey.astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), REBLUR_PX), np.float32)
    # Of the picture as it is, the slopes are looked up only where its soft version has edges: that halves the time.
    (across, down), before = _slopes(soft), _slopes(sharp)
    directions = ((across, 1, 0), (down, 0, 1), (across + down, 1, 1), (across - down, 1, -1))
    ratios = [ratio for after, *turn in directions if (ratio := _energy_ratio(before, after, turn)) is not None]
    if not ratios:
        return MOST_BLUR_PX if float(sharp.std()) > LEAST_DEVIATION else 0.0
    least = 1 + (REBLUR_PX / MOST_BLUR_PX) ** 2
    return REBLUR_PX / float(np.sqrt(max(min(ratios), least) - 1))


def _slopes(grey: Float32) -> tuple[Float32, Float32]:
    """Twice the steepness to the right and downwards, each `(h - 2, w - 2)`."""
    return grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]


def _energy_ratio(before: tuple[Float32, Float32], after: Float32, turn: list[int]) -> float | None:
    """R squared of the edges in one direction, the steeper ones with more weight; None where there is no edge."""
    steepness = np.abs(after).reshape(-1)
    sample = steepness[:: max(steepness.size // SAMPLED_PIXELS, 1)]
    count = max(round(STRONG_SHARE * sample.size), 1)
    edges = np.flatnonzero(steepness >= np.partition(sample, -count)[-count])
    soft = after.reshape(-1)[edges]
    if float(np.dot(soft, soft)) < len(edges) * (2 * LEAST_STEEPNESS) ** 2:
        return None
    # Weighted by the square of the steepness: in a picture of few edges their soft flanks are among the steepest too.
    weights = soft**2
    sharp = sum(share * slope.reshape(-1)[edges] for share, slope in zip(turn, before, strict=True))
    return float(np.dot(weights, sharp**2)) / float(np.dot(weights, weights))
