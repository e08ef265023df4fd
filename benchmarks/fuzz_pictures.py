"""Changed pictures through the product's own ways: reading, storing in a dataset, a person's photo, search by photo."""

from __future__ import annotations

from random import Random

from analysis.cli.photo import faces_in_subprocess
from analysis.cli.profile_picture import SIDE, square_in_subprocess
from analysis.errors import AnalysisError
from analysis.images.limited_read import PicturePreparation, PictureReader
from analysis.images.read import MAX_PIXELS
from benchmarks.fuzz_bytes import changed
from benchmarks.fuzz_cases import UNWORDED, FuzzKind, Missed, Place
from benchmarks.fuzz_picture_changes import own_changes
from benchmarks.fuzz_picture_seeds import picture_seeds

ALONE_SHARE = 0.03
"""Of cases that also go the ways for which a process is started each."""


class ChangedPictures(FuzzKind):
    """Every case is read and prepared for a dataset, some also as a photo of a person or to search by."""

    name = "pictures"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.seeds = picture_seeds()
        self.reader, self.preparing = PictureReader(), PicturePreparation()

    def __exit__(self, *error: object) -> None:
        self.reader.__exit__()
        self.preparing.close()

    def run(self, random: Random, number: int) -> str:
        name, data = random.choice(self.seeds)
        data = changed(data, random, [content for _name, content in self.seeds], own_changes(data))
        box = _box(random)
        said = [self._read(data, name, random.choice((None, None, 8, 64))), self._prepared(data, name, box)]
        if random.random() < ALONE_SHARE:
            said.append(_alone(data))
        return " ".join(sorted(set(said)))

    def _read(self, data: bytes, name: str, least_side: int | None) -> str:
        try:
            image_bgr = self.reader.decode(data, name, least_side)
        except AnalysisError as error:
            return error.code
        height, width, channels = image_bgr.shape
        if channels != 3 or not 0 < width * height <= MAX_PIXELS:
            raise Missed(UNWORDED, f"a picture of {image_bgr.shape}")
        return "picture"

    def _prepared(self, data: bytes, name: str, box: tuple[float, float, float, float] | None) -> str:
        try:
            made = self.preparing.prepare(data, name, 8, box)
        except AnalysisError as error:
            return error.code
        if not made.thumbnail.startswith(b"\xff\xd8") or min(made.width, made.height) < 1:
            raise Missed(UNWORDED, f"prepared as {made.width} x {made.height}, {made.media_type!r}")
        if made.data is None and made.media_type not in ("image/jpeg", "image/png", "image/webp"):
            raise Missed(UNWORDED, f"kept as it is, though it is {made.media_type!r}")
        return "picture"


def _box(random: Random) -> tuple[float, float, float, float] | None:
    """Returns what a list may say is to be cut out."""
    if random.random() < 0.7:
        return None
    if random.random() < 0.5:
        return (random.random(), random.random(), random.random(), random.random())
    sides = [random.choice((-1e9, -1.0, 0.0, 0.5, 1.0, 20.0, 60.0, 1e8, 1e300)) for _ in range(4)]
    return sides[0], sides[1], abs(sides[2]), abs(sides[3])


def _alone(data: bytes) -> str:
    try:
        faces_in_subprocess(data)
        if not square_in_subprocess(data).startswith(b"\xff\xd8"):
            raise Missed(UNWORDED, f"no JPEG of {SIDE} pixels")
    except AnalysisError as error:
        return error.code
    return "picture"
