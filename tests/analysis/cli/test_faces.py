"""`python -m analysis faces`: its JSON, and what it says of bad input."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.__main__ import main
from tests.analysis.portraits import portrait


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    (pictures / "within").mkdir(parents=True)
    cv2.imwrite(str(pictures / "hopper.jpg"), portrait("hopper"))
    cv2.imwrite(str(pictures / "within" / "plain.PNG"), np.full((50, 70, 3), 99, np.uint8))
    (pictures / "notes.txt").write_text("not looked at")
    return pictures


def test_faces_with_everything_that_is_known_of_them(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "faces.json"
    assert main(["faces", str(folder), "--out", str(out), "--embeddings"]) == 0
    hopper, plain = json.loads(out.read_text())
    assert (hopper["file"], hopper["width"], hopper["height"]) == (str(folder / "hopper.jpg"), 512, 600)
    assert (plain["width"], plain["height"], plain["faces"]) == (70, 50, [])
    [face] = hopper["faces"]
    x1, y1, x2, y2 = face["box_xyxy"]
    assert all(x1 < x < x2 and y1 < y < y2 for x, y in face["landmarks"])
    assert 0.6 < face["score"] <= 1
    assert 0.5 < face["quality"] <= 1
    assert np.linalg.norm(face["embedding"]) == pytest.approx(1, abs=1e-3)
    assert face["presence"] > 0.9 and face["clear"] is True
    assert abs(face["yaw_deg"]) < 30 > abs(face["pitch_deg"])


def test_without_asking_there_are_no_embeddings_and_nothing_above_the_score(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "faces.json"
    assert main(["faces", str(folder / "hopper.jpg"), "--out", str(out), "--thoroughness", "fast"]) == 0
    [face] = json.loads(out.read_text())[0]["faces"]
    assert {"embedding", "clear", "presence", "yaw_deg", "pitch_deg"}.isdisjoint(face)
    assert main(["faces", str(folder / "hopper.jpg"), "--out", str(out), "--min-score", "0.999"]) == 0
    assert json.loads(out.read_text())[0]["faces"] == []


def test_one_bad_picture_among_others_is_an_entry(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.jpg").write_bytes(b"\xff\xd8 nothing")
    out = tmp_path / "faces.json"
    assert main(["faces", str(folder), "--out", str(out)]) == 0
    bad, hopper, _ = json.loads(out.read_text())
    assert bad == {"file": str(folder / "bad.jpg"), "error": "unreadable_picture", "faces": []}
    assert len(hopper["faces"]) == 1
    assert capsys.readouterr().err.count("bad.jpg") == 1


@pytest.mark.parametrize("name", ["bad.jpg", "absent.jpg", "empty"])
def test_bad_input_is_status_2_and_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    (tmp_path / "empty").mkdir()
    assert main(["faces", str(tmp_path / name), "--out", str(tmp_path / "out.json")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("unreadable_picture: ")
    assert name in lines[0]
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("options", [["--min-score", "2"], ["--out", "/nowhere/faces.json"]])
def test_bad_options_are_status_2_and_one_line(
    options: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faces", str(folder), "--out", str(tmp_path / "out.json"), *options]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
