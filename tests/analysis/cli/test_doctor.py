"""`python -m analysis doctor`: its JSON, and what it says of bad input."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.__main__ import main
from tests.analysis.doctor.scenes import scene
from tests.analysis.portraits import portrait


def write(folder: Path, name: str, image: np.ndarray) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(folder / name), image)
    return folder / name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    for number in range(12):
        write(pictures / "公園", f"{number}.png", scene(number))
    for number in range(3):
        write(pictures / "street", f"{number}.png", scene(100 + number))
    write(pictures / "street", "dark.png", scene(200) // 6)
    write(pictures / "street", "soft.png", cv2.GaussianBlur(scene(201), (0, 0), 4))
    write(pictures / "street", "again.jpg", cv2.resize(scene(3), (120, 90), interpolation=cv2.INTER_AREA))
    write(pictures, "unlabelled.png", scene(300))
    (pictures / "street" / "bad.jpg").write_bytes(b"\xff\xd8 nothing")
    return pictures


def test_planted_defects_are_in_the_report(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "findings.json"
    assert main(["doctor", str(folder), "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["pictures"] == 19
    assert report["unreadable"] == [{"file": str(folder / "street" / "bad.jpg"), "error": "unreadable_picture"}]
    assert [each["file"] for each in report["dark"]] == [str(folder / "street" / "dark.png")]
    assert [each["file"] for each in report["blurred"]] == [str(folder / "street" / "soft.png")]
    [copies] = report["duplicates"]
    assert set(copies["files"]) == {str(folder / "公園" / "3.png"), str(folder / "street" / "again.jpg")}
    assert {each["label"] for each in report["thin_labels"]} == {"公園", "street"}
    assert "mixed_identities" not in report
    assert capsys.readouterr().err.count("bad.jpg") == 1


def test_labels_that_are_people_are_examined_as_people(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    for number, size in enumerate((512, 480, 450, 400)):
        write(pictures / "Grace", f"a{number}.png", cv2.resize(portrait("hopper"), (size, round(size * 600 / 512))))
        write(pictures / "Grace", f"b{number}.png", cv2.resize(portrait("collins"), (size, size)))
    out = tmp_path / "findings.json"
    assert main(["doctor", str(pictures), "--out", str(out), "--people"]) == 0
    [mixed] = json.loads(out.read_text())["mixed_identities"]
    assert mixed["person"] == "Grace"
    assert mixed["looks_like_several"]
    assert {frozenset(Path(file).name[0] for file in part) for part in mixed["parts"]} == {
        frozenset("a"),
        frozenset("b"),
    }


@pytest.mark.parametrize("name", ["absent", "empty", "file.png", "only_bad"])
def test_bad_input_is_status_2_and_names_it(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path, "file.png", scene(1))
    (tmp_path / "only_bad").mkdir()
    (tmp_path / "only_bad" / "bad.jpg").write_bytes(b"nothing")
    assert main(["doctor", str(tmp_path / name), "--out", str(tmp_path / "out.json")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("unreadable_picture: ")
    assert name in last
    assert not (tmp_path / "out.json").exists()


def test_nowhere_to_write_is_status_2_and_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(folder), "--out", "/nowhere/findings.json"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
