"""Boxes of a picture as they are kept, and as a cell of our own lists: JSON, pixels of the picture as it is seen."""

import json
from typing import Any

from analysis.archives.listed_files import Box, BoxedPicture
from webapp.datasets.models import SampleBoxes

DECIMALS = 2
Kept = list[Any]
"""Left, top, width, height and the class."""


def in_pixels(boxed: BoxedPicture, size: tuple[int, int]) -> list[Kept]:
    """Returns the boxes of a picture of this size, cut at its edges; none for one that is cut out as a whole."""
    kept = [_kept(label, box, size) for label, box in boxed.boxes]
    if boxed.is_cut_out and [box[:4] for box in kept] == [[0, 0, *size]]:
        return []
    return kept


def _kept(label: str, box: Box, size: tuple[int, int]) -> Kept:
    x, y, width, height = box
    if max(width, height) <= 1:
        x, y, width, height = x * size[0], y * size[1], width * size[0], height * size[1]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, size[0]), min(y + height, size[1])
    sides = (left, top, max(right - left, 0), max(bottom - top, 0))
    return [*(round(side, DECIMALS) for side in sides), label]


def as_cell(boxes: SampleBoxes | None) -> str:
    """Returns the text of a list's cell, empty without boxes."""
    if boxes is None:
        return ""
    size = [boxes.width, boxes.height]
    content = {"picture": boxes.picture, "size": size, "cut_out": boxes.is_cut_out, "boxes": boxes.boxes}
    return json.dumps(content, ensure_ascii=False)
