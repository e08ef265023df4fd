"""What an archive holds, in the order in which it is taken: its files, with what its lists say of each.

Folders are labels (perhaps with a sources.csv), or there is a COCO list, a CSV table, or a list beside each picture.
Runs in the limited process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote

from analysis.archives import box_layouts, json_rows, list_text, listed_files, part_folders, tables, zip_archive
from analysis.archives.errors import BrokenList
from analysis.archives.list_text import Broken
from analysis.archives.listed_files import ArchiveLabel, Listed, Mark, TableRow
from analysis.archives.zip_archive import Archive, ArchiveEntry, Parts

SOURCES, DESCRIPTION = "sources.csv", "rollcall.json"
MOST_LIST_BYTES = 256 * 1024**2
"""JSON is read row by row, so that its length costs time only."""
LIST_SUFFIXES = (".csv", ".json")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """A unit: one file, with one sample or several in it. Without an entry the list names a file that is not there."""

    entry: ArchiveEntry | None
    name: str
    marks: tuple[Mark, ...]
    row: TableRow = field(default_factory=dict)


@dataclass(slots=True)
class Told:
    """What is to be said of the archive as a whole: labels in the order of their making, and notes."""

    labels: list[ArchiveLabel] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def note(self, code: str, **facts: Any) -> None:
        self.notes.append({"code": code} | facts)


@dataclass(frozen=True, slots=True)
class ItemsReading:
    """Finds the items. `depth_of_parts`: how deep the folders lie that are parts, None where they are labels."""

    archive: Archive
    told: Told
    has_boxes: bool
    """Of pictures: clips have no lists beside them."""
    depth_of_parts: int | None

    def items(self) -> list[Item]:
        """Raises BrokenList, after the note that says where."""
        lists = _Lists(self.archive, self.told)
        coco = [entry for entry in lists.ending(".json") if lists.is_coco(entry)]
        rows = [entry for entry in lists.ending(".csv") if lists.is_table(entry)]
        labels = {
            name: each
            for entry in lists.called(DESCRIPTION)
            for name, each in lists.parsed(entry, listed_files.own_labels).items()
        }
        if coco:
            return self._of_coco(lists, coco)
        self.told.labels += labels.values()
        if rows:
            return [_item(lists, entry, listed) for entry in rows for listed in lists.table(entry)]
        return self._of_boxes(lists) or self._of_folders(lists, labels)

    def _of_boxes(self, lists: _Lists) -> list[Item]:
        """Returns none where the archive is laid out for neither YOLO nor Pascal VOC."""
        layout = box_layouts.found_in(self.archive.files, lists.parsed) if self.has_boxes else None
        if layout is None:
            return []
        self.told.labels += [ArchiveLabel(name) for name in layout.classes]
        if layout.unknown:
            self.told.note(listed_files.UNKNOWN_CATEGORY, count=layout.unknown)
        if layout.is_without_names:
            self.told.note("no_class_names")
        return [Item(entry, entry.parts[-1], marks) for entry, marks in layout.pictures]

    def _of_coco(self, lists: _Lists, entries: Sequence[ArchiveEntry]) -> list[Item]:
        items, unknown = [], 0
        for entry in entries:
            coco = lists.parsed(entry, listed_files.of_coco)
            self.told.labels += coco.labels
            items += [_item(lists, entry, listed) for listed in coco.listed]
            unknown += coco.unknown
        if unknown:
            self.told.note(listed_files.UNKNOWN_CATEGORY, count=unknown)
        return items

    def _of_folders(self, lists: _Lists, labels: dict[str, ArchiveLabel]) -> list[Item]:
        sources = lists.called(SOURCES)
        members = [entry for entry in self.archive.files if entry.parts[-1] not in (SOURCES, DESCRIPTION)]
        anchors = [entry.parts for entry in [*sources, *lists.called(DESCRIPTION)]]
        base = listed_files.base_of([entry.parts for entry in members if not entry.is_odd], anchors)
        rows: dict[str, TableRow] = {}
        for entry in sources:
            for listed in lists.table(entry):
                rows[listed.file.replace("\\", "/")] = listed.row
        items = []
        for entry in members:
            inner = entry.parts[base:]
            is_part = len(entry.parts) - 2 == self.depth_of_parts
            folder = inner[-2] if len(inner) > 1 and not is_part else ""
            label = labels[folder].name if folder in labels else folder
            items.append(Item(entry, entry.parts[-1], (Mark(label),), rows.get("/".join(inner), {})))
        self.told.labels += [
            ArchiveLabel(parts[-1])
            for parts in self.archive.empty_folders
            if len(parts) > base and parts[-1] not in labels and len(parts) - 1 != self.depth_of_parts
        ]
        return items

    def part_of(self, item: Item) -> str:
        """Returns the part that the item's own list names, else that of the folder that it lies in; "" for none."""
        named = item.row.get("part", "")
        if not named and item.entry and self.depth_of_parts is not None:
            named = "".join(item.entry.parts[:-1][self.depth_of_parts : self.depth_of_parts + 1])
        return part_folders.part_named(named) or ""


def _item(lists: _Lists, of_list: ArchiveEntry, listed: Listed) -> Item:
    entry = lists.find(listed.file, of_list)
    name = listed.file if entry else f"{listed.place} · {listed.file}"
    return Item(entry, name, listed.marks, listed.row)


class _Lists:
    """The files of an archive by name, and the content of its lists."""

    def __init__(self, archive: Archive, told: Told) -> None:
        self.archive, self.told = archive, told
        sound = [entry for entry in archive.files if not entry.is_odd]
        self._by_path = {entry.name: entry for entry in sound}
        self._by_tail: dict[Parts, ArchiveEntry | None] = {}
        for entry in sound:
            for tail in (entry.parts[-1:], entry.parts[-2:])[: len(entry.parts)]:
                self._by_tail[tail] = None if tail in self._by_tail else entry
        self._lists = [entry for entry in sound if entry.parts[-1].lower().endswith(LIST_SUFFIXES)]

    def ending(self, suffix: str) -> list[ArchiveEntry]:
        found = [entry for entry in self._lists if entry.parts[-1].lower().endswith(suffix)]
        return [entry for entry in found if entry.parts[-1] not in (DESCRIPTION, SOURCES)]

    def called(self, name: str) -> list[ArchiveEntry]:
        return [entry for entry in self._lists if entry.parts[-1] == name]

    def is_coco(self, entry: ArchiveEntry) -> bool:
        with self._broken_said(entry):
            return json_rows.has_keys(self._blocks(entry), "images", "annotations")

    def is_table(self, entry: ArchiveEntry) -> bool:
        with self._broken_said(entry):
            return tables.is_table_of_samples(next(self._blocks(entry), b""))

    def parsed(self, entry: ArchiveEntry, parse: Callable[[Iterator[bytes], str], T]) -> T:
        with self._broken_said(entry):
            return parse(self._blocks(entry), entry.parts[-1])

    def table(self, entry: ArchiveEntry) -> list[Listed]:
        with self._broken_said(entry):
            if entry.info.file_size > tables.MOST_TABLE_BYTES:
                raise Broken(0, reason="large")
            data = b"".join(self._blocks(entry))
            guessed = list_text.encoding_of(data).guessed
            if guessed:
                self.told.note("guessed_encoding", file=entry.name, encoding=guessed)
            return tables.of_table(data, entry.parts[-1])

    def _blocks(self, entry: ArchiveEntry) -> Iterator[bytes]:
        if entry.info.file_size > MOST_LIST_BYTES:
            raise Broken(0, reason="large")
        try:
            yield from self.archive.blocks(entry)
        except zip_archive.DAMAGES as error:
            raise Broken(0, reason="damaged") from error

    @contextmanager
    def _broken_said(self, entry: ArchiveEntry) -> Iterator[None]:
        """Notes what is wrong with the list before the reading ends."""
        try:
            yield
        except Broken as broken:
            facts = {"line": broken.line, "place": broken.place, "reason": broken.reason}
            self.told.note("broken_list", file=entry.name, encodings=list(broken.encodings), **facts)
            raise BrokenList(f"{entry.name}: {broken}") from broken

    def find(self, file: str, of_list: ArchiveEntry) -> ArchiveEntry | None:
        """Finds the file beside the list, else from the top, else the only one whose path ends alike.

        Other programs write paths of their own machines or addresses: what they end with is all that remains of them.
        """
        parts, is_odd = zip_archive.split(file)
        if not parts:
            return None
        if not is_odd:
            beside = "/".join((*of_list.parts[:-1], *parts))
            found = self._by_path.get(beside) or self._by_path.get("/".join(parts))
            if found:
                return found
        spellings = (file, unquote(file.partition("?")[0]), unquote(file))
        found_alike = (self._ending_like(zip_archive.split(spelling)[0]) for spelling in spellings)
        return next(filter(None, found_alike), None)

    def _ending_like(self, parts: Parts) -> ArchiveEntry | None:
        return self._by_tail.get(parts[-1:]) or self._by_tail.get(parts[-2:])
