"""What is true of pictures before anything is planted in them, told by rules that the doctor does not use itself.

The sets hold soft and dark pictures, and frames of one recording, of their own: to call them good would blame the
doctor for being right. What these rules set aside gets no planted defect and is counted neither as right nor as wrong.
Anybody can check them with a picture viewer: halve and enlarge, or look at the histogram.
"""

from __future__ import annotations

import cv2
import numpy as np

from analysis.doctor.measures import MEASURED_SIDE_PX
from analysis.types import Image
from benchmarks.defects import as_image

LEAST_LOSS = 0.04
"""Of the range of grey: a picture that loses less at its sharpest hundredth when it is halved and enlarged again holds
nothing finer than two pixels. Of pictures blurred on purpose hardly one loses more than 0.035, of 320 faces shown in
order of their loss, those below 0.04 looked soft to the eye."""
DARK_GREY = 64
"""Of 255. A picture of which three quarters lie below a quarter of white is as dark as a usual one at a third of its
light (whose upper quartile is at 160 to 190)."""


def is_soft(image: Image) -> bool:
    grey = _grey_at_measured_size(image)
    height, width = grey.shape
    half = cv2.resize(grey, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    again = cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC)
    lost = np.quantile(np.abs(grey.astype(np.float32) - again), 0.99)
    darkest, brightest = np.quantile(grey, (0.01, 0.99))
    return bool(lost < LEAST_LOSS * max(brightest - darkest, 1))


def is_dark(image: Image) -> bool:
    return bool(np.quantile(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 0.75) < DARK_GREY)


def _grey_at_measured_size(image: Image) -> Image:
    grey = as_image(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    scale = MEASURED_SIDE_PX / max(grey.shape)
    if scale >= 1:
        return grey
    return as_image(cv2.resize(grey, (0, 0), fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
