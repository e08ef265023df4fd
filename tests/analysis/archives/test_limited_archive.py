"""Archives are read in a limited process: what comes back, and what becomes of one that goes too far."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.archives import limited_archive
from analysis.archives.errors import ArchiveLimit, BrokenList
from analysis.archives.limited_archive import ArchiveOptions, ArchiveUnit, ReadArchive
from analysis.archives.listed_files import MOST_MARKS
from analysis.limited.messages import Fields

LARGE = bytes(range(256)) * 10_000
"""Comes in blocks."""


def archive_at(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def units_of(path: Path, folder: Path | None = None, **options: Any) -> list[ArchiveUnit]:
    file_for = (lambda number: folder / str(number)) if folder else None
    with limited_archive.opened(path, ArchiveOptions(10**7, clips=bool(folder), **options), lambda note: None) as read:
        return list(read.units(file_for))


def test_files_come_whole_whatever_their_size(tmp_path: Path) -> None:
    members: dict[str, Any] = {
        "cat/a.png": b"a",
        "cat/b.png": LARGE,
        "dog/c.png": b"",
        **{f"dog/{n}.png": b"n" for n in range(120)},
    }
    path = archive_at(tmp_path / "a.zip", members)
    found = units_of(path)
    assert {unit.file: unit.content for unit in found} == members
    assert {unit.file: unit.marks[0].label for unit in found} == {name: name[:3] for name in members}
    assert units_of(path, start=100) == found[100:]
    files = units_of(path, tmp_path, start=1)
    assert [unit.content for unit in files[:2]] == ["not_a_sample"] * 2  # pictures where clips are asked for


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("name", ["a.mp4", "a.bin"])
def test_a_damaged_file_leaves_nothing_and_the_next_one_comes(name: str, content: bytes, tmp_path: Path) -> None:
    path = archive_at(tmp_path / "a.zip", {name: content, "b.mp4": LARGE})
    broken = bytearray(path.read_bytes())
    broken[broken.index(content) + len(content) - 1] ^= 1
    path.write_bytes(broken)
    (tmp_path / "files").mkdir()
    damaged, sound = units_of(path, tmp_path / "files")
    assert damaged.content == "unreadable"
    assert isinstance(sound.content, Path) and sound.content.read_bytes() == LARGE
    assert list((tmp_path / "files").iterdir()) == [sound.content]


def test_one_that_takes_too_much_memory_ends_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive_at(tmp_path / "a.zip", {f"{n}" * 20: b"" for n in range(20_000)})
    assert len(units_of(path)) == 20_000
    monkeypatch.setattr(limited_archive, "MEMORY_BYTES", 1_000_000)
    with pytest.raises(ArchiveLimit, match=r"a\.zip"):
        units_of(path)


def test_more_boxes_in_one_picture_than_are_stored_together_are_refused(tmp_path: Path) -> None:
    listed: dict[str, Any] = {"images": [{"id": 1, "file_name": "0.png"}], "categories": []}
    boxes = [{"image_id": 1, "bbox": [0, 0, 9, 9]}] * MOST_MARKS
    path = archive_at(tmp_path / "a.zip", {"0.png": b"0", "coco.json": json.dumps(listed | {"annotations": boxes})})
    (unit,) = units_of(path)
    assert len(unit.marks) == MOST_MARKS
    archive_at(path, {"0.png": b"0", "coco.json": json.dumps(listed | {"annotations": boxes * 2})})
    with pytest.raises(BrokenList, match=rf"annotations\[{MOST_MARKS}\] many"):
        units_of(path)


def said(*messages: tuple[Fields, Sequence[bytes]]) -> Iterator[tuple[Fields, list[bytearray]]]:
    for fields, parts in messages:
        yield fields, [bytearray(part) for part in parts]


def test_a_process_that_was_taken_over_cannot_fill_the_disk(tmp_path: Path) -> None:
    unit: dict[str, Any] = {
        "name": "a",
        "file": "a",
        "marks": [],
        "row": {},
        "part": "",
        "boxed": None,
        "has_own_boxes": False,
    }
    unit |= {"why_none": "", "bytes": 10}
    flood = ReadArchive(said(({"units": [unit]}, []), *[({}, [b"12345"])] * 1000))  # type: ignore[arg-type]
    with pytest.raises(ArchiveLimit):
        list(flood.units(lambda number: tmp_path / str(number)))
    assert (tmp_path / "0").stat().st_size <= 10
