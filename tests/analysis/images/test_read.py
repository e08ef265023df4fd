"""Reading pictures: rotation, depth, transparency, animation, and what is refused."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.images.header_size import picture_size
from analysis.images.read import decode_picture, read_picture
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


def bits(values: list[int]) -> bytes:
    """Data of one 8x8 block per component, each of one shade: its difference from grey, then end of block."""
    text = ""
    for value in values:
        size = abs(value).bit_length()
        code = value if value >= 0 else value + (1 << size) - 1
        text += f"{size:04b}" + (f"{code:0{size}b}" if size else "") + "0"
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def cmyk_jpeg(cyan: int, magenta: int, yellow: int, black: int) -> bytes:
    """One 8x8 block of ink, 0..255 each, as Adobe's programs write it: inverted, without a colour transform."""

    def segment(marker: int, content: bytes) -> bytes:
        return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content

    components = range(1, 5)
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0)),
            segment(0xDB, b"\0" + bytes([8] * 64)),
            segment(0xC0, struct.pack(">BHHB", 8, 8, 8, 4) + b"".join(bytes([i, 0x11, 0]) for i in components)),
            segment(0xC4, b"\0" + bytes([0, 0, 0, 9, *[0] * 12]) + bytes(range(9))),
            segment(0xC4, b"\x10" + bytes([1, *[0] * 15]) + b"\0"),
            segment(0xDA, b"\x04" + b"".join(bytes([i, 0]) for i in components) + b"\0\x3f\0"),
            bits([255 - ink - 128 for ink in (cyan, magenta, yellow, black)]),
            b"\xff\xd9",
        ]
    )


@pytest.mark.parametrize(
    ("ink", "bgr"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((0, 255, 255, 0), (0, 0, 255)),
        ((255, 0, 0, 0), (255, 255, 0)),
        ((0, 0, 0, 200), (55, 55, 55)),
    ],
)
def test_pictures_for_print_have_the_colours_of_their_ink(ink: tuple[int, ...], bgr: tuple[int, ...]) -> None:
    picture = decode_picture(cmyk_jpeg(*ink), "print")
    assert picture.shape == (8, 8, 3)
    assert np.abs(picture.astype(int) - bgr).max() <= 3


def test_sixteen_bit_tiff_and_a_grey_one_are_read() -> None:
    deep = decode_picture(encoded(".tif", LEFT_RED.astype(np.uint16) * 257), "deep")
    assert np.array_equal(deep, LEFT_RED)
    grey = decode_picture(encoded(".tif", LEFT_RED[..., 2].astype(np.uint16) * 257), "deep grey")
    assert np.array_equal(grey, np.repeat(LEFT_RED[..., 2:], 3, axis=2))


def test_of_an_animation_the_first_picture_is_read() -> None:
    animation = cv2.Animation()
    animation.frames = [LEFT_RED, np.zeros_like(LEFT_RED)]
    animation.durations = np.array([100, 100], np.int32)
    for suffix in (".gif", ".webp", ".png"):
        ok, data = cv2.imencodeanimation(suffix, animation)
        assert ok
        picture = decode_picture(data.tobytes(), f"moving{suffix}")
        assert picture.shape == (40, 60, 3)
        assert picture[20, 10, 2] > 200, suffix


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(encoded(".png", LEFT_RED))
    assert np.array_equal(read_picture(file), LEFT_RED)


@pytest.mark.parametrize("kind", ["png", "gif", "bmp", "tiff"])
def test_fifty_thousand_by_fifty_thousand_is_refused(kind: str) -> None:
    side = 50_000
    headers = {
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", side, side),
        "gif": b"GIF89a" + struct.pack("<HH", side, side),
        "bmp": b"BM" + bytes(16) + struct.pack("<ii", side, -side),
        "tiff": b"II*\0" + struct.pack("<IHHHIIHHII", 8, 2, 256, 4, 1, side, 257, 4, 1, side),
    }
    with pytest.raises(PictureTooLarge, match="50000 x 50000"):
        decode_picture(headers[kind], "bomb")
