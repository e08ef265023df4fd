"""Reels: which moments, exact frames, sound where the picture is, one size and rate, captions in any letters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from analysis.__main__ import main
from analysis.errors import Cancelled, NothingToShow
from analysis.exports import captions
from analysis.exports.captions import CaptionPen, drawable
from analysis.exports.moments import ReelMoment, ReelOptions, ReelOrder, ReelSource, choose_moments, count_short
from analysis.exports.people import SeenPerson, TrackSightings
from analysis.exports.reel import write_reel
from analysis.exports.reel_tasks import clock
from analysis.types import Image, Progress, SegmentSpan
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from analysis.weights import CAPTION_FONT, verified_path
from tests import clips


def silent(progress: Progress) -> None:
    assert progress.stage in ("cut", "join")


def numbered(target: Path, seconds: float = 4.0, rate_fps: int = 25, size: tuple[int, int] = (160, 96)) -> Path:
    """A film whose frames tell their numbers by how bright eight stripes are."""
    pictures = []
    for number in range(round(seconds * rate_fps)):
        bits = [200 if number >> bit & 1 else 40 for bit in range(8)]
        row = np.repeat(np.array(bits, np.uint8), size[0] // 8)
        pictures.append(np.repeat(np.tile(row, (size[1], 1))[..., None], 3, axis=2))
    return clips.write_clip(target, pictures, [n / rate_fps for n in range(len(pictures))])


def numbers_in(path: Path, rows: slice = slice(10, 20), columns: slice = slice(None)) -> list[int]:
    every = Sampling(0, 640, references_only=False, deblock=True)
    found = []
    for frame in sample_frames(path, probe(path), SegmentSpan(0, -1, 1e9), every, DecodeCounts()):
        stripes = frame.image_bgr[rows, columns, 0].mean(axis=0).reshape(8, -1).mean(axis=1)
        found.append(sum(1 << bit for bit, bright in enumerate(stripes) if bright > 120))
    return found


def person(number: int, *spans: tuple[float, float], name: str = "") -> SeenPerson:
    tracks = [np.arange(start, end, 0.25) for start, end in spans]
    sightings = tuple(TrackSightings(times, np.zeros((len(times), 4), np.float32)) for times in tracks)
    return SeenPerson(number, sightings, name=name or f"Person {number}")


def source(path: Path, *people: SeenPerson, recorded_s: float | None = None) -> ReelSource:
    return ReelSource(path, probe(path), path.stem, people, recorded_s)


def test_moments_are_padded_joined_and_long_enough(tmp_path: Path) -> None:
    film = source(numbered(tmp_path / "a.mp4", 8.0), person(1, (1.0, 2.5), (3.5, 5.0), (6.5, 6.75)), person(2, (4, 5)))
    [moment] = choose_moments([film], ReelOptions(join_within_s=0.2))
    assert (moment.start_s, moment.end_s, moment.names) == (0.5, 5.5, ("Person 1", "Person 2"))
    assert moment.names_at(0.7) == () and moment.names_at(4.5) == ("Person 1", "Person 2")
    [both] = choose_moments([film], ReelOptions(together=True, padding_s=0))
    assert (both.start_s, both.end_s) == (4.0, 5.0)
    assert (
        choose_moments([film], ReelOptions(min_s=5)) == choose_moments([replace(film, people=())], ReelOptions()) == []
    )


def test_stretches_are_joined_before_they_are_measured(tmp_path: Path) -> None:
    short = (person(1, (1.0, 1.5), (2.75, 3.25), (6.0, 6.5)), person(2, (1.5, 2.0)))
    film = source(numbered(tmp_path / "a.mp4", 8.0), *short)
    options = ReelOptions(padding_s=0)
    [moment] = choose_moments([film], options)
    assert (moment.start_s, moment.end_s) == (1.0, 3.25)
    assert count_short([film], options) == 1


def test_several_videos_go_by_video_or_by_time(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.mp4", 8.0)
    first = source(path, person(1, (1, 3), (6, 8)), recorded_s=1000.0)
    second = source(path, person(1, (2, 4)), recorded_s=1002.5)
    by_video = choose_moments([first, second], ReelOptions(padding_s=0))
    assert [moment.source for moment in by_video] == [0, 0, 1]
    by_time = choose_moments([first, second], ReelOptions(ReelOrder.TIME, padding_s=0))
    assert [moment.source for moment in by_time] == [0, 1, 0]


def test_exactly_the_frames_between_are_shown(tmp_path: Path) -> None:
    film = source(numbered(tmp_path / "a.mp4"))
    moments = [ReelMoment(0, 0.52, 0.8), ReelMoment(0, 3.0, 3.2), ReelMoment(0, 0.0, 0.1)]
    report = write_reel([film], moments, tmp_path / "reel.mp4", silent, captions=False)
    assert numbers_in(tmp_path / "reel.mp4") == [13, 14, 15, 16, 17, 18, 19, 75, 76, 77, 78, 79, 0, 1, 2]
    assert [part.frames for part in report.parts] == [7, 5, 3] and report.frames == 15
    assert [part.at_s for part in report.parts] == pytest.approx([0, 0.28, 0.48])
    assert probe(tmp_path / "reel.mp4").audio_codec == ""


def test_another_size_and_rate_are_fitted_to_what_is_shown_longest(tmp_path: Path) -> None:
    wide = source(numbered(tmp_path / "wide.mp4"))
    tall = source(numbered(tmp_path / "tall.mp4", 2.0, rate_fps=50, size=(80, 96)))
    moments = [ReelMoment(0, 0.0, 1.0), ReelMoment(1, 0.4, 0.8)]
    report = write_reel([wide, tall], moments, tmp_path / "reel.mp4", silent, captions=False)
    assert (report.width, report.height, report.rate_fps, report.frames) == (160, 96, 25.0, 35)
    assert numbers_in(tmp_path / "reel.mp4", columns=slice(40, 120))[25:] == list(range(20, 40, 2))
    again = write_reel(
        [tall, wide], [ReelMoment(0, 0, 2), ReelMoment(1, 1, 1.2)], tmp_path / "reel.mp4", silent, captions=False
    )
    assert again.rate_fps == 50.0
    assert numbers_in(tmp_path / "reel.mp4", rows=slice(40, 56))[100:] == [25, 25, 26, 26, 27, 27, 28, 28, 29, 29]


def test_sound_is_where_its_picture_is(tmp_path: Path) -> None:
    silent_film, loud = numbered(tmp_path / "a.mp4"), tmp_path / "loud.mp4"
    beeps = "aevalsrc=sin(2*PI*500*t)*between(t\\,2\\,2.2):d=4"
    clips.ffmpeg("-i", silent_film, "-f", "lavfi", "-i", beeps, "-c:v", "copy", "-c:a", "aac", loud)
    moments = [ReelMoment(0, 0.0, 1.0), ReelMoment(1, 1.6, 2.6), ReelMoment(0, 0.0, 0.4)]
    write_reel([source(silent_film), source(loud)], moments, tmp_path / "reel.mp4", silent, captions=False)
    assert (probe(tmp_path / "reel.mp4").audio_codec, probe(tmp_path / "reel.mp4").video_codec) == ("aac", "h264")
    clips.ffmpeg("-i", tmp_path / "reel.mp4", "-f", "f32le", "-ac", "1", "-ar", "8000", tmp_path / "raw")
    loud_at = np.flatnonzero(np.abs(np.fromfile(tmp_path / "raw", np.float32)) > 0.2) / 8000
    assert (loud_at[0], loud_at[-1]) == pytest.approx((1.4, 1.6), abs=0.03)


def test_a_reel_that_is_given_up_leaves_nothing_behind(tmp_path: Path) -> None:
    film, folder = source(numbered(tmp_path / "a.mp4")), tmp_path / "out"
    folder.mkdir()

    def give_up(progress: Progress) -> None:
        assert list(folder.iterdir())
        raise Cancelled

    with pytest.raises(Cancelled):
        write_reel([film], [ReelMoment(0, 0, 4)], folder / "reel.mp4", give_up)
    assert list(folder.iterdir()) == []
    with pytest.raises(NothingToShow):
        write_reel([film], [ReelMoment(0, 7, 8)], folder / "reel.mp4", silent)
    assert list(folder.iterdir()) == []


def dark(width: int = 640, height: int = 360) -> Image:
    return np.full((height * 3 // 2, width), 128, np.uint8)


def test_captions_are_drawn_in_chinese_and_never_as_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    font = ImageFont.truetype(str(verified_path(CAPTION_FONT)), 20)
    assert drawable("王小明 Élodie Иван", font) == "王小明 Élodie Иван"
    assert drawable("Dvořák", font) == "Dvořák" or drawable("Dvořák", font) == "Dvorák"
    assert drawable("नमस्ते", font) == drawable("😀", font) == ""
    planes, pen = dark(), CaptionPen(640, 360)
    pen.draw(planes, ["王小明", "holiday", "0:12"])
    assert (planes[:360] > 200).any() and (planes[:300] == 128).all() and (planes[:, 600:] == 128).all()
    same = dark()
    pen.draw(same, ["नमस्ते"])
    assert (same == 128).all()
    narrow = dark(64, 48)
    CaptionPen(64, 48).draw(narrow, ["a name that is longer than the picture is wide"])
    assert (narrow[:48] > 180).any()
    monkeypatch.setattr(captions, "_font", lambda _size: None)
    CaptionPen(640, 360).draw(same, ["Tom"])
    assert (same == 128).all()
    assert [clock(value) for value in (5.9, 750, 3723)] == ["0:05", "12:30", "1:02:03"]


def test_the_command_cuts_what_the_result_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, out = numbered(tmp_path / "a.mp4"), tmp_path / "reel.mp4"
    info = probe(film)
    track = {"id": 1, "times_s": [1.0, 1.25, 1.5, 1.75], "boxes_xyxy": [[0, 0, 9, 9]] * 4, "picture": "tracks/1.jpg"}
    document = {
        "video": {"duration_s": info.duration_s, "width": info.width, "height": info.height},
        "people": [{"id": 1, "tracks": [1]}],
        "tracks": [track],
    }
    (tmp_path / "result.json").write_text(json.dumps(document))
    command = ["reel", str(film), "--result", str(tmp_path), "--out", str(out), "--person"]
    assert main([*command, "1=Tom", "--padding", "0.2"]) == 0
    assert numbers_in(out)[:2] == [20, 21] and "1 moments, 35 frames" in capsys.readouterr().out
    assert json.loads(out.with_name("reel.mp4.json").read_text())["parts"][0]["names"] == ["Tom"]
    assert main([*command, "1:7"]) == 2 and "unknown_person" in capsys.readouterr().err
    assert main([*command, "1", "--min", "60"]) == 2 and NothingToShow.code in capsys.readouterr().err
