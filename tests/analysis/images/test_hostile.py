"""Picture files that are damaged, lie about their size, or are of a kind that is not read."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.images import picture_tasks, read
from analysis.images.read import FORMATS, decode_picture, read_header
from tests.analysis.images.picture_files import KINDS, LEFT_RED, claiming, made, saved

STARTS = [
    b"\xff\xd8",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"RIFF\0\0\0\0WEBP",
    b"\0\0\0\x18ftypheic",
]
ROOT = Path(__file__).parents[3]
MEASURED = """
import json, resource, sys
from analysis.images.read import decode_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    ending = list(decode_picture(sys.stdin.buffer.read(), "measured").shape)
except Exception as error:
    ending = type(error).__name__
print(json.dumps([ending, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


def measured(content: bytes) -> tuple[object, float]:
    """How reading it ended in a process of its own, and by how many MB that grew."""
    done = subprocess.run([sys.executable, "-c", MEASURED], input=content, cwd=ROOT, capture_output=True, check=True)
    ending, megabytes = json.loads(done.stdout)
    return ending, megabytes


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_file_is_damaged(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    content = made(kind, noise)
    with pytest.raises(UnreadablePicture, match="holiday"):
        decode_picture(content[: len(content) // 2], "holiday")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_an_animation_whose_clock_stands_still_is_damaged() -> None:
    content = bytearray(made("avif", save_all=True, append_images=[PIL.Image.fromarray(LEFT_RED + 9)]))
    at = content.index(b"mdhd") + 4
    place = at + (20 if content[at] else 12)  # behind the times, of 64 bits in version 1
    content[place : place + 4] = bytes(4)
    with pytest.raises(UnreadablePicture):
        decode_picture(bytes(content), "a file")


def test_a_picture_of_palette_colours_without_a_palette_is_damaged() -> None:
    content = saved(PIL.Image.fromarray(LEFT_RED).quantize(4), "png")
    at = content.index(b"PLTE") - 4
    length = int.from_bytes(content[at : at + 4], "big")
    with pytest.raises(UnreadablePicture):
        read_header(content[:at] + content[at + 12 + length :], "a file")


@pytest.mark.parametrize("side", [10_955, 60_000])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(PictureTooLarge, match="holiday"):
        decode_picture(claiming("png", side, side), "holiday")


@pytest.mark.parametrize(("kind", "size"), [("png", (150, 100)), ("gif", (150, 100)), ("jpeg", (75, 50))])
def test_what_would_take_too_much_memory_is_shrunk(kind: str, size: tuple[int, int], monkeypatch: Any) -> None:
    """A JPEG while it is decoded, so that ever larger ones are read; others where Pillow gives up its pixels."""
    picture = np.full((200, 300, 3), 90, np.uint8)
    picture[:, 150:] = 200
    content = made(kind, picture)
    monkeypatch.setattr(read, "MOST_BYTES", len(content) + 300 * 200 * (5 if kind != "jpeg" else 1))
    seen = decode_picture(content, "holiday")
    assert seen.shape[1::-1] == size
    assert abs(int(seen[20, 5, 0]) - 90) <= 3 and abs(int(seen[20, -5, 0]) - 200) <= 3


def test_what_is_too_large_also_when_shrunk_is_refused(monkeypatch: Any) -> None:
    content = made("png", np.zeros((200, 300, 3), np.uint8))
    monkeypatch.setattr(read, "MOST_BYTES", 300 * 200 * 4)
    with pytest.raises(PictureTooLarge, match="300 x 200"):
        decode_picture(content, "holiday")


def test_a_box_is_cut_out_of_a_shrunk_picture_where_it_was(monkeypatch: Any) -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[100:, 200:] = 255
    content = made("png", picture)
    monkeypatch.setattr(read, "MOST_BYTES", len(content) + 300 * 200 * 5)
    asked = {"name": "holiday", "least_side": 10, "box_xywh": (200, 100, 100, 100)}
    [(said, (_, stored))] = picture_tasks.prepare(asked, [bytearray(content)])
    assert said["size"] == (50, 50)
    assert decode_picture(bytes(stored), "box").min() == 255


def test_a_side_may_not_be_longer_than_any_picture_that_can_be_stored_again() -> None:
    with pytest.raises(PictureTooLarge, match="1 x 70000"):
        decode_picture(claiming("png", 1, 70_000), "holiday")


@pytest.mark.parametrize("kind", ["png", "gif", "bmp", "tiff", "jpeg", "heic"])
def test_fifty_thousand_by_fifty_thousand_is_refused(kind: str) -> None:
    content = claiming(kind, 50_000, 50_000, np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(PictureTooLarge):
        read_header(content, "bomb")
    ending, megabytes = measured(content)
    assert ending == "PictureTooLarge"
    assert megabytes < 30


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_more_pixels_than_were_spoken_of_cost_little(kind: str) -> None:
    """Decoders find out while they decode: bounded by what a picture that says so may take."""
    ending, megabytes = measured(claiming(kind, 64, 64, np.zeros((4000, 5000, 3), np.uint8)))
    assert ending in ("UnreadablePicture", [64, 64, 3])
    assert megabytes < 150


@pytest.mark.parametrize("side", [64, 60])
def test_a_small_picture_that_claims_to_be_a_large_one_is_damaged(side: int) -> None:
    """What is stored has 64 pixels a side; of fewer the rest is cut off, and only the decoder meets the claim."""
    ending, megabytes = measured(claiming("heic", 5000, 5000, np.zeros((side, side, 3), np.uint8)))
    assert ending == "UnreadablePicture"
    assert megabytes < 30


@pytest.mark.parametrize("kind", ["eps", "pdf", "ppm", "tga", "ico", "sgi", "pcx"])
def test_a_kind_that_is_not_on_the_list_is_not_opened(kind: str) -> None:
    """Pillow reads some of these, and for one of them starts Ghostscript."""
    content = saved(PIL.Image.fromarray(LEFT_RED), kind)
    assert kind.upper() not in FORMATS
    for reads in (read_header, decode_picture):
        with pytest.raises(UnreadablePicture, match="not a picture of a known kind"):
            reads(content, "holiday")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("start", STARTS)
@settings(deadline=None)
@given(noise=st.binary(max_size=80))
def test_headers_of_noise_never_break_the_measuring(start: bytes, noise: bytes) -> None:
    with contextlib.suppress(UnreadablePicture, PictureTooLarge):
        read_header(start + noise, "noise")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=4), cut=st.integers(0, 200))
def test_damaged_files_never_break_the_reading(kind: str, changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(made(kind, orientation=6))
    for at, value in changes:
        content[at % len(content)] = value
    data = bytes(content[: len(content) - cut])
    for reads in (read_header, decode_picture):
        with contextlib.suppress(UnreadablePicture, PictureTooLarge):
            reads(data, "damaged")
