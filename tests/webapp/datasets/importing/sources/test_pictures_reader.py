"""Which pictures keep their bytes, and what becomes of all others: seen as they are meant to be, the same each time."""

import hashlib
import struct
import zlib

import cv2
import numpy as np
import pytest

from analysis.images.encode import THUMBNAIL_SIDE
from analysis.images.limited_read import PicturePreparation
from analysis.images.read import decode_picture, read_header
from tests.analysis.images.picture_files import claiming, made
from tests.factories_datasets import a_picture, picture
from webapp.datasets.importing.candidate_types import Candidate
from webapp.datasets.importing.prepare_runner import PreparedSample, prepare_picture
from webapp.datasets.models import Outcome

PREPARING = PicturePreparation()


def prepared(content: bytes, name: str = "a.jpg", **fields: object) -> PreparedSample | Outcome:
    return prepare_picture(Candidate(name, content, **fields), 8, PREPARING)  # type: ignore[arg-type]


def data_of(content: bytes, name: str = "a.jpg") -> bytes:
    result = prepared(content, name)
    assert isinstance(result, PreparedSample) and isinstance(result.data, bytes)
    assert result.sha256 == hashlib.sha256(result.data).hexdigest()
    return result.data


def encoded(image: np.ndarray, suffix: str) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1])


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    tiff = b"II*\0" + struct.pack("<LH", 8, 1) + struct.pack("<HHLHH", 0x0112, 3, 1, orientation, 0) + bytes(4)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(png: bytes, added: bytes) -> bytes:
    """Right behind the header."""
    return png[:33] + added + png[33:]


def as_cmyk(jpeg: bytes) -> bytes:
    """A JPEG of four channels, as print shops have it: the header of one, which is all that is looked at."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 9] + b"\4" + jpeg[at + 10 :]


PNG = picture(1, suffix=".png")
GREY = cv2.cvtColor(np.tile(np.arange(64, dtype=np.uint8)[:, None, None], (1, 48, 3)), cv2.COLOR_BGR2GRAY)
PALETTE = b"\x89PNG\r\n\x1a\n" + b"".join(
    [
        chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 3, 0, 0, 0)),
        chunk(b"PLTE", bytes(range(48))),
        chunk(b"IDAT", zlib.compress((b"\0" + bytes(range(16))) * 16)),
        chunk(b"IEND", b""),
    ]
)


@pytest.mark.parametrize(
    "content",
    [
        picture(1),
        picture(1, suffix=".png"),
        picture(1, suffix=".webp"),
        encoded(GREY, ".jpg"),
        encoded(GREY, ".png"),
        PALETTE,
        with_orientation(picture(1), 1),
        picture(1, width=3000, height=2000),
    ],
)
def test_plain_pictures_keep_their_bytes(content: bytes) -> None:
    assert read_header(content, "a").is_plain
    assert data_of(content) == content


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (with_orientation(picture(1), 6), "jpeg"),
        (encoded((GREY.astype(np.uint16) * 300), ".png"), "png"),
        (encoded(np.dstack([np.full((20, 30, 3), 90, np.uint8), np.full((20, 30), 128, np.uint8)]), ".png"), "png"),
        (encoded(np.dstack([np.full((20, 30, 3), 90, np.uint8), np.full((20, 30), 9, np.uint8)]), ".webp"), "png"),
        (with_chunk(PNG, chunk(b"acTL", struct.pack(">II", 1, 0))), "png"),
        (picture(1, suffix=".bmp"), "png"),
        (picture(1, suffix=".tiff"), "png"),
        (picture(1, suffix=".gif"), "png"),
        (made("heic"), "jpeg"),
        (made("heic", orientation=6), "jpeg"),
        (made("avif"), "jpeg"),
        (made("avif", orientation=8), "jpeg"),
    ],
)
def test_other_pictures_are_encoded_once_as_they_are_seen(content: bytes, suffix: str) -> None:
    assert not read_header(content, "a").is_plain
    result = prepared(content)
    assert isinstance(result, PreparedSample) and isinstance(result.data, bytes)
    assert result.media_type == f"image/{suffix}"
    seen, kept = decode_picture(content, "a"), decode_picture(result.data, "b")
    assert seen.shape == kept.shape == (result.height, result.width, 3)
    assert np.abs(seen.astype(int) - kept).mean() < (0.01 if suffix == "png" else 6)
    assert data_of(content) == result.data
    assert read_header(result.data, "again").is_plain


def test_a_turned_photograph_is_stored_upright() -> None:
    upright = prepared(with_orientation(picture(1, width=40, height=30), 6))
    assert isinstance(upright, PreparedSample)
    assert (upright.width, upright.height) == (30, 40)


def test_four_channels_are_not_plain() -> None:
    assert not read_header(as_cmyk(picture(1)), "print").is_plain


def test_a_picture_of_50000_by_50000_is_refused_by_its_header() -> None:
    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    assert prepared(header + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "huge.png") == Outcome.TOO_LARGE


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "gif", "bmp", "avif"])
def test_a_picture_that_claims_to_be_too_large_is_refused_by_its_header(kind: str) -> None:
    assert prepared(claiming(kind, 16_000, 16_000), f"huge.{kind}") == Outcome.TOO_LARGE


@pytest.mark.parametrize("kind", ["heic", "avif", "webp"])
def test_half_a_picture_is_unreadable(kind: str) -> None:
    content = made(kind, a_picture(1, (400, 300)))
    assert prepared(content[: len(content) // 2], f"half.{kind}") == Outcome.UNREADABLE


@pytest.mark.parametrize("name", ["a.txt", "a.png", "a", "a.mp4"])
def test_the_name_does_not_matter_where_the_content_is_a_picture(name: str) -> None:
    assert data_of(picture(1), name) == picture(1)


@pytest.mark.parametrize(
    ("content", "name", "outcome"),
    [
        (b"", "a.jpg", Outcome.UNREADABLE),
        (b"", "a.txt", Outcome.NOT_A_SAMPLE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", Outcome.NOT_A_SAMPLE),
        (picture(1)[:40], "a.jpg", Outcome.UNREADABLE),
        (PNG[:60], "a.png", Outcome.UNREADABLE),
        (b"GIF89a" + b"\x10\0" * 20, "a.gif", Outcome.UNREADABLE),
        (picture(1, width=7, height=60), "a.jpg", Outcome.TOO_SMALL),
    ],
)
def test_what_is_no_picture_says_why(content: bytes, name: str, outcome: Outcome) -> None:
    assert prepared(content, name) == outcome


def test_a_box_around_everything_keeps_the_bytes() -> None:
    whole = prepared(picture(1), box_xywh=(0.0, 0.0, 40.0, 30.0))
    assert isinstance(whole, PreparedSample)
    assert whole.data == picture(1)


def test_a_box_outside_of_the_picture_is_too_small() -> None:
    assert prepared(picture(1), box_xywh=(100.0, 100.0, 20.0, 20.0)) == Outcome.TOO_SMALL


@pytest.mark.parametrize("size", [(40, 30), (1000, 500), (4000, 3000)])
def test_thumbnails_are_small_jpegs_of_the_same_shape(size: tuple[int, int]) -> None:
    result = prepared(picture(1, width=size[0], height=size[1]))
    assert isinstance(result, PreparedSample)
    small = decode_picture(result.thumbnail, "thumbnail")
    assert max(small.shape[:2]) == min(max(size), THUMBNAIL_SIDE)
    assert small.shape[1] / small.shape[0] == pytest.approx(size[0] / size[1], abs=0.02)
