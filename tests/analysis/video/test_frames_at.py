"""Single frames at given moments, and clips cut out of videos."""

from pathlib import Path

import numpy as np
import pytest

from analysis.errors import Cancelled, UnreadableVideo
from analysis.types import EXACT_TOLERANCE_S, Progress
from analysis.video import frames_at as moments
from analysis.video.cut_clip import SMALL_SIDE, cut_clip
from analysis.video.decode import probe
from analysis.video.frames_at import cut_square, frames_at, whole_picture
from tests.clips import flat, late_start, steady_clip, turned_clip, with_sound, write_clip


def shades_clip(target: Path, seconds: int) -> Path:
    """Each second has a shade of its own."""
    return write_clip(target, [flat(20 * (n // 25)) for n in range(25 * seconds)], options={"g": "25"})


def shades_at(path: Path, times_s: list[float]) -> dict[int, int]:
    """Index of each moment -> shade of the lower right corner."""
    info = probe(path)
    found = {}
    for index, frame in frames_at(path, info, times_s):
        found[index] = round(float(whole_picture(frame, 1000)[-20:, -20:].mean()))
    return found


def test_each_moment_has_the_frame_that_is_shown_then(tmp_path: Path) -> None:
    path = shades_clip(tmp_path / "a.mp4", 6)
    times_s = [0.0, 0.5, 2.2, 2.6, 5.5]
    assert shades_at(path, times_s) == pytest.approx({0: 0, 1: 0, 2: 40, 3: 40, 4: 100}, abs=3)


def test_a_frames_own_time_gives_that_frame_and_not_the_one_before(tmp_path: Path) -> None:
    path = shades_clip(tmp_path / "a.mp4", 3)
    exact = frames_at(path, probe(path), [1.0, 2.0], tolerance_s=EXACT_TOLERANCE_S)
    assert [frame.time_s for _index, frame in exact] == pytest.approx([1.0, 2.0], abs=1e-3)
    assert [frame.time_s < 1 for _index, frame in frames_at(path, probe(path), [1.0])] == [True]


def test_moments_far_apart_are_sought_and_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shades_clip(tmp_path / "a.mp4", 8)
    times_s = [0.5, 3.5, 7.5]
    together = shades_at(path, times_s)
    monkeypatch.setattr(moments, "SEEK_BEYOND_S", 0.5)
    assert shades_at(path, times_s) == together == pytest.approx({0: 0, 1: 60, 2: 140}, abs=3)


def test_moments_behind_the_end_have_no_frame_and_no_moments_no_frames(tmp_path: Path) -> None:
    path = shades_clip(tmp_path / "a.mp4", 2)
    assert set(shades_at(path, [1.0, 4.0, 60.0])) == {0}
    assert shades_at(path, []) == {}


def test_times_are_the_containers_own(tmp_path: Path) -> None:
    path = late_start(steady_clip(tmp_path / "a.mp4"), tmp_path / "late.ts")
    info = probe(path)
    times = [frame.time_s for _index, frame in frames_at(path, info, [info.start_s, info.start_s + 1])]
    assert times == pytest.approx([info.start_s, info.start_s + 1], abs=0.1)


def test_a_turned_video_gives_upright_pictures_and_squares(tmp_path: Path) -> None:
    path = turned_clip(steady_clip(tmp_path / "a.mp4"), tmp_path / "turned.mp4", 90)
    info = probe(path)
    _index, frame = next(frames_at(path, info, [0.5]))
    assert whole_picture(frame, 1000).shape == (160, 96, 3)
    square = cut_square(frame, info, np.array([40, 70, 60, 90], np.float32), 1.8)
    assert square.shape == (36, 36, 3)


def test_the_caller_hears_of_each_frame_and_may_stop(tmp_path: Path) -> None:
    path = steady_clip(tmp_path / "a.mp4")

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(frames_at(path, probe(path), [1.5], stop))


def test_a_clip_is_small_silent_and_as_long_as_asked(tmp_path: Path) -> None:
    large = write_clip(tmp_path / "large.mp4", [flat(n, 1280, 720) for n in range(50)])
    source, target = with_sound(large, tmp_path / "sound.mp4"), tmp_path / "clip.mp4"
    heard: list[Progress] = []
    cut_clip(source, target, probe(source), 0.5, 1.0, heard.append)
    info = probe(target)
    assert (info.width, info.height) == (640, SMALL_SIDE)
    assert info.duration_s == pytest.approx(1.0, abs=0.1)
    assert (info.audio_codec, info.video_codec, info.pixel_format) == ("", "h264", "yuv420p")
    assert heard


def test_the_same_stretch_gives_the_same_bytes(tmp_path: Path) -> None:
    source = shades_clip(tmp_path / "a.mp4", 3)
    for name in ("one.mp4", "two.mp4"):
        cut_clip(source, tmp_path / name, probe(source), 1.0, 1.0, lambda _progress: None)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_what_cannot_be_read_leaves_no_clip(tmp_path: Path) -> None:
    source = steady_clip(tmp_path / "a.mp4")
    info = probe(source)
    source.write_bytes(b"no video")
    with pytest.raises(UnreadableVideo):
        cut_clip(source, tmp_path / "clip.mp4", info, 0.0, 1.0, lambda _progress: None)
    assert not (tmp_path / "clip.mp4").exists()
