"""Reads picture files into 8-bit BGR, turned as they are meant to be seen; no other module opens what people bring.

Pillow tries the formats of FORMATS and none else: others of its plugins start programs or read rarely tested formats.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import PIL.Image
import pillow_heif
from numpy.typing import NDArray
from PIL import AvifImagePlugin as AvifImagePlugin
from PIL import ImageCms, ImageFile, UnidentifiedImageError
from PIL import TiffImagePlugin as TiffImagePlugin
from PIL import WebPImagePlugin as WebPImagePlugin

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.types import Image

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".heif", ".hif", ".avif"}
)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MAX_FILE_BYTES = 150_000_000
"""A process that is handed one holds it twice for a moment."""
MAX_PIXELS = 240_000_000
"""More than any camera's. Whether a picture of fewer pixels is read depends on `MOST_BYTES`."""
MOST_BYTES = 360_000_000
"""Of a file, of what its decoder holds and of the picture; with Python and Pillow a process stays below 400 MB."""
MAX_SIDE = 65_500
MAX_PROFILE_BYTES = 4_000_000
"""Profiles of printing machines have up to 3 MB, those of cameras and screens less than 4 kB."""
STRIP_PIXELS = 2**18
"""Converted at once: 1 MB, which stays in the processor's cache and beside which no second picture is held."""

_ORIENTATION = 0x0112
_SEEN_BYTES, _HELD_BYTES = 3, 4.1
"""A pixel of what is returned, and of what Pillow holds beside it."""
_DECODER_BYTES = {"WEBP": 18, "AVIF": 13, "HEIF": 16, "TIFF": 12}
"""A pixel while decoders of their own hold it, measured on the worst of each kind."""
_CAMERA_HEIF_BYTES = 7.2
"""Pictures of cameras are decoded in tiles: 48 million pixels can be read."""
_COEFFICIENT_BYTES = 3
_DRAFTS = (1, 2, 4, 8)
"""A JPEG can be decoded at these parts of its size."""
_PLAIN_FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
"""What every browser shows. MPO is a JPEG with further pictures behind it, of which browsers know nothing."""
_PLAIN_MODES = frozenset({"1", "L", "P", "RGB"})
_LOSSY_FORMATS = frozenset({"JPEG", "MPO", "WEBP", "AVIF", "HEIF"})
_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB"})
_DAMAGES = (
    *(OSError, ValueError, SyntaxError, EOFError, RuntimeError, IndexError, KeyError, TypeError, AssertionError),
    *(ZeroDivisionError, struct.error),
)
"""What Pillow and its plugins raise for damaged files, beside UnidentifiedImageError, which is an OSError."""

# Up to this limit Pillow does not warn of large pictures; from twice as many pixels on it opens none. The limit that
# counts is the one below, before anything is decoded.
PIL.Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# It logs some flaws of files as errors of ours; what matters of them is raised.
logging.getLogger("PIL").setLevel(logging.CRITICAL)
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a picture file says of itself. Width and height are those of the picture as it is seen.

    `is_plain`: every program shows its stored bytes as they are meant: JPEG, PNG or WebP of 8 bits a channel, grey or
    colour without transparency, upright, one picture. `is_photograph`: it was compressed with loss already.
    """

    media_type: str
    width: int
    height: int
    is_plain: bool
    is_photograph: bool


def read_picture(path: Path) -> Image:
    """Returns the picture as `(h, w, 3)` BGR in sRGB: rotated by its EXIF, on white, the first one of an animation.

    One that would take more than `MOST_BYTES` is shrunk where that can be done while it is read.

    Raises UnreadablePicture for what is of none of FORMATS or is damaged, or PictureTooLarge.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PictureTooLarge(f"{path}: the file is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadablePicture(f"{path}: {error.strerror}") from error
    return decode_picture(data, str(path))


def decode_picture(data: bytes, name: str, least_side: int | None = None) -> Image:
    """Does the same for a file's content; `name` is for the messages.

    With `least_side` a JPEG is decoded at a half, a quarter or an eighth of its size, as long as both of its sides
    keep so many pixels: for a large one in a third of the time.
    """
    with _opened(data, name) as image:
        shrink = _prepare(image, len(data), least_side, name)
        image.load()
        _expect_size(image.size, name)  # a HEIC file may hold another picture than it says
        if image.mode not in _MODES and not image.mode.startswith("I;16"):
            raise UnreadablePicture(f"{name}: of a variant that cannot be read ({image.mode})")
        if image.format == "BMP" and image.mode == "RGBA":
            image.putalpha(255)  # most programs leave these bytes empty
        return _to_bgr(image, shrink)


def read_header(data: bytes, name: str) -> ImageHeader:
    """Returns what the file is without decoding it. Raises UnreadablePicture or PictureTooLarge."""
    with _opened(data, name) as image:
        width, height = image.size
        if _orientation(image) > 4:
            width, height = height, width
        return ImageHeader(
            _PLAIN_FORMATS.get(image.format or "") or image.get_format_mimetype() or "",
            width,
            height,
            _is_plain(image, data),
            image.format in _LOSSY_FORMATS and data[12:16] != b"VP8L",
        )


def is_still(path: Path) -> bool:
    """Tells whether the file is a picture with one frame; False for what is none, or cannot be told."""
    try:
        with PIL.Image.open(path, formats=FORMATS) as image:
            return not getattr(image, "is_animated", False)
    except (PIL.Image.DecompressionBombError, *_DAMAGES):
        return False


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[ImageFile.ImageFile]:
    """Yields the picture, its size checked and not decoded. Whatever breaks within becomes an UnreadablePicture."""
    try:
        with PIL.Image.open(BytesIO(data), formats=FORMATS) as image:
            _expect_size(image.size, name)
            yield image
    except PIL.Image.DecompressionBombError as error:
        raise PictureTooLarge(f"{name}: {error}") from error
    except UnidentifiedImageError as error:
        raise UnreadablePicture(f"{name}: not a picture of a known kind ({', '.join(FORMATS)})") from error
    except _DAMAGES as error:
        raise UnreadablePicture(f"{name}: damaged, or of a variant that cannot be decoded ({error})") from error


def _expect_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if min(size) < 1:
        raise UnreadablePicture(f"{name}: {width} x {height} pixels")
    if width * height > MAX_PIXELS or max(size) > MAX_SIDE:
        raise PictureTooLarge(f"{name}: {width} x {height} pixels, at most {MAX_PIXELS // 1_000_000} million are read")


def _prepare(image: ImageFile.ImageFile, file_bytes: int, least_side: int | None, name: str) -> int:
    """Returns by how much each side is to be shrunk when it is loaded: 1 or 2; a JPEG is set to be decoded smaller.

    Raises PictureTooLarge where it would take more than `MOST_BYTES` all the same.
    """
    is_jpeg = image.format in ("JPEG", "MPO")
    for part in _DRAFTS if is_jpeg else (1, 2):
        if file_bytes + _needed_bytes(image, part, is_jpeg) <= MOST_BYTES:
            break
    else:
        width, height = image.size
        raise PictureTooLarge(f"{name}: {width} x {height} pixels need more than {MOST_BYTES // 1_000_000} MB")
    if not is_jpeg:
        return part
    wanted = part if least_side is None else max(part, min(image.size) // least_side)
    image.draft(None, (image.width // wanted, image.height // wanted))
    return 1


def _needed_bytes(image: ImageFile.ImageFile, shrink: int, while_decoded: bool) -> float:
    """Returns the most that is held at once while a picture is read and shrunk, already by its decoder or after it."""
    decoder: float = _DECODER_BYTES.get(image.format or "", 0)
    if image.format == "HEIF" and image.info.get("chroma") == 420 and image.info.get("bit_depth") == 8:
        decoder = _CAMERA_HEIF_BYTES
    pixels = image.width * image.height
    coefficients = _COEFFICIENT_BYTES * pixels if image.info.get("progressive") else 0
    if while_decoded:
        return coefficients + pixels / shrink**2 * (_HELD_BYTES + _SEEN_BYTES)
    return pixels * max(decoder, _HELD_BYTES + _SEEN_BYTES / shrink**2)


def _is_plain(image: ImageFile.ImageFile, data: bytes) -> bool:
    if image.format not in _PLAIN_FORMATS or image.mode not in _PLAIN_MODES or image.has_transparency_data:
        return False
    if image.format == "PNG" and (
        image.get_format_mimetype() == "image/apng" or _is_deep(image) or _turns_late(image, data)
    ):
        return False
    is_moving = image.format == "WEBP" and getattr(image, "is_animated", False)
    return not is_moving and _orientation(image) == 1


def _is_deep(image: ImageFile.ImageFile) -> bool:
    """Whether the file has 16 bits a channel, of which Pillow reads the upper half."""
    return any(";16" in str(tile.args) for tile in image.tile)


def _turns_late(image: ImageFile.ImageFile, data: bytes) -> bool:
    """Whether a PNG may have its EXIF behind its pixels, where reading the header does not come to it."""
    return "exif" not in image.info and b"eXIf" in data


def _orientation(image: ImageFile.ImageFile) -> int:
    """Returns 1..8 as EXIF counts them; 1 where nothing sensible is said. Pillow turns TIFF and HEIC by itself."""
    exif = PIL.Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        said = exif.get(_ORIENTATION)
    except _DAMAGES:
        return 1
    return said if isinstance(said, int) and 1 <= said <= 8 else 1


def _to_bgr(image: ImageFile.ImageFile, shrink: int = 1) -> Image:
    """Converts strip by strip, each written to where it is seen: turning costs no further copy."""
    width, height = (-(-side // shrink) for side in image.size)
    orientation = _orientation(image)
    seen = np.empty((width, height, 3) if orientation > 4 else (height, width, 3), np.uint8)
    stored = _as_stored(seen, orientation)
    to_srgb = _profile_transform(image)
    rows = max(STRIP_PIXELS // width, 1)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        box = (0, top * shrink, image.width, min(bottom * shrink, image.height))
        stored[top:bottom] = _strip_bgr(image.crop(box), to_srgb, shrink)
    return seen


def _as_stored(seen: Image, orientation: int) -> Image:
    """Returns a view of the picture as its camera held it."""
    view = seen.transpose(1, 0, 2) if orientation > 4 else seen
    if orientation in (3, 4, 6, 7):
        view = view[::-1]
    return view[:, ::-1] if orientation in (2, 3, 7, 8) else view


def _strip_bgr(strip: PIL.Image.Image, to_srgb: ImageCms.ImageCmsTransform | None, shrink: int) -> NDArray[np.uint8]:
    if strip.mode.startswith("I;16"):
        strip = PIL.Image.fromarray((np.asarray(strip) >> 8).astype(np.uint8))
    if strip.has_transparency_data:
        opaque = PIL.Image.new("RGBA", strip.size, "white")
        strip = PIL.Image.alpha_composite(opaque, strip.convert("RGBA")).convert("RGB")
    elif strip.mode not in ("L", "RGB", "CMYK"):
        strip = strip.convert("RGB")
    if to_srgb is not None and to_srgb.input_mode == strip.mode:
        strip = to_srgb.apply(strip)
    if strip.mode != "RGB":
        strip = strip.convert("RGB")
    if shrink > 1:
        strip = strip.reduce(shrink)
    width, height = strip.size
    return np.frombuffer(strip.tobytes("raw", "BGR"), np.uint8).reshape(height, width, 3)


def _profile_transform(image: ImageFile.ImageFile) -> ImageCms.ImageCmsTransform | None:
    """Returns what makes sRGB of the picture's colours: telephones take pictures in Display P3.

    None for a picture that is in sRGB already, says nothing, or has a profile that is damaged or of another kind.
    """
    profile = image.info.get("icc_profile")
    if not profile or len(profile) > MAX_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        mode = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}[source.profile.xcolor_space.strip()]
        if mode == "RGB" and "srgb" in (source.profile.profile_description or "").lower():
            return None
        return ImageCms.ImageCmsTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError):
        return None
