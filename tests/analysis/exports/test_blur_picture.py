"""A picture with faces hidden: all, some, all but some; what is written holds nothing of the source but its pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest

from analysis.__main__ import main
from analysis.exports.blur_picture import blur_picture_file, hide_faces
from analysis.exports.choice import BlurOptions, HideChoice, HidingStyle
from analysis.exports.hide_regions import cell_counts, regions_of
from analysis.exports.people import SeenPerson, TrackSightings
from analysis.exports.picture_people import FramePerson, people_at
from analysis.limited.process import LimitedProcess
from analysis.pipeline import AnalysisOptions, Models, load_models
from analysis.types import Image
from tests.analysis.portraits import portrait


@pytest.fixture(scope="module")
def models() -> Models:
    return load_models(AnalysisOptions())


@pytest.fixture(scope="module")
def pair() -> Image:
    """Collins at the left, Hopper at the right."""
    return np.ascontiguousarray(np.hstack([portrait("collins"), portrait("hopper")[:512]]))


def faces_in(models: Models, image_bgr: Image) -> int:
    return len(models.detector.detect(np.ascontiguousarray(image_bgr), min_score=0.8))


@pytest.mark.parametrize("style", list(HidingStyle))
def test_all_faces_are_hidden(models: Models, pair: Image, style: HidingStyle) -> None:
    picture = pair.copy()
    report = hide_faces(picture, models, BlurOptions(style=style))
    assert report.faces_hidden >= 2 and report.faces_found == 0
    assert faces_in(models, picture) == 0 and 0 < report.share_hidden < 0.6


def test_one_is_hidden_or_kept(models: Models, pair: Image) -> None:
    boxes = models.detector.detect(pair).boxes_xyxy
    at_left = 1 + int(np.flatnonzero(boxes[:, 0] < 512)[0])
    for whom, left, right in (
        (HideChoice(hide=frozenset({at_left})), 0, 1),
        (HideChoice(keep=frozenset({at_left})), 1, 0),
    ):
        picture = pair.copy()
        report = hide_faces(picture, models, BlurOptions(whom))
        assert (faces_in(models, picture[:, :512]), faces_in(models, picture[:, 512:])) == (left, right)
        assert report.faces_found == 0


def test_people_of_a_video_are_hidden_or_kept_in_its_frame(models: Models, pair: Image) -> None:
    """One is known by place, the other by looks alone."""
    faces = models.detector.detect(pair)
    is_left = faces.boxes_xyxy[:, 0] < 512
    at_left, at_right = int(np.flatnonzero(is_left)[0]), int(np.flatnonzero(~is_left)[0])
    box = faces.boxes_xyxy[at_left] / 2
    vectors = models.embedder.embed(models.embedder.align(pair, faces.landmarks[at_right : at_right + 1]))
    seen = [
        SeenPerson(7, (TrackSightings(np.array([1.0, 2.0]), np.stack([box, box])),)),
        SeenPerson(9, (), vectors),
    ]
    for whom, shown in (
        (HideChoice(hide=frozenset({7})), (0, 1)),
        (HideChoice(hide=frozenset({9})), (1, 0)),
        (HideChoice(keep=frozenset({7})), (1, 0)),
        (HideChoice(keep=frozenset({9})), (0, 0)),  # not seen there by the analysis: in doubt hidden
    ):
        people = [FramePerson.of_document(each.document()) for each in people_at(seen, whom, 1.5, (2.0, 2.0))]
        picture = pair.copy()
        report = hide_faces(picture, models, BlurOptions(whom), people)
        assert (faces_in(models, picture[:, :512]), faces_in(models, picture[:, 512:])) == shown, whom
        assert report.faces_found == 0


def test_the_command_writes_a_copy_without_metadata(
    pair: Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.jpg", tmp_path / "out.jpg"
    exif = PIL.Image.Exif()
    exif[0x010E] = "where it was taken"
    PIL.Image.fromarray(np.ascontiguousarray(pair[..., ::-1])).save(source, exif=exif)
    assert main(["blur", str(source), "--out", str(out)]) == 0
    assert "0 found again" in capsys.readouterr().out
    with PIL.Image.open(out) as written:
        assert written.size == (1024, 512) and not written.getexif()
    assert json.loads((tmp_path / "out.jpg.json").read_text())["faces_found"] == 0
    assert main(["blur", str(source), "--out", str(out), "--blur", "99"]) == 2
    source.write_bytes(b"no picture")
    assert main(["blur", str(source), "--out", str(out)]) == 2
    assert "unreadable_picture" in capsys.readouterr().err
    assert main(["blur", str(source), "--out", str(tmp_path / "out.txt")]) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"in.jpg", "out.jpg", "out.jpg.json"}


def test_a_picture_of_a_camera_takes_no_more_than_its_process_may_hold(
    pair: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one run the network alone would take 600 MB for it."""
    held: list[int] = []
    ask_once = LimitedProcess.ask_once

    def ask(self: LimitedProcess, *question: Any, **name: Any) -> Any:
        answer = ask_once(self, *question, **name)
        held.append(self.peak_memory_bytes)
        return answer

    monkeypatch.setattr(LimitedProcess, "ask_once", ask)
    canvas = np.full((2700, 3800, 3), 90, np.uint8)
    canvas[2188:, 2776:] = pair
    cv2.imwrite(str(tmp_path / "in.jpg"), canvas)
    report = blur_picture_file(tmp_path / "in.jpg", tmp_path / "out.jpg", BlurOptions(HideChoice()))
    assert (report.faces_hidden, report.faces_found) == (2, 0)
    assert 0.005 < report.share_hidden < 0.05
    assert 100_000_000 < max(held) < 400_000_000


def test_regions_and_cells_go_by_the_face() -> None:
    boxes = np.array([[10, 10, 30, 50], [-50, -50, -20, -20], [90, 90, 140, 140]], np.float32)
    regions = regions_of(boxes, 0.25, 100, 100)
    assert regions.tolist() == [[0, 0, 40, 60], [0, 0, 0, 0], [76, 76, 100, 100]]
    assert cell_counts(150, 150, 100) == (6, 6) and cell_counts(4, 4, 100) == (1, 1)
