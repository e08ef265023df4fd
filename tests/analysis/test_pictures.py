"""Reading pictures: rotation, depth, transparency, animation, and what is refused."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.picture_size import picture_size
from analysis.pictures import decode_picture, read_picture
from analysis.types import Image

LEFT_RED = np.zeros((40, 60, 3), np.uint8)
LEFT_RED[:, :30] = (0, 0, 255)


def encoded(suffix: str, image: np.ndarray) -> bytes:
    ok, data = cv2.imencode(suffix, image)
    assert ok
    return data.tobytes()


def jpeg_with_orientation(image_bgr: Image, orientation: int) -> bytes:
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    plain = encoded(".jpg", image_bgr)
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tif", ".gif"])
def test_each_kind_is_measured_and_read(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"ünïcode name{suffix}"
    file.write_bytes(encoded(suffix, LEFT_RED))
    assert picture_size(file.read_bytes()) == (60, 40)
    picture = read_picture(file)
    assert picture.shape == (40, 60, 3)
    assert picture[20, 10, 2] > 200 > 60 > picture[20, 50, 2]


@pytest.mark.parametrize(
    ("orientation", "shape", "red"),
    [(1, (40, 60), (20, 5)), (3, (40, 60), (20, 55)), (6, (60, 40), (5, 20)), (8, (60, 40), (55, 20))],
)
def test_the_rotation_of_cameras_is_applied(orientation: int, shape: tuple[int, int], red: tuple[int, int]) -> None:
    picture = decode_picture(jpeg_with_orientation(LEFT_RED, orientation), "photo")
    assert picture.shape[:2] == shape
    assert picture[red][2] > 200


def test_sixteen_bit_and_grey_become_eight_bit_colour() -> None:
    deep = decode_picture(encoded(".png", LEFT_RED.astype(np.uint16) * 257), "deep")
    assert np.array_equal(deep, LEFT_RED)
    grey = decode_picture(encoded(".png", LEFT_RED[..., 2]), "grey")
    assert grey.shape == (40, 60, 3)
    assert grey.dtype == np.uint8


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_transparent_parts_are_white(depth: type) -> None:
    top = np.iinfo(depth).max
    opacity = np.where(np.arange(60) < 30, top, 0).astype(depth)
    colour = LEFT_RED.astype(depth) * (top // 255)
    picture = decode_picture(encoded(".png", np.dstack([colour, np.tile(opacity, (40, 1))])), "alpha")
    assert picture[20, 10].tolist() == [0, 0, 255]
    assert picture[20, 50].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a\0\0\0\0", encoded(".png", LEFT_RED)[:60]]
)
def test_what_is_no_picture_is_named(data: bytes) -> None:
    with pytest.raises(UnreadablePicture, match="holiday"):
        decode_picture(data, "holiday")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(UnreadablePicture, match=str(path)):
            read_picture(path)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    plain = bytearray(encoded(".png", LEFT_RED))
    plain[16:24] = struct.pack(">II", 60_000, 60_000)
    with pytest.raises(PictureTooLarge, match="60000 x 60000"):
        decode_picture(bytes(plain), "bomb")


@given(
    st.binary(max_size=80), st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"BM", b"II*\0", b"MM\0*"])
)
def test_headers_of_noise_never_break_the_measuring(noise: bytes, start: bytes) -> None:
    size = picture_size(start + noise)
    assert size is None or len(size) == 2
