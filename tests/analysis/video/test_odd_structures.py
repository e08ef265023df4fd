"""Odd structures: covers, several streams, late starts, edit lists, clocks that wrap, no index or a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.images.encode import encode_png
from analysis.pipeline import AnalysisOptions, plan_segments
from analysis.types import WHOLE_VIDEO, Image, SegmentSpan, VideoInfo
from analysis.video.containers import open_video, read_packets
from analysis.video.cut_clip import cut_clip
from analysis.video.sampling import DecodeCounts, Sampling
from analysis.video.unlimited_decode import keyframes_at, sample_frames, segment_border_s
from analysis.video.unlimited_probe import probe
from analysis.video.web_copy import (
    PlaybackPlan,
    copy_offset_s,
    make_poster,
    make_sprites,
    make_web_copy,
    playback_plan,
)
from tests import clips, odd_clips

EVERY = Sampling(step_s=0.0, long_side=160, references_only=False, deblock=True)
DARKEST = 17
"""Of the first shade, 20, as it comes out of the decoder."""
LONG_S = 70
"""More than one segment."""
ENDLESS = {"g": "99999", "sc_threshold": "0", "bf": "2", "preset": "veryfast"}
SPARSE = {**ENDLESS, "g": "200"}


def numbered(count: int) -> list[Image]:
    """Pictures that tell their number: 25 places of a white square, 70 shades."""
    pictures = []
    for number in range(count):
        picture = clips.flat(20 + number // 25 * 3)
        picture[60:90, 10 + number % 25 * 5 : 15 + number % 25 * 5] = 255
        pictures.append(picture)
    return pictures


def number_of(image: Image) -> int:
    """Which of the pictures it is."""
    shade = round((float(image[2:40, 100:150].mean()) - DARKEST) / 3)
    columns = image[65:85, 10:135].mean(axis=(0, 2)).reshape(25, 5).mean(axis=1)
    return shade * 25 + int(columns.argmax())


def read(path: Path, info: VideoInfo, start_s: float = -np.inf, end_s: float = np.inf) -> list[tuple[float, int]]:
    """Time and number of all frames of a span."""
    frames = sample_frames(path, info, SegmentSpan(0, start_s, end_s), EVERY, DecodeCounts())
    return [(frame.time_s, number_of(frame.image_bgr)) for frame in frames]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    return clips.write_clip(path, numbered(100), options={"g": "25", "bf": "2", "preset": "veryfast"})


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.write_clip(tmp_path_factory.mktemp("long") / "a.mp4", numbered(LONG_S * 25), options=ENDLESS)


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A keyframe every eight seconds."""
    return clips.write_clip(tmp_path_factory.mktemp("long") / "a.mp4", numbered(LONG_S * 25), options=SPARSE)


def copied(path: Path, target: Path) -> tuple[VideoInfo, VideoInfo]:
    info = probe(path)
    make_web_copy(path, target, info, playback_plan(info), lambda _progress: None)
    return info, probe(target)


def assert_copy_fits(path: Path, target: Path) -> VideoInfo:
    """The copy is as long as is said, and its frames stand where the offset puts those of the file."""
    info, copy = copied(path, target)
    assert copy.duration_s == pytest.approx(info.duration_s, abs=0.1)
    expected = [(time_s - copy_offset_s(info, copy), number) for time_s, number in read(path, info)]
    shown = read(target, copy)
    assert [number for _, number in shown] == [number for _, number in expected]
    assert np.allclose([time_s for time_s, _ in shown], [time_s for time_s, _ in expected], atol=0.005)
    return info


EDITS = [
    ([(2.0, 1.4)], [(n / 25 - 1.4, n) for n in range(35, 85)]),
    ([(1.0, 0.0), (1.0, 2.4)], [(n / 25, n) for n in range(25)] + [(n / 25 - 1.4, n) for n in range(60, 85)]),
    ([(1.0, 2.0), (1.0, 0.0)], [(n / 25 - 2, n) for n in range(50, 75)] + [(n / 25 + 1, n) for n in range(25)]),
]


@pytest.mark.parametrize(("edits", "expected"), EDITS)
def test_edit_lists_say_what_is_shown_when(
    tmp_path: Path, edits: Sequence[tuple[float, float]], expected: list[tuple[float, int]]
) -> None:
    film = clips.write_clip(tmp_path / "plain.mp4", numbered(100), options={"g": "25"})
    info = probe(path := odd_clips.edited(film, tmp_path / "odd.mp4", edits))
    shown = read(path, info)
    assert [number for _, number in shown] == [number for _, number in expected]
    assert np.allclose([time_s for time_s, _ in shown], [time_s for time_s, _ in expected], atol=0.002)
    assert info.duration_s == pytest.approx(sum(length for length, _ in edits), abs=0.01)
    middle_s = expected[len(expected) // 2 + 3][0]
    assert read(path, info, middle_s - 0.01, middle_s + 0.01) == [shown[len(expected) // 2 + 3]]


def test_what_is_empty_at_the_begin_is_left_out_of_the_copy(plain: Path, tmp_path: Path) -> None:
    """Chromium cannot reach the end of such an MP4, and counts a Matroska's emptiness."""
    for name in ("odd.mp4", "odd.mkv", "odd.ts"):
        info = assert_copy_fits(odd_clips.moved(plain, tmp_path / name, 2.0), tmp_path / "copy.mp4")
        assert info.duration_s == pytest.approx(4, abs=0.1), name
    vp8 = odd_clips.moved(plain, tmp_path / "odd.webm", 2.0, "-c:v", "libvpx")
    assert (probe(vp8).start_s, playback_plan(probe(vp8))) == (2.0, PlaybackPlan.TRANSCODE)


@pytest.mark.parametrize(("name", "by_s", "sound_by_s", "length_s"), [("a.mkv", 2, 0, 6), ("b.mkv", 0, 1.5, 7.5)])
def test_pictures_and_sound_begin_each_at_its_time(
    plain: Path, tmp_path: Path, name: str, by_s: float, sound_by_s: float, length_s: float
) -> None:
    path = odd_clips.begins_late(plain, tmp_path / name, by_s, sound_by_s)
    info = assert_copy_fits(path, tmp_path / "copy.mp4")
    assert (info.start_s, info.first_frame_s) == (0, by_s)
    assert info.duration_s == pytest.approx(length_s, abs=0.1)


def test_a_clock_that_wraps_goes_on(sparse: Path, tmp_path: Path) -> None:
    path = odd_clips.wrapped(sparse, tmp_path / "odd.ts", 30)
    info = assert_copy_fits(path, tmp_path / "copy.mp4")
    assert info.duration_s == pytest.approx(LONG_S, abs=0.1)
    for at_s in (10.0, 29.96, 30.04, 55.0):
        (time_s, number), *_ = read(path, info, info.start_s + at_s, info.start_s + at_s + 0.1)
        assert number == round(at_s * 25)
        assert time_s - info.start_s == pytest.approx(at_s, abs=0.02)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
@pytest.mark.parametrize("is_told", [True, False])
def test_a_cover_is_no_film(plain: Path, tmp_path: Path, kind: str, is_told: bool) -> None:
    (tmp_path / "cover.png").write_bytes(encode_png(np.full((400, 600, 3), 90, np.uint8)))
    path = tmp_path / f"odd.{kind}"
    odd_clips.with_cover(plain, path, tmp_path / "cover.png", is_first=True, is_told=is_told)
    info = probe(path)
    assert (info.width, info.video_streams) == (160, 2)
    assert info.duration_s == pytest.approx(4, abs=0.1)
    assert len(read(path, info)) == 100
    assert playback_plan(info) is PlaybackPlan.REMUX


@pytest.mark.parametrize(
    ("kind", "marked", "width"), [("mp4", 0, 320), ("mp4", 1, 160), ("mkv", 0, 320), ("mkv", 1, 320)]
)
def test_of_several_films_the_one_that_chromium_shows(
    plain: Path, tmp_path: Path, kind: str, marked: int, width: int
) -> None:
    other = clips.write_clip(tmp_path / "other.mp4", [clips.flat(90 + n, 320, 240) for n in range(100)])
    path = odd_clips.with_other_stream(other, plain, tmp_path / f"odd.{kind}", default=marked)
    assert probe(path).width == width


def test_a_clean_aperture_crops_nothing_anywhere(plain: Path, tmp_path: Path) -> None:
    clips.ffmpeg("-i", plain, "-c:v", "mpeg4", "-q:v", "2", tmp_path / "mpeg4.mp4")
    path = odd_clips.cropped(tmp_path / "mpeg4.mp4", tmp_path / "odd.mp4", (80, 48), (20, -10))
    info = assert_copy_fits(path, tmp_path / "copy.mp4")
    assert (info.width, info.height) == (160, 96)


def odd_structure(kind: str, endless: Path, target: Path) -> Path:
    path = target.with_suffix("." + kind.rpartition(".")[2])
    if kind.startswith("copied"):
        clips.ffmpeg("-i", endless, "-c", "copy", path)
    elif kind.startswith("live"):
        odd_clips.without_index(endless, path)
    elif kind == "unindexed.avi":
        odd_clips.avi_without_index(endless, path)
    else:
        odd_clips.with_keyframes(endless, path, None)
    return path


@pytest.mark.parametrize("kind", ["copied.ts", "live.mp4", "unindexed.avi", "all_called.mp4"])
def test_what_cannot_be_divided_is_read_once(kind: str, endless: Path, tmp_path: Path) -> None:
    """One keyframe, or an index that does not lead to others: each picture that is sought costs all before it."""
    path = odd_structure(kind, endless, tmp_path / "odd")
    info = probe(path)
    assert info.duration_s == pytest.approx(LONG_S, abs=0.1)
    assert plan_segments(info, AnalysisOptions()) == [WHOLE_VIDEO]
    assert playback_plan(info) is PlaybackPlan.TRANSCODE
    assert [number for _, number in read(path, info)] == list(range(LONG_S * 25))
    make_poster(path, tmp_path / "poster.jpg", info)
    made = make_sprites(path, tmp_path / "sprites.jpg", info, lambda _progress: None)
    sheet = cv2.imread(str(tmp_path / "sprites.jpg"))
    assert sheet is not None
    tiles = [
        sheet[y : y + made.tile_height, x : x + made.tile_width]
        for y in range(0, sheet.shape[0], made.tile_height)
        for x in range(0, sheet.shape[1], made.tile_width)
    ]
    changes = [float(np.abs(a.astype(int) - b).mean()) for a, b in pairwise(tiles[:LONG_S])]
    assert min(changes) > 0.5


@pytest.mark.parametrize("kind", ["a.ts", "all_called.mp4", "no_index.mkv"])
def test_segments_lose_nothing_where_the_index_is_none_or_wrong(kind: str, sparse: Path, tmp_path: Path) -> None:
    path = tmp_path / kind
    if kind == "a.ts":
        clips.ffmpeg("-i", sparse, "-c", "copy", path)
    elif kind == "all_called.mp4":
        odd_clips.with_keyframes(sparse, path, None)
    else:
        odd_clips.without_index(sparse, path)
    info = probe(path)
    assert info.keyframe_gap_s == pytest.approx(8, abs=0.2)
    assert len(plan_segments(info, AnalysisOptions(segment_s=20))) > 2
    border_s = segment_border_s(path, info.start_s + 30)
    numbers = [number for _, number in read(path, info, end_s=border_s) + read(path, info, border_s)]
    assert numbers == list(range(LONG_S * 25))
    asked = [info.start_s + at_s for at_s in (9, 25, 0)]
    found = [frame.time_s - info.start_s for frame in keyframes_at(path, info, asked, 160)]
    assert found == pytest.approx([8, 24, 0], abs=0.01)


def test_a_clip_begins_where_it_should_though_no_keyframe_is_near(sparse: Path, tmp_path: Path) -> None:
    clips.ffmpeg("-i", sparse, "-c", "copy", tmp_path / "a.ts")
    odd_clips.with_keyframes(sparse, tmp_path / "b.mp4", None)
    for name in ("a.ts", "b.mp4"):
        info = probe(tmp_path / name)
        cut_clip(tmp_path / name, tmp_path / "clip.mp4", info, info.start_s + 30, 1.0, lambda _progress: None)
        numbers = [number for _, number in read(tmp_path / "clip.mp4", probe(tmp_path / "clip.mp4"))]
        assert numbers == list(range(750, 775)), name


def test_a_copy_has_the_index_that_its_source_lacks(plain: Path, tmp_path: Path) -> None:
    for name, numbers in (("all.mp4", None), ("wrong.mp4", [1, 11, 35, 60])):
        path = odd_clips.with_keyframes(plain, tmp_path / name, numbers)
        assert not probe(path).indexed
        assert_copy_fits(path, tmp_path / "copy.mp4")
        copy = probe(tmp_path / "copy.mp4")
        assert (copy.indexed, playback_plan(copy)) == (True, PlaybackPlan.ORIGINAL)
    recorded = odd_clips.without_index(plain, tmp_path / "recorded.webm", "-c:v", "libvpx", "-g", "9999")
    assert_copy_fits(recorded, tmp_path / "copy.mp4")
    assert probe(tmp_path / "copy.mp4").indexed


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_pictures_that_refer_across_keyframes_are_encoded_anew(suffix: str, tmp_path: Path) -> None:
    options = {"g": "25", "bf": "3", "preset": "veryfast", "sc_threshold": "0"}
    path = tmp_path / f"open{suffix}"
    clips.write_clip(path, numbered(100), options=options | {"x264-params": "open-gop=1"})
    assert probe(path).open_groups
    assert playback_plan(probe(path)) is PlaybackPlan.TRANSCODE
    assert_copy_fits(path, tmp_path / "copy.mp4")
    assert not probe(tmp_path / "copy.mp4").open_groups
    assert not probe(clips.write_clip(tmp_path / f"closed{suffix}", numbered(100), options=options)).open_groups


def test_a_stream_that_appears_on_the_way_and_goes_is_no_end(tmp_path: Path) -> None:
    parts = []
    for name, pictures, at_s in (("a", numbered(500), 0), ("b", numbered(50), 20), ("c", clips.noisy(60), 22)):
        clip, part = clips.write_clip(tmp_path / f"{name}.mp4", pictures), tmp_path / f"{name}.ts"
        sound = ("-f", "lavfi", "-i", "sine=d=2", "-c:a", "mp2") if name == "b" else ()
        clips.ffmpeg("-i", clip, *sound, "-c:v", "copy", "-output_ts_offset", str(at_s), "-f", "mpegts", part)
        parts.append(part.read_bytes())
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(parts))
    with open_video(joined) as (container, stream):
        assert len(container.streams) == 1  # of the others the beginning and the end say nothing
        assert sum(packet.size > 0 for packet in read_packets(container, stream)) == 610
    assert probe(joined).duration_s == pytest.approx(24.4, abs=0.1)


@pytest.mark.parametrize("suffix", [".webm", ".ts"])
def test_pictures_that_change_their_size_are_shown_at_the_first_one(suffix: str, tmp_path: Path) -> None:
    codec, options = ("libvpx", {"b": "1M"}) if suffix == ".webm" else ("libx264", {"bf": "0"})
    wide: list[Image] = [np.pad(picture, ((0, 0), (40, 40), (0, 0))) for picture in numbered(75)[50:]]
    half = clips.WIDTH // 2, clips.HEIGHT // 2
    small = [
        np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8) for picture in numbered(50)[25:]
    ]
    parts = [
        clips.write_clip(tmp_path / f"{name}{suffix}", pictures, codec=codec, options=options)
        for name, pictures in (("first", numbered(25)), ("small", small), ("wide", wide))
    ]
    path = odd_clips.joined(parts, tmp_path / f"sizes{suffix}")
    info = probe(path)
    make_sprites(path, tmp_path / "sprites.jpg", info, lambda _progress: None)
    make_web_copy(path, tmp_path / "copy.mp4", info, PlaybackPlan.TRANSCODE, lambda _progress: None)
    for shown in (path, tmp_path / "copy.mp4"):
        frames = list(sample_frames(shown, probe(shown), WHOLE_VIDEO, EVERY, DecodeCounts()))
        assert {frame.size for frame in frames} == {(info.width, info.height)}
        assert [number_of(frame.image_bgr) for frame in frames[:50]] == list(range(50))
        # Of the wide ones a fifth lies above and below the picture.
        assert len(frames) == 75
        assert frames[-1].image_bgr[:14].mean() < 12
        assert frames[-1].image_bgr[-14:].mean() < 12
