"""Reads pictures that people bring, in processes of their own with limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.images.read import MAX_FILE_BYTES
from analysis.limited.limits import Limits
from analysis.limited.process import LimitedProcess
from analysis.types import Image

MEMORY_BYTES = 1_000_000_000
QUESTIONS = 200
LIMITS = Limits(MEMORY_BYTES, cpu_s=30, questions=QUESTIONS, silent_s=60)


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """What is stored of a picture; `data` is None where the file's own bytes are what everybody can read."""

    data: bytes | None
    media_type: str
    width: int
    height: int
    thumbnail: bytes
    picture_size: tuple[int, int]
    """Of the whole picture as it is seen, of which a box may have been cut out."""


class PictureReader:
    """Decodes one picture after the other. Not for several threads at once."""

    def __init__(self) -> None:
        self.process = LimitedProcess("decode_picture", LIMITS, UnreadablePicture)

    def __enter__(self) -> PictureReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.close()

    def decode(self, data: bytes, name: str, least_side: int | None = None) -> Image:
        """Returns the picture as `analysis.images.read.decode_picture` does; raises what it raises."""
        if len(data) > MAX_FILE_BYTES:
            raise PictureTooLarge(name)
        said, (samples,) = self.process.ask_once({"name": name, "least_side": least_side}, [data], name=name)
        image_bgr: Image = np.frombuffer(samples, np.uint8).reshape(said["shape"])
        return image_bgr


def read_limited(path: Path, reader: PictureReader | None = None) -> Image:
    """Returns a picture file as `analysis.images.read.read_picture` does; without `reader`, by a process of its own.

    Raises what that raises.
    """
    if reader is None:
        with PictureReader() as own:
            return read_limited(path, own)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PictureTooLarge(str(path))
        data = path.read_bytes()
    except OSError as error:
        raise UnreadablePicture(f"{path}: {error.strerror}") from error
    return reader.decode(data, str(path))


class PicturePreparation:
    """Prepares one picture after the other for storing. Not for several threads at once."""

    def __init__(self) -> None:
        self.process = LimitedProcess("prepare_picture", LIMITS, UnreadablePicture)

    def prepare(
        self, data: bytes | bytearray, name: str, least_side: int, box_xywh: tuple[float, float, float, float] | None
    ) -> PreparedPicture:
        """Checks the picture, cuts out the box and encodes it, where it has to be.

        Raises PictureTooSmall, PictureTooLarge, UnknownPicture or UnreadablePicture.
        """
        if len(data) > MAX_FILE_BYTES:
            raise PictureTooLarge(name)
        asked = {"name": name, "least_side": least_side, "box_xywh": box_xywh}
        said, (thumbnail, *stored) = self.process.ask_once(asked, [data], name=name)
        width, height = map(int, said["size"])
        whole_width, whole_height = map(int, said["picture"])
        encoded, media_type = bytes(stored[0]) if stored else None, str(said["media_type"])
        return PreparedPicture(encoded, media_type, width, height, bytes(thumbnail), (whole_width, whole_height))

    def close(self) -> None:
        """Ends the process."""
        self.process.close()
