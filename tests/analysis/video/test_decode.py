"""Reading video: times, rotation, damage, limits."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import ForbiddenFormat, NoVideoStream, PictureTooLarge, UnreadableVideo
from analysis.types import SegmentSpan
from analysis.video import containers
from analysis.video.frame import Frame
from analysis.video.sampling import DecodeCounts, Sampling
from analysis.video.unlimited_decode import keyframes_at, sample_frames, segment_border_s
from analysis.video.unlimited_probe import probe
from tests import clips
from tests.shared_data import shared_data

WHOLE = SegmentSpan(0, -math.inf, math.inf)
EVERY = Sampling(step_s=0.001, long_side=4000, references_only=False, deblock=True)


def read(path: Path, sampling: Sampling = EVERY, span: SegmentSpan = WHOLE) -> tuple[list[Frame], DecodeCounts]:
    counts = DecodeCounts()
    return list(sample_frames(path, probe(path), span, sampling, counts)), counts


def test_variable_rate_times_are_the_containers(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.5, 0.52, 1.3, 2.9]
    frames, counts = read(clips.write_clip(tmp_path / "vfr.mkv", clips.noisy(6), times))
    standing = [1.8, 2.3]
    assert [frame.time_s for frame in frames] == pytest.approx(sorted([*times, *standing]), abs=1e-3)
    assert counts.decoded == 6


def test_samples_keep_to_a_grid(tmp_path: Path) -> None:
    path = clips.steady_clip(tmp_path / "steady.mp4", seconds=4)
    frames, counts = read(path, Sampling(step_s=0.2, long_side=64, references_only=False))
    times = [frame.time_s for frame in frames]
    assert times[:-1] == pytest.approx(np.arange(0, 4, 0.2), abs=0.001)
    assert times[-1] == pytest.approx(3.96), "the last frame ends the times on screen"
    assert frames[0].image_bgr.shape == (38, 64, 3)
    assert counts.sampled == len(frames)


def test_leaving_out_unreferenced_frames_keeps_enough(tmp_path: Path) -> None:
    path = clips.steady_clip(tmp_path / "b.mp4", 3.0, options={"preset": "medium"})
    frames, counts = read(path, Sampling(step_s=0.2, long_side=64))
    assert counts.decoded < 60
    assert max(np.diff([frame.time_s for frame in frames])) <= 0.32


@pytest.mark.parametrize("counterclockwise", [0, 90, 180, 270])
def test_rotation_is_applied_to_size_picture_and_cut_outs(tmp_path: Path, counterclockwise: int) -> None:
    upright = clips.steady_clip(tmp_path / "upright.mp4", 0.2)
    path = clips.turned_clip(upright, tmp_path / "turned.mp4", counterclockwise)
    info = probe(path)
    assert info.rotation_deg == -counterclockwise % 360
    turned = np.rot90(clips.flat(60), counterclockwise // 90)
    assert (info.height, info.width) == turned.shape[:2]
    frame = read(path)[0][0]
    assert np.abs(frame.image_bgr.astype(int) - turned).mean() < 4
    for box in ((10, 20, 50, 70), (0, 0, 30, 30), (61, 33, 94, 95), (-20, -20, 500, 500)):
        crop, (x, y) = frame.crop_bgr(np.array(box, np.float32))
        seen = frame.image_bgr[y : y + crop.shape[0], x : x + crop.shape[1]]
        assert crop.shape == seen.shape
        assert x <= max(box[0], 0) and y <= max(box[1], 0)
        assert np.abs(crop.astype(int) - seen).mean() < 4


def test_the_first_and_last_frame_of_each_shot_are_looked_at(tmp_path: Path) -> None:
    path = clips.clip_with_cuts(tmp_path / "cuts.mp4", [20, 120, 60], 1.0)
    frames, _ = read(path, Sampling(step_s=0.3, long_side=64, references_only=False))
    assert [frame.time_s for frame in frames if frame.begins_shot] == pytest.approx([1.0, 2.0])
    times = [round(frame.time_s, 2) for frame in frames]
    assert 0.96 in times and 1.96 in times and 2.96 in times


def test_segments_share_no_frame_and_lose_none(tmp_path: Path) -> None:
    path = clips.steady_clip(tmp_path / "long.mp4", seconds=12, options={"g": "40", "bf": "2"})
    borders = [segment_border_s(path, time_s) for time_s in (4.0, 8.0)]
    assert borders == pytest.approx([4.8, 8.0]), "the next keyframe"
    spans = [(-math.inf, borders[0]), (borders[0], borders[1]), (borders[1], math.inf)]
    times = [frame.time_s for span in spans for frame in read(path, span=SegmentSpan(0, *span))[0]]
    assert times == pytest.approx(np.arange(300) / 25, abs=0.001)


def test_a_border_far_from_any_keyframe_stays_where_it_is(tmp_path: Path) -> None:
    path = clips.steady_clip(tmp_path / "one_keyframe.mp4", seconds=14, options={"g": "1000"})
    assert segment_border_s(path, 3.0) == 3.0
    first, _ = read(path, span=SegmentSpan(0, -math.inf, 3.0))
    rest, _ = read(path, span=SegmentSpan(1, 3.0, math.inf))
    assert len(first) == 75 and len(rest) == 275


def test_a_share_decodes_whole_beginnings_and_every_keyframe(tmp_path: Path) -> None:
    path = clips.steady_clip(tmp_path / "long.mp4", seconds=24, options={"g": "150"})
    frames, counts = read(path, Sampling(step_s=0.5, long_side=64, share=0.4))
    assert 0.35 * 600 < counts.decoded < 0.6 * 600
    times = [frame.time_s for frame in frames]
    assert all(any(abs(time_s - key) < 0.01 for time_s in times) for key in (0, 6, 12, 18))
    assert times == sorted(times)


def test_a_truncated_file_is_read_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    whole = clips.write_clip(tmp_path / "noise.mp4", clips.noisy(50))
    frames, counts = read(clips.truncated_clip(whole, tmp_path / "short.mp4", 0.6))
    assert 25 <= len(frames) <= 32
    assert counts.damaged + counts.decoded >= 49


def test_damaged_frames_are_counted_and_left_out(tmp_path: Path) -> None:
    path = clips.write_clip(tmp_path / "noise.mov", clips.noisy(50), codec="png")
    content = bytearray(path.read_bytes())
    start = content.find(b"IDAT", len(content) // 2)
    content[start : start + 4000] = bytes(4000)
    path.write_bytes(bytes(content))
    frames, counts = read(path)
    assert counts.damaged >= 1
    assert 40 <= len(frames) < 50


def test_raw_streams_get_times_by_counting(tmp_path: Path) -> None:
    clips.ffmpeg("-i", clips.steady_clip(tmp_path / "a.mp4"), "-c", "copy", tmp_path / "raw.h264")
    info = probe(tmp_path / "raw.h264")
    assert not info.seekable
    assert info.duration_s == pytest.approx(2.0, abs=0.05)
    frames, _ = read(tmp_path / "raw.h264")
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(50) / 25)


def test_an_avi_with_frames_that_refer_to_later_ones_gives_all_in_order(tmp_path: Path) -> None:
    shades = [40 + 2 * number for number in range(60)]
    whole = clips.write_clip(tmp_path / "a.mp4", [clips.flat(shade) for shade in shades])
    clips.ffmpeg("-i", whole, "-c:v", "libx264", "-bf", "3", "-g", "20", tmp_path / "b.avi")
    frames, _ = read(tmp_path / "b.avi")
    assert np.all(np.diff([frame.image_bgr[-1, -1, 0].astype(int) for frame in frames]) > 0)
    times = [frame.time_s for frame in frames]
    assert np.diff(times) == pytest.approx(np.full(59, 1 / 25))
    border_s = segment_border_s(tmp_path / "b.avi", 1.0)
    parts = [read(tmp_path / "b.avi", span=SegmentSpan(0, *span))[0] for span in ((-math.inf, border_s), (border_s, 9))]
    assert [frame.time_s for part in parts for frame in part] == pytest.approx(times)


def test_a_live_recording_without_length_is_measured(tmp_path: Path) -> None:
    clips.ffmpeg(
        "-i", clips.steady_clip(tmp_path / "a.mp4"), "-c", "copy", "-live", "1", "-f", "matroska", tmp_path / "l.mkv"
    )
    assert probe(tmp_path / "l.mkv").duration_s == pytest.approx(2.0, abs=0.1)


def test_what_is_no_video_is_refused_by_kind(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "empty.mp4").write_bytes(b"")
    for name in ("noise.mp4", "empty.mp4"):
        with pytest.raises(UnreadableVideo):
            probe(tmp_path / name)
    with pytest.raises(NoVideoStream):
        probe(clips.sound_only(tmp_path / "sound.m4a"))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "copy"), ("b.mov", "mjpeg"), ("c.webm", "libvpx-vp9")])
def test_pictures_beyond_the_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str
) -> None:
    clips.ffmpeg("-i", clips.steady_clip(tmp_path / "x.mp4", 0.2), "-c:v", codec, tmp_path / name)
    monkeypatch.setattr(containers, "MAX_FRAME_PIXELS", clips.WIDTH * clips.HEIGHT - 1)
    with pytest.raises(PictureTooLarge, match="160 x 96"):
        probe(tmp_path / name)


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet '
    'mimeType="video/mp4"><Representation id="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period>'
    "</MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_reads_nothing_it_names(tmp_path: Path, kind: str) -> None:
    secret = clips.write_clip(tmp_path / "secret.ts", clips.noisy(10))
    for target in (secret.name, str(secret), f"file://{secret}"):
        bait = tmp_path / "bait.mp4"
        bait.write_text(PLAYLISTS[kind].replace("{target}", target))
        with pytest.raises((ForbiddenFormat, UnreadableVideo)):
            probe(bait)


def test_keyframes_come_in_the_order_asked_each_once(tmp_path: Path) -> None:
    path = clips.steady_clip(tmp_path / "a.mp4", seconds=6, options={"g": "25"})
    frames = list(keyframes_at(path, probe(path), [3.1, 1.5, 3.9, 0.0, 99.0], 64))
    assert [frame.time_s for frame in frames] == pytest.approx([3.0, 1.0, 0.0, 5.0])


def test_a_changed_size_in_the_middle_still_gives_displayed_boxes() -> None:
    path = shared_data("videos/formats/iphone_hevc_rot90.mov")
    info = probe(path)
    assert (info.width, info.height, info.rotation_deg) == (720, 1280, 90)
    frame = next(sample_frames(path, info, WHOLE, replace(EVERY, long_side=640), DecodeCounts()))
    assert frame.size == (720, 1280) and frame.image_bgr.shape == (640, 360, 3)


def test_of_several_streams_the_one_that_chromium_shows_is_read() -> None:
    info = probe(shared_data("videos/formats/nasa_two_video_streams.mp4"))
    assert (info.video_stream, info.video_streams, info.width) == (0, 2, 320)


def test_a_picture_that_stands_is_sampled_again_in_whatever_segment(tmp_path: Path) -> None:
    times_s = [n / 25 for n in range(25)] + [4 + n / 25 for n in range(25)]
    pictures = [clips.flat(40 if time_s < 4 else 120) for time_s in times_s]
    path = clips.write_clip(tmp_path / "stands.mp4", pictures, times_s)
    info, sampling = probe(path), Sampling(step_s=0.25, long_side=32)
    spans = [SegmentSpan(0, -np.inf, 2.2), SegmentSpan(1, 2.2, np.inf)]
    frames = [frame for span in spans for frame in sample_frames(path, info, span, sampling, DecodeCounts())]
    gaps = np.diff([frame.time_s for frame in frames])
    assert gaps.min() > 0
    assert gaps.max() <= 0.8
    assert [frame.image_bgr.max() > 150 for frame in frames] == [frame.time_s >= 4 for frame in frames]
