"""How a picture file is made, out of its headers: whether every program shows its stored bytes as they are meant."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_ORIENTATION = 0x0112
_UPRIGHT = (0, 1)
_JPEG_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_JPEG_START_OF_SCAN = 0xDA
_WEBP_ANIMATED, _WEBP_EXIF, _WEBP_ALPHA = 0x02, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class PictureForm:
    """`is_plain`: 8 bits a channel, grey or colour without transparency, upright, one picture, and JPEG, PNG or WebP.

    `is_photograph`: it was compressed with loss already.
    """

    media_type: str
    is_plain: bool
    is_photograph: bool


def picture_form(data: bytes) -> PictureForm | None:
    """None for what is no JPEG, PNG, WebP, GIF, BMP or TIFF. A damaged header is not plain."""
    if data.startswith(b"\xff\xd8"):
        return PictureForm("image/jpeg", _whole(_jpeg_is_plain, data), True)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureForm("image/png", _whole(_png_is_plain, data), False)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return PictureForm("image/webp", _whole(_webp_is_plain, data), data[12:16] != b"VP8L")
    if data.startswith((b"GIF87a", b"GIF89a")):
        return PictureForm("image/gif", False, False)
    if data.startswith(b"BM"):
        return PictureForm("image/bmp", False, False)
    if data.startswith((b"II*\0", b"MM\0*")):
        return PictureForm("image/tiff", False, False)
    return None


def _whole(is_plain: Callable[[bytes], bool], data: bytes) -> bool:
    try:
        return is_plain(data)
    except (struct.error, IndexError):
        return False


def _jpeg_is_plain(data: bytes) -> bool:
    channels = precision = 0
    for marker, body in _jpeg_segments(data):
        if marker in _JPEG_START_OF_FRAME:
            precision, channels = body[0], body[5]
        elif marker == 0xE1 and body.startswith(b"Exif\0\0") and exif_orientation(body[6:]) not in _UPRIGHT:
            return False
    return precision == 8 and channels in (1, 3)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their bodies, up to the first scan."""
    at = 2
    while at + 1 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_WITHOUT_LENGTH:
            at += 2
        elif marker == _JPEG_START_OF_SCAN:
            return
        else:
            length = struct.unpack_from(">H", data, at + 2)[0]
            yield marker, data[at + 4 : at + 2 + length]
            at += 2 + length


def _png_is_plain(data: bytes) -> bool:
    depth, colour = data[24], data[25]
    if depth > 8 or colour not in (0, 2, 3):
        return False
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"acTL", b"tRNS"):
            return False
        if kind == b"eXIf" and exif_orientation(data[at + 8 : at + 8 + length]) not in _UPRIGHT:
            return False
        at += 12 + length
    return True


def _webp_is_plain(data: bytes) -> bool:
    kind = data[12:16]
    if kind == b"VP8L":
        return not struct.unpack_from("<I", data, 21)[0] >> 28 & 1
    if kind == b"VP8X":
        return not data[20] & (_WEBP_ANIMATED | _WEBP_EXIF | _WEBP_ALPHA)
    return kind == b"VP8 "


def exif_orientation(tiff: bytes) -> int:
    """1..8 as EXIF counts them; 0 where nothing is said. Raises struct.error for a damaged block."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    at = struct.unpack_from(f"{order}I", tiff, 4)[0]
    for entry in range(struct.unpack_from(f"{order}H", tiff, at)[0]):
        tag = struct.unpack_from(f"{order}H", tiff, at + 2 + 12 * entry)[0]
        if tag == _ORIENTATION:
            value: int = struct.unpack_from(f"{order}H", tiff, at + 10 + 12 * entry)[0]
            return value
    return 0
