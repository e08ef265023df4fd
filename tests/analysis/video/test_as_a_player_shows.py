"""Odd files as a player shows them: turned, mirrored, stretched, high dynamic range, clocks that jump."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import StillPicture
from analysis.images.encode import encode_png
from analysis.types import WHOLE_VIDEO, Image, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from analysis.video.tone_map import to_screen
from analysis.video.web_copy import PlaybackPlan, copy_offset_s, make_web_copy, playback_plan
from tests import clips

EVERY = Sampling(step_s=0.001, long_side=4000, references_only=False, deblock=True)


def shown(path: Path) -> tuple[list[float], Image]:
    """Times of all frames, and the first picture."""
    frames = list(sample_frames(path, probe(path), WHOLE_VIDEO, EVERY, DecodeCounts()))
    return [frame.time_s for frame in frames], frames[0].image_bgr


def copied(path: Path, target: Path) -> tuple[VideoInfo, VideoInfo]:
    info = probe(path)
    plan = playback_plan(info)
    assert plan is not PlaybackPlan.ORIGINAL
    make_web_copy(path, target, info, plan, lambda _progress: None)
    return info, probe(target)


def corners(image: Image) -> list[int]:
    """Brightness of the four quarters: upper left and right, lower left and right."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    parts = [image[y : y + height, x : x + width] for y, x in itertools.product((0, height), (0, width))]
    return [round(float(part.mean()) / 20) for part in parts]


@pytest.mark.parametrize(("turn", "mirror"), itertools.product((0, 90, 180, 270), (False, True)))
def test_each_of_the_eight_orientations(tmp_path: Path, turn: int, mirror: bool) -> None:
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:48, :80], picture[:48, 80:], picture[48:, :80], picture[48:, 80:] = 20, 80, 140, 220
    plain = clips.write_clip(tmp_path / "plain.mp4", [picture] * 5)
    odd = tmp_path / "odd.mp4"
    mirrored = ("-display_hflip",) if mirror else ()
    clips.ffmpeg("-display_rotation", str(-turn), *mirrored, "-i", plain, "-c", "copy", odd)
    expected = np.rot90(picture, -turn // 90)[:, :: -1 if mirror else 1]
    assert corners(shown(odd)[1]) == corners(expected)
    assert shown(odd)[1].shape == expected.shape
    if mirror:
        copied(odd, tmp_path / "copy.mp4")
        assert corners(shown(tmp_path / "copy.mp4")[1]) == corners(expected)


@pytest.mark.parametrize(("ratio", "size"), [("2/1", (320, 96)), ("1/2", (160, 192))])
def test_pixels_that_are_not_square_and_are_turned(tmp_path: Path, ratio: str, size: tuple[int, int]) -> None:
    plain = clips.steady_clip(tmp_path / "plain.mp4", 0.2)
    wide, turned = tmp_path / "wide.mp4", tmp_path / "turned.mp4"
    clips.ffmpeg("-i", plain, "-c", "copy", "-bsf:v", f"h264_metadata=sample_aspect_ratio={ratio}", wide)
    clips.ffmpeg("-display_rotation", "90", "-i", wide, "-c", "copy", turned)
    assert (probe(wide).width, probe(wide).height) == size
    assert shown(wide)[1].shape[:2] == size[::-1]
    assert shown(turned)[1].shape[:2] == size
    _, copy = copied(turned, tmp_path / "copy.mp4")
    assert (copy.width, copy.height, copy.stretched) == (*size[::-1], False)


@pytest.mark.parametrize("curve", ["smpte2084", "arib-std-b67"])
def test_high_dynamic_range_is_as_bright_as_without(tmp_path: Path, curve: str) -> None:
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:48, :80], picture[:48, 80:], picture[48:, :80], picture[48:, 80:] = 40, 90, 140, 200
    plain = clips.write_clip(tmp_path / "plain.mp4", [picture] * 3, options={"crf": "4"})
    odd = tmp_path / "odd.mp4"
    to_hdr = f"zscale=tin=bt709:min=bt709:pin=bt709:t={curve}:m=bt2020nc:p=bt2020:npl=203,format=yuv420p10le"
    tags = ("-color_primaries", "bt2020", "-color_trc", curve, "-colorspace", "bt2020nc")
    clips.ffmpeg("-i", plain, "-vf", to_hdr, "-c:v", "libx264", "-crf", "4", *tags, odd)
    _, copy = copied(odd, tmp_path / "copy.mp4")
    seen, without = shown(odd)[1].astype(float), shown(plain)[1].astype(float)
    assert np.abs(seen - without).mean() < 8
    assert np.abs(shown(tmp_path / "copy.mp4")[1] - seen).mean() < 3
    assert (copy.curve, copy.pixel_format) == ("", "yuv420p")


@pytest.mark.parametrize(
    ("codec", "name"), [(("mpeg2video", "-q:v", "2"), "odd.mpg"), (("libx264", "-x264opts", "tff=1"), "odd.mp4")]
)
def test_interlaced_pictures_are_whole_ones(tmp_path: Path, codec: tuple[str, ...], name: str) -> None:
    plain, odd = clips.steady_clip(tmp_path / "plain.mp4", 0.4), tmp_path / name
    clips.ffmpeg("-i", plain, "-vf", "setfield=tff", "-flags", "+ildct+ilme", "-c:v", *codec, odd)
    assert probe(odd).interlaced
    times_s, picture = shown(odd)
    assert len(times_s) == 10 and corners(picture) == corners(shown(plain)[1])
    _, copy = copied(odd, tmp_path / "copy.mp4")
    assert not copy.interlaced and len(shown(tmp_path / "copy.mp4")[0]) == 10


@pytest.mark.parametrize(("name", "codec"), [("a.gif", "gif"), ("a.mov", "prores_ks")])
def test_colours_of_other_kinds(tmp_path: Path, name: str, codec: str) -> None:
    plain = clips.steady_clip(tmp_path / "plain.mp4", 0.4)
    clips.ffmpeg("-i", plain, "-c:v", codec, tmp_path / name)
    assert corners(shown(tmp_path / name)[1]) == corners(shown(plain)[1])


def test_what_is_brighter_than_white_stays_apart() -> None:
    shades = to_screen(np.linspace(0.5, 0.9, 9)[:, None].repeat(3, axis=1), "pq")[:, 0]
    assert (np.diff(shades) > 0).all() and shades[-1] <= 1


@pytest.mark.parametrize("ahead_s", [0, 1000])
def test_a_clock_that_jumps_goes_on(tmp_path: Path, ahead_s: int) -> None:
    first, second = tmp_path / "a.ts", tmp_path / "b.ts"
    clips.ffmpeg("-i", clips.steady_clip(tmp_path / "plain.mp4", 2.0), "-c", "copy", first)
    clips.ffmpeg("-i", first, "-c", "copy", "-output_ts_offset", str(ahead_s), second)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    info, copy = copied(joined, tmp_path / "copy.mp4")
    times_s, _ = shown(joined)
    assert (round(info.duration_s, 1), len(times_s)) == (4.0, 100)
    assert np.allclose(np.diff(times_s), 0.04, atol=0.002)
    player_s = shown(tmp_path / "copy.mp4")[0]
    beside = np.array(times_s) - copy_offset_s(info, copy) - player_s
    assert np.abs(beside).max() < 0.041, "ffmpeg may take the joint for a frame shorter"


def test_sound_that_the_copy_does_not_hold_moves_nothing(tmp_path: Path) -> None:
    plain = clips.steady_clip(tmp_path / "plain.mp4", 2.0)
    sound = ("-f", "lavfi", "-i", "sine=d=2")
    odd = tmp_path / "odd.ts"
    clips.ffmpeg(
        *("-itsoffset", "2", "-i", plain, "-itsoffset", "2", *sound, *sound, "-map", "0:v", "-map", "1:a"),
        *("-map", "2:a", "-c:v", "copy", "-c:a", "aac", odd),
    )
    info, copy = copied(odd, tmp_path / "copy.mp4")
    player_s = np.array(shown(tmp_path / "copy.mp4")[0])
    assert np.allclose(np.array(shown(odd)[0]) - copy_offset_s(info, copy), player_s, atol=0.005)
    assert info.duration_s < 2.5


def test_a_picture_is_no_video_whatever_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(encode_png(clips.flat(60)))
    with pytest.raises(StillPicture):
        probe(tmp_path / "film.mp4")
