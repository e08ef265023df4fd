"""Reading pictures: rotation, depth, transparency, animation, and what is refused."""

import struct
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from analysis.errors import UnreadablePicture
from analysis.images.read import decode_picture, read_header, read_picture
from analysis.types import Image
from tests.analysis.images.picture_files import LEFT_RED, made, profile_of_wide_gamut, saved


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
    header = read_header(file.read_bytes(), "a file")
    assert (header.width, header.height) == (60, 40)
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
def test_transparent_parts_are_white(depth: type[np.uint8 | np.uint16]) -> None:
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
    animation.durations = [100, 100]
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


@pytest.mark.parametrize("suffix", [".jpg", ".mp4", ""])
@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_pictures_of_telephones_are_read_whatever_they_are_called(kind: str, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"IMG_0001{suffix}"
    file.write_bytes(made(kind))
    header = read_header(file.read_bytes(), "a file")
    assert (header.width, header.height) == (60, 40)
    assert (header.is_plain, header.is_photograph) == (False, True)
    picture = read_picture(file)
    assert picture.shape == (40, 60, 3)
    assert picture[20, 10, 2] > 200 > 60 > picture[20, 50, 2]


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "heic", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_of_the_eight_orientations_is_applied(orientation: int, kind: str) -> None:
    """Corners tell all eight apart."""
    corners = np.zeros((40, 60, 3), np.uint8)
    corners[:20, :30], corners[:20, 30:], corners[20:, :30] = (0, 0, 255), (0, 255, 0), (255, 0, 0)
    turned = {
        1: corners,
        2: corners[:, ::-1],
        3: corners[::-1, ::-1],
        4: corners[::-1],
        5: corners.transpose(1, 0, 2),
        6: np.rot90(corners, -1),
        7: corners[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(corners),
    }[orientation]
    content = made(kind, corners, orientation=orientation)
    picture = decode_picture(content, "photo")
    assert picture.shape == turned.shape
    assert np.abs(picture.astype(int) - turned).mean() < 10
    header = read_header(content, "photo")
    assert (header.height, header.width) == picture.shape[:2]


def test_an_orientation_that_makes_no_sense_is_none() -> None:
    for orientation in (0, 9, 77):
        assert decode_picture(made("jpeg", orientation=orientation), "photo").shape == (40, 60, 3)
    broken = made("jpeg", orientation=6).replace(b"MM\0*", b"MM\0\0")
    assert decode_picture(broken, "photo").shape == (40, 60, 3)


@pytest.mark.parametrize("kind", ["heic", "avif", "tiff", "gif", "webp"])
def test_transparent_parts_of_any_kind_are_white(kind: str) -> None:
    image = PIL.Image.fromarray(LEFT_RED[..., ::-1].copy())
    image.putalpha(PIL.Image.fromarray(np.where(np.arange(60) < 30, 255, 0).astype(np.uint8)[None].repeat(40, 0)))
    picture = decode_picture(saved(image, kind), "alpha")
    assert picture[20, 10, 2] > 200 > 60 > picture[20, 10, 1]
    assert picture[20, 50].min() > 245


@pytest.mark.parametrize("mode", ["P", "L"])
def test_one_colour_may_stand_for_transparent(mode: str) -> None:
    image = PIL.Image.new("L", (20, 10), 0)
    image.paste(7, (0, 0, 10, 10))
    if mode == "P":
        image = image.quantize(2)
    hole = image.getpixel((5, 5))
    picture = decode_picture(saved(image, "png", transparency=hole), "hole")
    assert picture[5, 5].tolist() == [255, 255, 255]
    assert picture[5, 15].max() < 20


def test_unused_bytes_of_a_bitmap_are_no_transparency() -> None:
    image = PIL.Image.fromarray(LEFT_RED[..., ::-1].copy())
    image.putalpha(0)
    assert np.array_equal(decode_picture(saved(image, "bmp"), "bitmap"), LEFT_RED)


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "tiff", "heic", "avif"])
def test_of_several_pictures_the_first_is_read(kind: str) -> None:
    further = [PIL.Image.new("RGB", (60, 40)) for _ in range(3)]
    content = saved(PIL.Image.fromarray(LEFT_RED[..., ::-1].copy()), kind, save_all=True, append_images=further)
    picture = decode_picture(content, "moving")
    assert picture.shape == (40, 60, 3)
    assert picture[20, 10, 2] > 200
    assert not read_header(content, "moving").is_plain


def test_a_photo_with_further_pictures_behind_it_is_a_plain_jpeg() -> None:
    content = saved(
        PIL.Image.new("RGB", (60, 40), "red"), "mpo", save_all=True, append_images=[PIL.Image.new("L", (9, 9))]
    )
    header = read_header(content, "stereo")
    assert (header.media_type, header.width, header.height, header.is_plain) == ("image/jpeg", 60, 40, True)
    assert decode_picture(content, "stereo")[20, 20, 2] > 200


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "heic", "avif"])
def test_colours_are_those_that_a_screen_shows(kind: str) -> None:
    """Of a wide gamut the numbers are smaller for the same colour: a red of 200 is one of 218 in sRGB."""
    image = PIL.Image.new("RGB", (40, 40), (200, 80, 80))
    wide = decode_picture(saved(image, kind, icc_profile=profile_of_wide_gamut()), "telephone")[20, 20]
    plain = decode_picture(saved(image, kind), "telephone")[20, 20]
    assert np.abs(plain.astype(int) - (80, 80, 200)).max() < 6
    assert np.abs(wide.astype(int) - (74, 67, 218)).max() < 8


def test_a_damaged_or_foreign_profile_changes_nothing() -> None:
    plain = decode_picture(made("png"), "plain")
    for profile in (
        b"none",
        profile_of_wide_gamut()[:200],
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ):
        assert np.array_equal(decode_picture(made("png", icc_profile=profile), "odd"), plain)
    grey = PIL.Image.new("L", (40, 40), 99)
    assert decode_picture(saved(grey, "png", icc_profile=profile_of_wide_gamut()), "grey")[0, 0].tolist() == [99] * 3


@pytest.mark.parametrize(("least", "side"), [(None, 1600), (192, 200), (201, 400), (801, 1600)])
def test_large_photos_are_decoded_smaller_where_that_is_enough(least: int | None, side: int) -> None:
    image = np.full((1600, 2400, 3), (40, 90, 200), np.uint8)
    small = decode_picture(made("jpeg", image), "large", least)
    assert small.shape == (side, side * 3 // 2, 3)
    assert np.abs(small.astype(int) - (40, 90, 200)).max() < 4
    assert decode_picture(made("png", image), "large", least).shape == image.shape
