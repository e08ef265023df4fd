"""Boxes of a picture as a cell of our own lists: JSON, pixels of the picture as it is seen."""

import json
from collections.abc import Sequence
from typing import Any

from analysis.archives.listed_files import Box, BoxedPicture


def of_cell(cell: str) -> BoxedPicture | None:
    """Returns what our export wrote; None for anything else."""
    try:
        content = json.loads(cell)
        name, (width, height), boxes = content["picture"], content["size"], content["boxes"]
        found = tuple((str(label), _sides(sides)) for *sides, label in boxes)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    sizes = (width, height)
    if not found or not isinstance(name, str) or not all(type(side) is int and 0 < side < 2**31 for side in sizes):
        return None
    return BoxedPicture(name, found, bool(content.get("cut_out")), sizes)


def _sides(sides: Sequence[Any]) -> Box:
    """Raises ValueError, TypeError."""
    x, y, width, height = (float(side) for side in sides)
    if not all(abs(side) < 2**31 for side in (x, y, width, height)):  # which holds for what is no number (NaN), too
        raise ValueError(sides)
    return x, y, width, height
