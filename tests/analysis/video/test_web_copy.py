"""Playable copies: what needs one, exact times, cancelling, pictures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from analysis.errors import Cancelled, UnreadableVideo
from analysis.types import Progress, SegmentSpan, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from analysis.video.web_copy import (
    PlaybackPlan,
    make_poster,
    make_sprites,
    make_web_copy,
    playback_offset_s,
    playback_plan,
)
from tests import clips
from tests.present import present

PLAIN = VideoInfo(
    10, 640, 360, 25, 0, 0, "mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p", "aac", 1000, 250
)  # fmt: skip


def silent(progress: Progress) -> None:
    assert progress.stage in ("web_copy", "sprites")


@pytest.mark.parametrize(
    ("changes", "plan"),
    [
        ({}, PlaybackPlan.ORIGINAL),
        ({"audio_codec": ""}, PlaybackPlan.ORIGINAL),
        ({"rotation_deg": 90}, PlaybackPlan.ORIGINAL),
        ({"audio_codec": "ac3"}, PlaybackPlan.REMUX),
        ({"container": "matroska,webm"}, PlaybackPlan.REMUX),
        ({"video_streams": 2, "video_stream": 3}, PlaybackPlan.REMUX),
        ({"pixel_format": "yuv420p10le"}, PlaybackPlan.TRANSCODE),
        ({"pixel_format": "yuv444p"}, PlaybackPlan.TRANSCODE),
        ({"video_codec": "hevc"}, PlaybackPlan.TRANSCODE),
        ({"container": "h264", "seekable": False}, PlaybackPlan.TRANSCODE),
        ({"container": "matroska,webm", "video_codec": "vp9", "audio_codec": "opus"}, PlaybackPlan.ORIGINAL),
        ({"container": "avi", "video_codec": "mpeg4"}, PlaybackPlan.TRANSCODE),
    ],
)
def test_the_cheapest_that_plays_is_planned(changes: dict[str, object], plan: PlaybackPlan) -> None:
    assert playback_plan(replace(PLAIN, **changes)) is plan  # type: ignore[arg-type]


def times_of(path: Path) -> list[float]:
    every = Sampling(0.001, 640, references_only=False)
    return [frame.time_s for frame in sample_frames(path, probe(path), SegmentSpan(0, -1, 1e9), every, DecodeCounts())]


VARIABLE = [0.0, 0.04, 0.5, 0.54, 1.3, 1.9, 1.94, 2.6]
STEADY = [n / 25 for n in range(8)]


@pytest.mark.parametrize(
    ("plan", "times"),
    [(PlaybackPlan.REMUX, STEADY), (PlaybackPlan.TRANSCODE, STEADY), (PlaybackPlan.TRANSCODE, VARIABLE)],
)
def test_a_copy_keeps_the_times_less_the_offset(tmp_path: Path, plan: PlaybackPlan, times: list[float]) -> None:
    film = clips.write_clip(tmp_path / "vfr.mp4", clips.noisy(8), times, options={"preset": "medium"})
    source = clips.late_start(film, tmp_path / "late.ts")
    info = probe(source)
    assert info.start_s > 3
    make_web_copy(source, tmp_path / "copy.mp4", info, plan, silent)
    expected = [time_s - playback_offset_s(info, plan) for time_s in times_of(source)]
    assert times_of(tmp_path / "copy.mp4") == pytest.approx(expected, abs=0.002)
    assert len(expected) == 8


def test_a_transcoded_copy_is_upright_even_small_and_plays(tmp_path: Path) -> None:
    large = clips.write_clip(tmp_path / "large.mkv", [clips.flat(90, 2002, 1202)] * 5)
    source = clips.turned_clip(large, tmp_path / "turned.mp4", 90)
    info = probe(source)
    make_web_copy(source, tmp_path / "copy.mp4", info, PlaybackPlan.TRANSCODE, silent)
    copy = probe(tmp_path / "copy.mp4")
    assert (copy.rotation_deg, copy.pixel_format, copy.video_codec) == (0, "yuv420p", "h264")
    assert copy.width % 2 == copy.height % 2 == 0
    assert copy.width <= 1080 and copy.height <= 1920
    assert copy.width / copy.height == pytest.approx(info.width / info.height, abs=0.01)
    assert playback_plan(copy) is PlaybackPlan.ORIGINAL


def test_sound_is_kept(tmp_path: Path) -> None:
    source = clips.with_sound(clips.steady_clip(tmp_path / "a.mp4"), tmp_path / "sound.mkv")
    make_web_copy(source, tmp_path / "copy.mp4", probe(source), PlaybackPlan.REMUX, silent)
    assert probe(tmp_path / "copy.mp4").audio_codec == "aac"


def test_cancelling_ends_ffmpeg_and_leaves_nothing(tmp_path: Path) -> None:
    source = clips.write_clip(tmp_path / "long.mkv", [clips.flat(n % 200, 1280, 720) for n in range(200)])
    info = probe(source)
    calls = []

    def cancel(progress: Progress) -> None:
        calls.append(progress)
        if len(calls) > 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_web_copy(source, tmp_path / "copy.mp4", info, PlaybackPlan.TRANSCODE, cancel)
    assert [path.name for path in tmp_path.iterdir()] == ["long.mkv"]
    children = psutil.Process().children(recursive=True)
    assert not [child for child in children if "ffmpeg" in child.name()]


def test_what_ffmpeg_cannot_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(b"noise" * 100)
    with pytest.raises(UnreadableVideo, match=r"noise\.mp4: no playable copy"):
        make_web_copy(tmp_path / "noise.mp4", tmp_path / "copy.mp4", PLAIN, PlaybackPlan.TRANSCODE, silent)
    assert not (tmp_path / "copy.mp4").exists()


def test_a_playlist_is_not_followed_by_ffmpeg_either(tmp_path: Path) -> None:
    secret = clips.steady_clip(tmp_path / "secret.ts", 0.4)
    (tmp_path / "bait.mp4").write_text(f"ffconcat version 1.0\nfile '{secret.name}'\n")
    with pytest.raises(UnreadableVideo):
        make_web_copy(tmp_path / "bait.mp4", tmp_path / "copy.mp4", PLAIN, PlaybackPlan.REMUX, silent)


def test_the_poster_is_not_the_black_beginning(tmp_path: Path) -> None:
    pictures = [np.zeros((96, 160, 3), np.uint8)] * 50 + [clips.flat(90)] * 50
    path = clips.write_clip(tmp_path / "a.mp4", pictures, options={"g": "25"})
    make_poster(path, tmp_path / "poster.jpg", probe(path))
    assert present(cv2.imread(str(tmp_path / "poster.jpg"))).mean() > 60


@pytest.mark.parametrize("seconds", [0.2, 4.0, 70.0])
def test_sprites_show_the_right_moments(tmp_path: Path, seconds: float) -> None:
    count = max(int(seconds * 5), 2)
    pictures = [np.full((96, 160, 3), 20 + 200 * n // count, np.uint8) for n in range(count)]
    times = [n * seconds / count for n in range(count)]
    path = clips.write_clip(tmp_path / "a.mp4", pictures, times, options={"g": "5"})
    info = probe(path)
    sprites = make_sprites(path, tmp_path / "sprites.jpg", info, silent)
    sheet = present(cv2.imread(str(tmp_path / "sprites.jpg")))
    assert sheet.shape[:2] == (sprites.rows * sprites.tile_height, sprites.columns * sprites.tile_width)
    for number in range(round(info.duration_s / sprites.interval_s)):
        row, column = divmod(number, sprites.columns)
        tile = sheet[row * sprites.tile_height :, column * sprites.tile_width :][
            : sprites.tile_height, : sprites.tile_width
        ]
        expected = 20 + 200 * number * sprites.interval_s / seconds
        assert float(tile.mean()) == pytest.approx(expected, abs=200 * max(1.2, sprites.interval_s) / seconds + 4)


def test_ffmpeg_is_niced(tmp_path: Path) -> None:
    source = clips.write_clip(tmp_path / "long.mkv", [clips.flat(n % 200, 1280, 720) for n in range(100)])
    seen = []

    def watch(progress: Progress) -> None:
        for child in psutil.Process().children():
            try:
                seen.append(child.nice())
            except psutil.NoSuchProcess:
                continue

    make_web_copy(source, tmp_path / "copy.mp4", probe(source), PlaybackPlan.TRANSCODE, watch)
    assert 10 in seen or os.nice(0) > 0
