"""What limited processes do with pictures that people bring. Asked by `limited_read`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.errors import PictureTooLarge, PictureTooSmall, UnknownPicture, UnreadablePicture
from analysis.images.encode import THUMBNAIL_SIDE, encode_jpeg, encode_png, thumbnail_of
from analysis.images.read import MAX_FILE_BYTES, ImageHeader, decode_picture, read_header
from analysis.limited.messages import Fields, Message
from analysis.types import Image

JPEG_QUALITY = 95

Box = tuple[float, float, float, float]
"""Left, top, width, height of the picture as it is seen: in pixels, or in parts of its sides where width and height are
at most 1. Nobody cuts out so few pixels."""


def decode(fields: Fields, parts: list[bytearray]) -> Iterator[Message]:
    """Says the picture `(h, w, 3)` as BGR."""
    image_bgr = np.ascontiguousarray(decode_picture(bytes(parts.pop()), fields["name"], fields["least_side"]))
    yield {"shape": image_bgr.shape}, [image_bgr.data.cast("B")]


def prepare(fields: Fields, parts: list[bytearray]) -> Iterator[Message]:
    """Says what is stored of a picture: its thumbnail and, unless its own bytes will do, what it is encoded as."""
    content, name = bytes(parts.pop()), fields["name"]
    if len(content) > MAX_FILE_BYTES:
        raise PictureTooLarge(name)
    header = _header(content, name)
    least_side, box = fields["least_side"], fields["box_xywh"]
    size = header.width, header.height
    if min(size) < least_side:
        raise PictureTooSmall(name)
    if box is not None:
        box = _in_pixels(box, size)
        box = None if _is_whole(box, size) else box
    if header.is_plain and box is None:
        small = decode_picture(content, name, THUMBNAIL_SIDE)
        yield {"media_type": header.media_type, "size": size, "picture": size}, [thumbnail_of(small)]
        return
    image_bgr = decode_picture(content, name)
    if box is not None:
        shown_share = image_bgr.shape[1] / header.width  # a very large one is shrunk while it is read
        image_bgr = _cut_out(image_bgr, tuple(each * shown_share for each in box), least_side, name)
    data, media_type = _encoded(image_bgr, header)
    shown = image_bgr.shape[1], image_bgr.shape[0]
    yield {"media_type": media_type, "size": shown, "picture": size}, [thumbnail_of(image_bgr), data]


def _header(content: bytes, name: str) -> ImageHeader:
    try:
        return read_header(content, name)
    except UnreadablePicture as error:
        raise UnknownPicture(str(error)) from error


def _in_pixels(box_xywh: Box, size: tuple[int, int]) -> Box:
    x, y, width, height = box_xywh
    if max(width, height) > 1:
        return box_xywh
    return x * size[0], y * size[1], width * size[0], height * size[1]


def _is_whole(box_xywh: Box, size: tuple[int, int]) -> bool:
    """Tells whether the box, to the pixel, is around everything."""
    x, y, width, height = box_xywh
    return round(x) <= 0 and round(y) <= 0 and round(x + width) >= size[0] and round(y + height) >= size[1]


def _cut_out(image_bgr: Image, box_xywh: Box, least_side: int, name: str) -> Image:
    x, y, width, height = box_xywh
    x1, x2 = (int(np.clip(round(v), 0, image_bgr.shape[1])) for v in (x, x + width))
    y1, y2 = (int(np.clip(round(v), 0, image_bgr.shape[0])) for v in (y, y + height))
    if min(x2 - x1, y2 - y1) < least_side:
        raise PictureTooSmall(name)
    return image_bgr[y1:y2, x1:x2]


def _encoded(image_bgr: Image, header: ImageHeader) -> tuple[bytes, str]:
    """Encodes a photograph as JPEG, anything else without loss."""
    if header.is_photograph:
        return encode_jpeg(image_bgr, JPEG_QUALITY), "image/jpeg"
    return encode_png(image_bgr), "image/png"
