"""Reading picture files of any kind into 8-bit BGR, turned as they are meant to be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.images.header_size import picture_size
from analysis.types import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"})
MAX_FILE_BYTES = 200_000_000
MAX_PIXELS = 120_000_000
"""More than any camera's; 360 MB decoded."""
MAX_SIDE = 65_500


def read_picture(path: Path) -> Image:
    """The picture as `(h, w, 3)` BGR: rotated by its EXIF, transparent parts white, the first of an animation.

    Raises UnreadablePicture for what is not a JPEG, PNG, GIF, BMP, WebP or TIFF or is damaged, or PictureTooLarge.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PictureTooLarge(f"{path}: the file is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadablePicture(f"{path}: {error.strerror}") from error
    return decode_picture(data, str(path))


def decode_picture(data: bytes, name: str) -> Image:
    """The same for a file's content; `name` is for the messages."""
    size = picture_size(data)
    if size is None or min(size) < 1:
        raise UnreadablePicture(f"{name}: not a picture of a known kind (JPEG, PNG, GIF, BMP, WebP, TIFF)")
    width, height = size
    if width * height > MAX_PIXELS or max(size) > MAX_SIDE:
        raise PictureTooLarge(f"{name}: {width} x {height} pixels, at most {MAX_PIXELS // 1_000_000} million are read")
    buffer = np.frombuffer(data, np.uint8)
    try:
        image = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
        if image is not None and _may_be_transparent(data):
            image = _on_white(cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED), image)
    except cv2.error as error:
        raise UnreadablePicture(f"{name}: damaged ({error.err})") from error
    if image is None:
        raise UnreadablePicture(f"{name}: damaged, or of a variant that cannot be decoded")
    return np.asarray(image, np.uint8)


def _may_be_transparent(data: bytes) -> bool:
    return data.startswith((b"\x89PNG", b"RIFF"))


def _on_white(unchanged: NDArray[Any] | None, image_bgr: NDArray[Any]) -> Image:
    """The picture before white, where it has an alpha channel (and was not rotated while it was read)."""
    if unchanged is None or unchanged.ndim != 3 or unchanged.shape != (*image_bgr.shape[:2], 4):
        return image_bgr
    opacity = unchanged[..., 3:].astype(np.float32) / np.iinfo(unchanged.dtype).max
    blended: Image = np.rint(image_bgr * opacity + 255 * (1 - opacity)).astype(np.uint8)
    return blended
