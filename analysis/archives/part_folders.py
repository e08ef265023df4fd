"""Tells by an archive's folders which samples are for training, validation and test."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from analysis.archives.zip_archive import Parts
from analysis.images.read import SUFFIXES
from analysis.training.data.samples import CLIP_SUFFIXES, SplitPart

NAMES = {
    **dict.fromkeys(("train", "training"), SplitPart.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), SplitPart.VALIDATION),
    **dict.fromkeys(("test", "testing"), SplitPart.TEST),
}
YEAR = re.compile(r"(19|20)\d\d$")
"""As in COCO's "train2017"."""
MOST_DEPTH = 4


def part_named(name: str) -> SplitPart | None:
    """Returns the part that a folder or a list's column names."""
    return NAMES.get(YEAR.sub("", name.strip().lower()))


def depth_of_parts(paths: Sequence[Parts]) -> int | None:
    """Returns how deep the folders lie that are parts, None where the archive is not divided into any.

    They are parts where all folders there are called so, and at least two: a folder "train" beside "car" and "bus" is
    a label.
    """
    media = [path for path in paths if PurePosixPath(path[-1]).suffix.lower() in SUFFIXES | CLIP_SUFFIXES]
    for depth in range(MOST_DEPTH):
        found = {part_named(name) for name in {path[depth] for path in media if len(path) > depth + 1}}
        if len(found) > 1 and None not in found:
            return depth
    return None
