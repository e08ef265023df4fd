"""Hides the boxes of one frame, and spares other people's faces beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.exports.box_paths import Bool
from analysis.exports.choice import HidingStyle
from analysis.exports.hide_plan import HiddenBoxes
from analysis.exports.hide_regions import hide_in_planes, regions_of
from analysis.types import Float32, Image

Planes = tuple[Image, Image, Image]
LEAST_MARGIN = 0.1
"""Of the margin around a face that is surely there so much stays, also over somebody else's."""


def hide_in_frame(planes: Planes, hidden: HiddenBoxes, spared_xyxy: Float32, margin: float, style: HidingStyle) -> int:
    """Hides boxes of a frame in place and returns how many pixels that are; `planes` as by `split_planes`.

    `spared_xyxy` (n, 4) are others' faces: what is hidden in case somebody is there, or as margin, ends at them. All
    boxes are in pixels of Y.
    """
    height, width = planes[0].shape
    # Regions are of even pixels: a quarter of them says how many are covered.
    covered = np.zeros((height // 2, width // 2), bool)
    regions = regions_of(hidden.boxes_xyxy, margin, width, height)
    for region in regions:
        covered[_quarters(region)] = True
    spared = _spared(covered, hidden, spared_xyxy, min(margin, LEAST_MARGIN))
    rows, columns = (np.flatnonzero(spared.any(axis=axis)) for axis in (1, 0))
    around = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)) if len(rows) else (slice(0), slice(0))
    spared = spared[around]
    parts = [_enlarged(plane, covered, around) for plane in planes]
    before = [part.copy() for part in parts]
    for box, region, coarser in zip(hidden.boxes_xyxy, regions, hidden.coarser, strict=True):
        hide_in_planes(planes, region, float((box[2:] - box[:2]).max() * coarser), style)
    for part, was in zip(parts, before, strict=True):
        twice = part.shape[0] // max(len(spared), 1)
        np.copyto(part, was, where=spared.repeat(twice, axis=0).repeat(twice, axis=1))
    return 4 * (int(np.count_nonzero(covered)) - int(np.count_nonzero(spared)))


def _enlarged(plane: Image, quarters: Bool, around: tuple[slice, slice]) -> Image:
    """Returns the view of a plane on what lies around some quarters."""
    twice = plane.shape[0] // quarters.shape[0]
    rows, columns = (slice((part.start or 0) * twice, part.stop * twice) for part in around)
    return plane[rows, columns]


def _spared(covered: Bool, hidden: HiddenBoxes, spared_xyxy: Float32, margin: float) -> Bool:
    """Returns which of the covered quarters `(h / 2, w / 2)` belong to others' faces, and to no hidden one's."""
    height, width = 2 * covered.shape[0], 2 * covered.shape[1]
    spared = np.zeros_like(covered)
    for region in regions_of(spared_xyxy, 0.0, width, height):
        spared[_quarters(region)] = covered[_quarters(region)]
    if spared.any():
        for region in regions_of(hidden.boxes_xyxy[hidden.sure], margin, width, height):
            spared[_quarters(region)] = False
    return spared


def _quarters(region: NDArray[np.int64]) -> tuple[slice, slice]:
    x1, y1, x2, y2 = (int(value) // 2 for value in region)
    return slice(y1, y2), slice(x1, x2)
