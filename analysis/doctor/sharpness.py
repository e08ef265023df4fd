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
STRONG_SHARE = 0.04
"""Of the pixels: the steepest ones in a direction are taken for edges."""
LEAST_STEEPNESS = 2.0
"""Grey values per pixel below which there is no edge, only noise and compression."""
CLEAR_SHARE = 0.5
"""The ratio that this share of the edges stays below counts."""
MOST_BLUR_PX = 8.0
LEAST_RATIO_SQUARED = 1 + (REBLUR_PX / MOST_BLUR_PX) ** 2


def edge_blur(grey: Image) -> float:
    """Deviation in pixels, 0..`MOST_BLUR_PX`; a picture without any edge has the most."""
    if min(grey.shape) < 5:
        return MOST_BLUR_PX
    sharp = grey.astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), REBLUR_PX), np.float32)
    ratios = [
        ratio
        for before, after in zip(_slopes(sharp), _slopes(soft), strict=True)
        if (ratio := _clear_ratio(before, after)) is not None
    ]
    if not ratios:
        return MOST_BLUR_PX
    return REBLUR_PX / float(np.sqrt(max(min(ratios) ** 2, LEAST_RATIO_SQUARED) - 1))


def _slopes(grey: Float32) -> list[Float32]:
    """Steepness in four directions, each `(h - 2, w - 2)`, 0 or more."""
    across = (grey[1:-1, 2:] - grey[1:-1, :-2]) / 2
    down = (grey[2:, 1:-1] - grey[:-2, 1:-1]) / 2
    half = np.float32(np.sqrt(0.5))
    return [np.abs(across), np.abs(down), np.abs(across + down) * half, np.abs(across - down) * half]


def _clear_ratio(before: Float32, after: Float32) -> float | None:
    count = max(round(STRONG_SHARE * after.size), 1)
    least = max(float(np.partition(after.reshape(-1), -count)[-count]), LEAST_STEEPNESS)
    edges = after >= least
    if not edges.any():
        return None
    return float(np.quantile(before[edges] / after[edges], CLEAR_SHARE))
