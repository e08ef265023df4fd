"""Pictures made in code that have what photographs have: shapes of many sizes with edges as soft as a camera's."""

import cv2
import numpy as np

from analysis.types import Image


def scene(seed: int, width: int = 160, height: int = 120, softness_px: float = 0.7) -> Image:
    """Sixty rectangles and discs in random colours, smoothed by what a lens does."""
    random = np.random.default_rng(seed)
    image = np.full((height, width, 3), random.integers(60, 190, 3), np.uint8)
    for number in range(60):
        centre = int(random.integers(width)), int(random.integers(height))
        size = int(random.integers(2, max(4, min(width, height) // 4)))
        colour = [int(value) for value in random.integers(0, 256, 3)]
        if number % 2:
            cv2.circle(image, centre, size, colour, -1)
        else:
            corner = centre[0] + size, centre[1] + int(random.integers(2, size + 3))
            cv2.rectangle(image, centre, corner, colour, -1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), softness_px), np.uint8)
