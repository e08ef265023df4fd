"""Picture files as telephones and attackers make them, drawn in code."""

import re
import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import PIL.Image
import pillow_heif

from analysis.types import Image

LEFT_RED = np.zeros((40, 60, 3), np.uint8)
LEFT_RED[:, :30] = (0, 0, 255)
KINDS = ("jpeg", "png", "gif", "bmp", "tiff", "webp", "heic", "avif")


def made(kind: str, image_bgr: Image = LEFT_RED, **options: Any) -> bytes:
    """A file of one of KINDS; `orientation` is what EXIF says, further options are those of Pillow's `save`."""
    image = PIL.Image.fromarray(np.ascontiguousarray(image_bgr[..., ::-1]))
    return saved(image, kind, **options)


def saved(image: PIL.Image.Image, kind: str, *, orientation: int | None = None, **options: Any) -> bytes:
    if orientation is not None:
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif.tobytes()
    pillow_heif.register_heif_opener()
    buffer = BytesIO()
    image.save(buffer, "HEIF" if kind == "heic" else kind.upper(), **options)
    return buffer.getvalue()


def claiming(kind: str, width: int, height: int, held: Image = LEFT_RED) -> bytes:
    """A file that is sound but for its header, which speaks of another size than it has."""
    content = bytearray(made(kind, held))
    if kind in ("heic", "avif"):
        return re.sub(b"ispe....(?s:.{8})", b"ispe" + struct.pack(">III", 0, width, height), bytes(content))
    if kind == "tiff":
        return bytes(_tiff_claiming(content, width, height))
    at, form = {
        "png": (16, ">II"),
        "gif": (6, "<HH"),
        "bmp": (18, "<ii"),
        "jpeg": (content.find(b"\xff\xc0") + 5, ">HH"),
    }[kind]
    in_file = slice(None, None, -1 if kind == "jpeg" else 1)
    assert struct.unpack_from(form, content, at)[in_file] == (held.shape[1], held.shape[0])
    struct.pack_into(form, content, at, *[width, height][in_file])
    if kind == "png":
        struct.pack_into(">I", content, 29, zlib.crc32(content[12:29]))
    return bytes(content)


def _tiff_claiming(content: bytearray, width: int, height: int) -> bytearray:
    at = struct.unpack_from("<I", content, 4)[0]
    for entry in range(struct.unpack_from("<H", content, at)[0]):
        place = at + 2 + 12 * entry
        tag = struct.unpack_from("<H", content, place)[0]
        if tag in (256, 257):
            struct.pack_into("<HII", content, place + 2, 4, 1, width if tag == 256 else height)
    return content


def profile_of_wide_gamut() -> bytes:
    """Display P3 with a gamma of 2.2, as an ICC profile of a screen."""

    def numbers(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))

    text = b"Wide\0"
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78 + 3),
        b"cprt": b"text\0\0\0\0none",
        b"wtpt": numbers(0.9642, 1.0, 0.8249),
        b"rXYZ": numbers(0.51512, 0.2412, -0.00105),
        b"gXYZ": numbers(0.29198, 0.69225, 0.04189),
        b"bXYZ": numbers(0.1571, 0.06657, 0.78407),
        b"rTRC": gamma,
        b"gTRC": gamma,
        b"bTRC": gamma,
    }
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    white = struct.pack(">3i", 63190, 65536, 54061)
    head = bytes(8) + b"\x02\x10\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28) + white
    profile = head.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(profile)) + profile[4:]
