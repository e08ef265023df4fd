"""Chromium and the analysis agree on which frame is shown at which second, of originals and of copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from analysis.images.encode import encode_png
from analysis.video.decode import probe
from analysis.video.web_copy import copy_offset_s, make_web_copy, playback_plan
from benchmarks.chromium_frames import open_file, shown_facts, shown_frames
from benchmarks.player_judge import MOST_DIFFERENT, Timeline
from tests import clips, odd_clips

SHADES, PLACES = 4, 25
FRAME_S = 1 / clips.RATE_FPS
MOMENTS_S = (0.3, 1.26, 2.5, 3.7)
ORIGINALS: dict[str, Callable[[Path, Path], Path]] = {
    "cut.mp4": lambda plain, to: odd_clips.edited(plain, to, [(1.5, 0.0), (2.5, 1.4)]),
    "swapped.mp4": lambda plain, to: odd_clips.edited(plain, to, [(2.0, 2.0), (2.0, 0.0)]),
    "late.mkv": lambda plain, to: odd_clips.begins_late(plain, to, 1.0),
    "empty.mkv": lambda plain, to: odd_clips.moved(plain, to, 0.5),
    "cropped.mp4": lambda plain, to: odd_clips.cropped(plain, to, (80, 48), (20, -10)),
    "covered.mkv": lambda plain, to: odd_clips.with_cover(
        plain, to, plain.with_name("cover.png"), is_first=True, is_told=False
    ),
    "two.mkv": lambda plain, to: odd_clips.with_other_stream(plain, plain.with_name("other.mp4"), to, default=1),
    "two.mp4": lambda plain, to: odd_clips.with_other_stream(plain.with_name("other.mp4"), plain, to, default=1),
}
COPIES: dict[str, Callable[[Path, Path], Path]] = {
    "wrapped.ts": lambda plain, to: odd_clips.wrapped(plain, to, 2),
    "late.ts": lambda plain, to: odd_clips.begins_late(plain, to, 1.0),
    "late.mkv": lambda plain, to: odd_clips.begins_late(plain, to, 1.0, 0.5),
    "unindexed.mp4": lambda plain, to: odd_clips.with_keyframes(plain, to, None),
    "recorded.webm": lambda plain, to: odd_clips.without_index(plain, to, "-c:v", "libvpx", "-g", "9999"),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each picture is another one."""
    folder = tmp_path_factory.mktemp("plain")
    pictures = [clips.flat(20 + 40 * shade) for shade in range(SHADES) for _ in range(PLACES)]
    for number, picture in enumerate(pictures):
        picture[60:90, 10 + number % PLACES * 5 : 15 + number % PLACES * 5] = 255
    other = [clips.flat(60 + number, 320, 240) for number in range(len(pictures))]
    clips.write_clip(folder / "other.mp4", other)
    (folder / "cover.png").write_bytes(encode_png(np.full((400, 600, 3), 90, np.uint8)))
    return clips.write_clip(folder / "plain.mp4", pictures, options={"g": "25", "bf": "2", "preset": "veryfast"})


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def assert_agree(tab: Page, played: Path, timeline: Timeline, offset_s: float) -> None:
    """Chromium's picture at each second is the frame that the analysis has there."""
    assert open_file(tab, played) == ""
    for frame in shown_frames(tab, MOMENTS_S):
        beside_s, mark = timeline.beside_s(frame, frame.time_s + offset_s)
        assert abs(beside_s) < 1.5 * FRAME_S and mark < MOST_DIFFERENT, f"{frame.time_s}: {beside_s}, {mark}"


@pytest.mark.parametrize("name", ORIGINALS)
def test_of_an_original(name: str, plain: Path, tab: Page, tmp_path: Path) -> None:
    path = ORIGINALS[name](plain, tmp_path / name)
    timeline = Timeline(path)
    assert_agree(tab, path, timeline, 0.0)
    facts = shown_facts(tab)
    assert (facts.width, facts.height) == (timeline.info.width, timeline.info.height)


@pytest.mark.parametrize("name", COPIES)
def test_of_a_copy(name: str, plain: Path, tab: Page, tmp_path: Path) -> None:
    path, copy = COPIES[name](plain, tmp_path / name), tmp_path / "copy.mp4"
    timeline = Timeline(path)
    make_web_copy(path, copy, timeline.info, playback_plan(timeline.info), lambda _progress: None)
    assert_agree(tab, copy, timeline, copy_offset_s(timeline.info, probe(copy)))
    assert shown_facts(tab).length_s == pytest.approx(timeline.info.duration_s, abs=0.1)


def test_what_lies_beside_is_seen(plain: Path, tab: Page) -> None:
    timeline = Timeline(plain)
    assert open_file(tab, plain) == ""
    [frame] = shown_frames(tab, [1.5])
    assert timeline.beside_s(frame, frame.time_s + 1)[0] == pytest.approx(-1, abs=1.5 * FRAME_S)
    assert timeline.beside_s(frame, frame.time_s - 0.5)[0] == pytest.approx(0.5, abs=1.5 * FRAME_S)
    turned = replace(frame, image_bgr=frame.image_bgr[::-1])
    assert timeline.beside_s(turned, frame.time_s)[1] > MOST_DIFFERENT
