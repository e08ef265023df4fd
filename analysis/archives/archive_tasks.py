"""Reads an archive in a limited process: what it holds, then each of its files. Asked by `limited_archive`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.archives import box_cells, listed_files, part_folders, zip_archive
from analysis.archives.archive_items import LIST_SUFFIXES, Item, ItemsReading, Told
from analysis.archives.errors import BrokenList, UnsupportedCompression
from analysis.archives.listed_files import Mark
from analysis.archives.zip_archive import Archive, ArchiveEntry
from analysis.images.read import SUFFIXES
from analysis.limited.messages import Fields, Message

SAID_TOGETHER = 1000
WHOLE_BYTES = zip_archive.BLOCK_BYTES
"""A file up to this size is said with its unit, a larger one in blocks behind it."""
UNITS_TOGETHER = 50
TOO_LARGE, UNREADABLE, NOT_A_SAMPLE = "too_large", "unreadable", "not_a_sample"
"""Why a unit has no content."""


def read(fields: Fields, parts: Sequence[bytearray]) -> Iterator[Message]:
    """Says notes and labels, how many units there are, then those from `start` on with their contents.

    Several stand in one message. One whose content follows in blocks is the last of its message; behind the blocks
    stands whether they are whole.
    """
    told = Told()
    try:
        with zip_archive.opened(Path(fields["path"])) as archive:
            reading = _items_reading(archive, told, fields)
            items = reading.items()
            yield from _told("labels", [asdict(label) for label in told.labels])
            yield from _told("notes", told.notes)
            yield {"total": len(items)}, []
            yield from _units(reading, items[fields["start"] :], fields)
    except UnsupportedCompression as error:
        yield from _told("notes", [{"code": error.code, "file": error.file, "method": error.method}])
        raise
    except BrokenList:
        yield from _told("notes", told.notes)
        raise


def _items_reading(archive: Archive, told: Told, fields: Fields) -> ItemsReading:
    depth = part_folders.depth_of_parts([entry.parts for entry in archive.files]) if fields["keeps_parts"] else None
    return ItemsReading(archive, told, not fields["clips"], depth)


def _told(key: str, what: Sequence[dict[str, Any]]) -> Iterator[Message]:
    for at in range(0, len(what), SAID_TOGETHER):
        yield {key: what[at : at + SAID_TOGETHER]}, []


def _units(reading: ItemsReading, items: Sequence[Item], fields: Fields) -> Iterator[Message]:
    units: list[Fields] = []
    contents: list[bytes] = []
    for item in items:
        unit = _unit(reading, item, fields)
        units.append(unit)
        is_large = False
        if not unit["why_none"] and item.entry:
            is_large = item.entry.info.file_size > WHOLE_BYTES
            if is_large:
                unit["bytes"] = item.entry.info.file_size
            else:
                _take_whole(unit, reading.archive, item.entry, contents)
        if is_large or len(units) == UNITS_TOGETHER or sum(map(len, contents)) > WHOLE_BYTES:
            yield {"units": units}, contents
            units, contents = [], []
        if is_large and item.entry:
            yield from _blocks(reading.archive, item.entry)
    yield {"units": units}, contents


def _unit(reading: ItemsReading, item: Item, fields: Fields) -> Fields:
    row = dict(item.row)
    boxed = box_cells.of_cell(cell) if (cell := row.pop(listed_files.BOXES, "")) else None
    return {
        "name": item.name,
        "file": item.entry.name if item.entry else None,
        "marks": [_mark(mark) for mark in item.marks],
        "row": row,
        "boxed": asdict(boxed) if boxed else None,
        "has_own_boxes": bool(cell),
        "part": reading.part_of(item),
        "why_none": _why_none(item.entry, fields),
    }


def _mark(mark: Mark) -> list[Any]:
    return [mark.label, mark.box_xywh, mark.boxes]


def _why_none(entry: ArchiveEntry | None, fields: Fields) -> str:
    if entry is None:
        return UNREADABLE
    if entry.is_odd:
        return NOT_A_SAMPLE
    suffix = PurePosixPath(entry.parts[-1]).suffix.lower()
    if fields["clips"] and (suffix in SUFFIXES - {".gif"} or suffix in LIST_SUFFIXES or suffix == ".txt"):
        return NOT_A_SAMPLE  # known without looking, which takes a process for each
    return TOO_LARGE if entry.info.file_size > fields["most_bytes"] else ""


def _take_whole(unit: Fields, archive: Archive, entry: ArchiveEntry, contents: list[bytes]) -> None:
    try:
        contents.append(b"".join(archive.blocks(entry)))
    except zip_archive.DAMAGES:
        unit["why_none"] = UNREADABLE


def _blocks(archive: Archive, entry: ArchiveEntry) -> Iterator[Message]:
    try:
        for block in archive.blocks(entry):
            yield {}, [block]
    except zip_archive.DAMAGES:
        yield {"is_whole": False}, []
    else:
        yield {"is_whole": True}, []
