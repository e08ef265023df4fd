"""The whole analysis: people of real clips, the schema of result.json, cancelling, segments, the keyframe scan."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.errors import Cancelled
from analysis.faces.keyframe_scan import spread_moments
from analysis.pipeline import (
    AnalysisOptions,
    Models,
    analyse,
    analyse_segment,
    load_models,
    plan_segments,
    scan_keyframes,
    stitch_and_group,
)
from analysis.samples.video import STORY
from analysis.types import FoundTrack, Progress, Thoroughness
from analysis.video.decode import probe
from analysis.video.prefetch import prefetch
from tests import clips

OPTIONS = AnalysisOptions()


def silent(progress: Progress) -> None:
    assert progress.done >= 0


@pytest.fixture(scope="module")
def models() -> Models:
    return load_models(OPTIONS)


@pytest.fixture(scope="module")
def sample(sample_film: Path) -> Path:
    """Two portraits in seven scenes: alone, together, and scenes with nobody."""
    return sample_film


def scene_borders() -> list[float]:
    return [float(value) for value in np.cumsum([scene.seconds for scene in STORY])[:-1]]


def test_the_sample_holds_two_people_and_no_track_crosses_a_cut(sample: Path, models: Models) -> None:
    result = analyse(sample, OPTIONS, silent, models)
    assert len(result.people) == 2
    for track in result.tracks:
        assert not any(track.start_s < border - 0.02 and track.end_s > border + 0.02 for border in scene_borders())
    seconds = {name: sum(scene.seconds for scene in STORY if name in scene.pictures) for name in ("collins", "hopper")}
    found = sorted(person.screen_time_s for person in result.people)
    assert found == pytest.approx(sorted(seconds.values()), abs=1.5)


def test_segments_give_the_same_people_as_one_piece(sample: Path, models: Models) -> None:
    options = replace(OPTIONS, segment_s=5.0)
    info = probe(sample)
    spans = plan_segments(info, options)
    assert len(spans) == 5 and spans[0].start_s == -math.inf and spans[-1].end_s == math.inf
    segments = [analyse_segment(sample, info, span, options, models, silent) for span in spans]
    bare = [replace(segment, tracks=tuple(without_pictures(track) for track in segment.tracks)) for segment in segments]
    grouping = stitch_and_group(bare, silent)
    assert len(grouping.people) == 2
    count = sum(len(segment.tracks) for segment in segments)
    assert sorted(number for track in grouping.tracks for number in track) == list(range(count))
    whole = analyse(sample, OPTIONS, silent, models)
    assert len(grouping.tracks) == pytest.approx(len(whole.tracks), abs=1)
    assert sum(segment.frames_decoded for segment in segments) == whole.frames_decoded


def without_pictures(track: FoundTrack) -> FoundTrack:
    return replace(track, faces=tuple(replace(face, picture_jpeg=b"") for face in track.faces))


def test_the_first_look_finds_both_people_quickly(sample: Path, models: Models) -> None:
    batches = list(scan_keyframes(sample, probe(sample), OPTIONS, models, silent))
    faces = [face for batch in batches for face in batch]
    assert 2 <= len(faces) <= 4
    assert all(face.picture_jpeg.startswith(b"\xff\xd8") for face in faces)


def test_moments_are_spread_from_coarse_to_fine() -> None:
    moments = spread_moments(10.0, 80.0, 7)
    assert moments == [50.0, 30.0, 70.0, 20.0, 40.0, 60.0, 80.0]


@pytest.mark.parametrize("thoroughness", list(Thoroughness))
def test_the_command_writes_the_promised_document(sample: Path, tmp_path: Path, thoroughness: Thoroughness) -> None:
    assert main(["analyse", str(sample), "--out", str(tmp_path), "--thoroughness", thoroughness]) == 0
    document = json.loads((tmp_path / "result.json").read_text())
    assert document["schema"] == 1
    assert set(document) == {"schema", "video", "people", "tracks", "timings_s", "models"}
    names = "duration_s width height rate_fps rotation_deg frames_decoded frames_sampled frames_damaged"
    assert set(document["video"]) == set(names.split())
    assert set(document["timings_s"]) == {"decode", "detect", "embed", "group", "total"}
    assert set(document["models"]) == {"detector", "embedder"}
    ids = [track["id"] for track in document["tracks"]]
    assert sorted(number for person in document["people"] for number in person["tracks"]) == sorted(ids)
    for track in document["tracks"]:
        assert len(track["times_s"]) == len(track["boxes_xyxy"]) == len(track["scores"]) >= 1
        assert (track["start_s"], track["end_s"]) == pytest.approx((track["times_s"][0], track["times_s"][-1]))
        assert (tmp_path / "tracks" / f"{track['id']}.jpg").read_bytes().startswith(b"\xff\xd8")
    assert len(document["people"]) == 2


def test_bad_input_is_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "noise.mp4").write_bytes(b"noise" * 100)
    assert main(["analyse", str(tmp_path / "noise.mp4"), "--out", str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_video_without_faces_is_a_result(tmp_path: Path, models: Models) -> None:
    result = analyse(clips.clip_with_cuts(tmp_path / "a.mp4", [30, 130]), OPTIONS, silent, models)
    assert result.people == () and result.tracks == () and result.frames_sampled > 5


def test_cancelling_stops_the_decoder(sample: Path, models: Models) -> None:
    before = threading.active_count()
    calls = []

    def cancel(progress: Progress) -> None:
        calls.append(progress)
        if len(calls) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        analyse(sample, OPTIONS, cancel, models)
    assert threading.active_count() == before


def test_a_failing_maker_raises_in_the_consumer() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise OSError("disk")

    ahead = prefetch(numbers(), 2)
    assert next(ahead) == 1
    with pytest.raises(OSError, match="disk"):
        next(ahead)


def test_closing_early_stops_the_maker() -> None:
    closed = threading.Event()

    def numbers() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    ahead = prefetch(numbers(), 2)
    next(ahead)
    ahead.close()
    assert closed.wait(2)


def test_pictures_are_handed_over_as_they_are_found(sample: Path, models: Models) -> None:
    kept: dict[int, bytes] = {}
    result = analyse(sample, OPTIONS, silent, models, keep_picture=kept.__setitem__)
    assert sorted(kept) == list(range(len(kept)))
    assert len(result.pictures) == len(result.tracks) > 0
    assert all(kept[number].startswith(b"\xff\xd8") for number in result.pictures)
    assert not any(face.picture_jpeg for track in result.tracks for face in track.faces)
