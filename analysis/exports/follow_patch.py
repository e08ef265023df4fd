"""Follows a patch of a picture from frame to frame where the detector sees no face: turned heads, hands, motion."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from analysis.types import Float32, Image

PATCH = 24
"""Side of the patch after scaling, so that following a large face costs no more than a small one."""
WINDOW = 2 * PATCH
"""The patch may move by half its side from one frame to the next, in each direction."""
LEAST_CORRELATION = 0.55
"""Below this the patch is not found again, and is taken to stay where it was."""
SURE_CORRELATION = 0.75
"""Of 6,580 places of faces that were also detected, and whose patch was never less like it for ten frames, 5 were wrong
by more than a quarter of the face, which the margin covers; of 881 down to 0.65 that were less like it 30, of 468 below
0.55 320."""


@dataclass(slots=True)
class FollowedPatch:
    """A square patch around a box `(4,)`, and where it is now."""

    patch: Image
    box_xyxy: Float32
    is_sure: bool = True
    """Whether it was found well in every picture since it was taken."""

    @classmethod
    def of(cls, grey: Image, box_xyxy: Float32) -> FollowedPatch:
        """Takes the patch around a box of a grey picture `(h, w)`."""
        edge = (WINDOW - PATCH) // 2
        return cls(_window(grey, box_xyxy)[edge : edge + PATCH, edge : edge + PATCH].copy(), box_xyxy)

    def step(self, grey: Image) -> Float32:
        """Finds the patch in the next picture and returns its box `(4,)`."""
        found = cv2.matchTemplate(_window(grey, self.box_xyxy), self.patch, cv2.TM_CCOEFF_NORMED)
        _least, best, _where, place = cv2.minMaxLoc(np.nan_to_num(found))
        self.is_sure = self.is_sure and best >= SURE_CORRELATION
        if best >= LEAST_CORRELATION:
            shift = (np.array(place, np.float32) - (WINDOW - PATCH) / 2) * (_side(self.box_xyxy) / PATCH)
            self.box_xyxy = (self.box_xyxy + np.tile(shift, 2)).astype(np.float32)
        return self.box_xyxy


def _side(box_xyxy: Float32) -> float:
    return max(float((box_xyxy[2:] - box_xyxy[:2]).max()), 4.0)


def _window(grey: Image, box_xyxy: Float32) -> Image:
    """Returns twice the box's surroundings, scaled to `WINDOW`; beyond the picture its edge is repeated."""
    side, middle = 2 * _side(box_xyxy), (box_xyxy[:2] + box_xyxy[2:]) / 2
    scale = WINDOW / side
    matrix = np.array(
        [[scale, 0, WINDOW / 2 - middle[0] * scale], [0, scale, WINDOW / 2 - middle[1] * scale]], np.float64
    )
    return np.asarray(
        cv2.warpAffine(grey, matrix, (WINDOW, WINDOW), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
