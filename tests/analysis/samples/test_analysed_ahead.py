"""What was found in the sample ahead: read back bit by bit, and only by the code that wrote it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.samples import analysed_ahead, edition
from analysis.samples.analysed_ahead import SampleAnalysis
from analysis.types import FoundFace, FoundTrack, SegmentResult, SegmentSpan, VideoInfo, ViewMeasures
from analysis.weights import sample_analysis_path

INFO = VideoInfo(24.0, 960, 540, 25.0, 0, 0.0, "mov,mp4", "h264", "yuv420p", "", 1000, 600)


def found() -> SampleAnalysis:
    """One track with two views, one of which an embedder file cannot read again."""
    rng = np.random.default_rng(0)
    faces = tuple(
        FoundFace(
            time_s=0.1,
            box_xyxy=rng.random(4, np.float32),
            landmarks=rng.random((5, 2), np.float32),
            score=0.9,
            quality=0.7,
            embedding=rng.random(8, np.float32),
            picture_jpeg=b"\xff\xd8\x00",
            measures=ViewMeasures(1.0, -3.0, 2.0, 0.5),
            picture_landmarks=landmarks,
        )
        for landmarks in (rng.random((5, 2), np.float32), None)
    )
    track = FoundTrack(np.array([0.1, 0.35]), rng.random((2, 4), np.float32), np.array([0.9, 0.8], np.float32), faces)
    span = SegmentSpan(0, -np.inf, np.inf)
    return SampleAnalysis(
        "abc", INFO, "detector", "embedder", SegmentResult(span, (track,), 600, 96, 0, {"decode": 1.5})
    )


def flat(value: Any) -> Any:
    return json.dumps(analysed_ahead._plain(value), sort_keys=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(analysed_ahead, "_analyse", lambda _: found())
    analysed_ahead.analyse_ahead(tmp_path)
    return tmp_path


def test_it_is_read_as_it_was_found(folder: Path) -> None:
    read = analysed_ahead.read_ahead(folder)
    assert read is not None and flat(read) == flat(found())
    assert dataclasses.asdict(read.info) == dataclasses.asdict(INFO)
    assert read.segment.tracks[0].faces[0].embedding.dtype == np.float32


def test_other_code_or_libraries_analyse_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sample_analysis_path(folder).read_text()
    monkeypatch.setattr(edition, "edition", lambda: "another")
    assert analysed_ahead.read_ahead(folder) is None
    analysed_ahead.analyse_ahead(folder)
    assert sample_analysis_path(folder).read_text() != before and analysed_ahead.read_ahead(folder) is not None


def test_the_edition_follows_the_versions_of_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    before = edition.edition()
    edition.edition.cache_clear()
    monkeypatch.setattr(edition, "version", lambda _: "99")
    assert edition.edition() != before
    edition.edition.cache_clear()


@pytest.mark.parametrize("content", ["", "{", "{}", "not JSON"])
def test_a_damaged_file_is_as_none(content: str, tmp_path: Path) -> None:
    sample_analysis_path(tmp_path).write_text(content)
    assert analysed_ahead.read_ahead(tmp_path) is None
