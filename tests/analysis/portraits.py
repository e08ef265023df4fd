"""The two public-domain portraits of the sample film, which set-up fetches: faces for tests without shared data."""

from __future__ import annotations

from functools import cache

from analysis.images.read import read_picture
from analysis.types import Image
from analysis.weights import SAMPLE_PICTURES, verified_path


@cache
def portrait(name: str) -> Image:
    """`collins` (512 x 512, a face of 90 pixels among other things) or `hopper` (512 x 600, a face of 170)."""
    return read_picture(verified_path(SAMPLE_PICTURES[name]))
