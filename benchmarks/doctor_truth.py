"""Tells which pictures are soft or dark before anything is planted in them, by rules that the doctor does not use.

The sets contain such pictures: to count them as good would blame the doctor for being right. Pictures that match these
rules get no planted defect and count neither as right nor as wrong. Anybody can check the rules with a picture viewer:
halve and enlarge, or see the histogram.
"""

from __future__ import annotations

import cv2
import numpy as np

from analysis.doctor.measures import MEASURED_SIDE_PX
from analysis.types import Image
from benchmarks.defects import as_image

MIN_LOSS = 0.04
"""Of the range of grey: a picture that loses less at its sharpest hundredth when it is halved and enlarged again holds
little finer than two pixels. Chosen on tuning pictures: of those made soft or defocused on purpose nine in ten lose
less than 0.03 (shaken ones may lose more, their edges along the movement stay), and of 45 originals looked at in order
of their loss those below 0.04 were mostly soft to the eye. Smooth close-ups, as of eyelids, fall below it too."""
DARK_GREY = 64
"""Of 255: of a dark picture three quarters lie below a quarter of white. A round figure, not fitted to the doctor's."""


def is_soft(image: Image) -> bool:
    grey = _grey_at_measured_size(image)
    height, width = grey.shape
    half = cv2.resize(grey, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    again = cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC)
    lost = np.quantile(np.abs(grey.astype(np.float32) - again), 0.99)
    darkest, brightest = np.quantile(grey, (0.01, 0.99))
    return bool(lost < MIN_LOSS * max(brightest - darkest, 1))


def is_dark(image: Image) -> bool:
    return bool(np.quantile(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 0.75) < DARK_GREY)


def _grey_at_measured_size(image: Image) -> Image:
    grey = as_image(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    scale = MEASURED_SIDE_PX / max(grey.shape)
    if scale >= 1:
        return grey
    return as_image(cv2.resize(grey, (0, 0), fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
