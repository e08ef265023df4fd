"""Reads an uploaded ZIP: folders as labels (perhaps with a sources.csv), COCO, or a CSV table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import unquote
from uuid import UUID

from django.db.models import Count

from analysis.images.read import MAX_FILE_BYTES, SUFFIXES
from webapp import storage
from webapp.datasets.errors import BrokenList, NotAnArchive, UnsupportedCompression
from webapp.datasets.importing import boxed_picture_codec, inbox, label_runner
from webapp.datasets.importing.candidate_types import (
    BoxedPicture,
    Candidate,
    Content,
    ListReader,
    Reader,
    ReaderStep,
    Work,
)
from webapp.datasets.importing.label_runner import ArchiveLabel
from webapp.datasets.importing.option_types import DROP_PARTS, KEEP_PARTS
from webapp.datasets.importing.prepare_runner import MOST_CLIP_BYTES
from webapp.datasets.importing.sources import archive_annotations_reader as annotations
from webapp.datasets.importing.sources import (
    box_layout_reader,
    json_rows_reader,
    list_text_reader,
    part_folders_reader,
    table_reader,
    zip_reader,
)
from webapp.datasets.importing.sources.archive_annotations_reader import Listed, Mark, TableRow
from webapp.datasets.importing.sources.list_text_reader import Broken
from webapp.datasets.importing.sources.zip_reader import Archive, ArchiveEntry, Parts
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import DatasetKind, Outcome
from webapp.http.ids import uuid_or_none
from webapp.people.models import Person
from webapp.videos.models import Video

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


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    upload = work.of_import.uploads.first()
    if upload is None:
        raise NotAnArchive("no file has arrived")
    with storage.local_path(inbox.file_key(work.of_import, upload.pk)) as path, _unpacked(path, notes) as archive:
        keeps = work.options.parts == KEEP_PARTS
        depth = part_folders_reader.depth_of_parts([entry.parts for entry in archive.files]) if keeps else None
        yield ArchiveReader(work, _items(work, archive, notes, depth), archive, _Team.of(work), depth)
        _tell_parts(work, notes)


def _tell_parts(work: Work, notes: Notes) -> None:
    given = work.of_import.samples.filter(removed_at=None).exclude(part="")
    if counts := dict(given.values_list("part").annotate(Count("pk"))):
        notes.replace("parts", counts=counts)


@contextmanager
def _unpacked(path: Path, notes: Notes) -> Iterator[Archive]:
    try:
        with zip_reader.opened(path) as archive:
            yield archive
    except UnsupportedCompression as error:
        notes.add(error.code, file=error.file, method=error.method)
        raise


def _items(work: Work, archive: Archive, notes: Notes, depth: int | None) -> list[Item]:
    lists = _Lists(archive, work, notes)
    coco = [entry for entry in lists.ending(".json") if lists.is_coco(entry)]
    tables = [entry for entry in lists.ending(".csv") if lists.is_table(entry)]
    labels = {
        name: each
        for entry in lists.called(DESCRIPTION)
        for name, each in lists.parsed(entry, annotations.own_labels).items()
    }
    if coco:
        return _of_coco(work, lists, coco)
    label_runner.create_labels(work.of_import.dataset, list(labels.values()), notes)
    if tables:
        return [_item(lists, entry, listed) for entry in tables for listed in lists.table(entry)]
    return _of_boxes(work, lists) or _of_folders(work, lists, labels, depth)


def _of_boxes(work: Work, lists: "_Lists") -> list[Item]:
    """Returns none where the archive is laid out for neither YOLO nor Pascal VOC."""
    if work.of_import.dataset.kind == DatasetKind.CLIPS:
        return []
    layout = box_layout_reader.found_in(lists.archive.files, lists.parsed)
    if layout is None:
        return []
    label_runner.create_labels(work.of_import.dataset, [ArchiveLabel(name) for name in layout.classes], lists.notes)
    if layout.unknown:
        lists.notes.add(annotations.UNKNOWN_CATEGORY, count=layout.unknown)
    if layout.is_without_names:
        lists.notes.add("no_class_names")
    return [Item(entry, entry.parts[-1], marks) for entry, marks in layout.pictures]


def _of_coco(work: Work, lists: "_Lists", entries: list[ArchiveEntry]) -> list[Item]:
    items, unknown = [], 0
    for entry in entries:
        coco = lists.parsed(entry, annotations.of_coco)
        label_runner.create_labels(work.of_import.dataset, coco.labels, lists.notes)
        items += [_item(lists, entry, listed) for listed in coco.listed]
        unknown += coco.unknown
    if unknown:
        lists.notes.add(annotations.UNKNOWN_CATEGORY, count=unknown)
    return items


def _item(lists: "_Lists", of_list: ArchiveEntry, listed: Listed) -> Item:
    entry = lists.find(listed.file, of_list)
    name = listed.file if entry else f"{listed.place} · {listed.file}"
    return Item(entry, name, listed.marks, listed.row)


def _of_folders(work: Work, lists: "_Lists", labels: dict[str, ArchiveLabel], depth: int | None) -> list[Item]:
    tables = lists.called(SOURCES)
    members = [entry for entry in lists.archive.files if entry.parts[-1] not in (SOURCES, DESCRIPTION)]
    anchors = [entry.parts for entry in [*tables, *lists.called(DESCRIPTION)]]
    base = annotations.base_of([entry.parts for entry in members if not entry.is_odd], anchors)
    rows: dict[str, TableRow] = {}
    for entry in tables:
        for listed in lists.table(entry):
            rows[listed.file.replace("\\", "/")] = listed.row
    items = []
    for entry in members:
        inner = entry.parts[base:]
        is_part = len(entry.parts) - 2 == depth
        folder = inner[-2] if len(inner) > 1 and not is_part else ""
        label = labels[folder].name if folder in labels else folder
        items.append(Item(entry, entry.parts[-1], (Mark(label),), rows.get("/".join(inner), {})))
    empty = [
        parts[-1]
        for parts in lists.archive.empty_folders
        if len(parts) > base and parts[-1] not in labels and len(parts) - 1 != depth
    ]
    label_runner.create_labels(work.of_import.dataset, [ArchiveLabel(name) for name in empty], lists.notes)
    return items


class _Lists:
    """The files of an archive by name, and the content of its lists."""

    def __init__(self, archive: Archive, work: Work, notes: Notes) -> None:
        self.archive, self.notes, self._work = archive, notes, work
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
            return json_rows_reader.has_keys(self._blocks(entry), "images", "annotations")

    def is_table(self, entry: ArchiveEntry) -> bool:
        with self._broken_said(entry):
            return table_reader.is_table_of_samples(next(self._blocks(entry), b""))

    def parsed(self, entry: ArchiveEntry, parse: Callable[[Iterator[bytes], str], T]) -> T:
        with self._broken_said(entry):
            return parse(self._blocks(entry), entry.parts[-1])

    def table(self, entry: ArchiveEntry) -> list[Listed]:
        with self._broken_said(entry):
            if entry.info.file_size > table_reader.MOST_TABLE_BYTES:
                raise Broken(0, reason="large")
            data = b"".join(self._blocks(entry))
            guessed = list_text_reader.encoding_of(data).guessed
            if guessed:
                self.notes.add("guessed_encoding", file=entry.name, encoding=guessed)
            return table_reader.of_table(data, entry.parts[-1])

    def _blocks(self, entry: ArchiveEntry) -> Iterator[bytes]:
        if entry.info.file_size > MOST_LIST_BYTES:
            raise Broken(0, reason="large")
        try:
            for block in self.archive.blocks(entry):
                self._work.heartbeat()
                yield block
        except zip_reader.DAMAGES as error:
            raise Broken(0, reason="damaged") from error

    @contextmanager
    def _broken_said(self, entry: ArchiveEntry) -> Iterator[None]:
        """Notes what is wrong with the list before the import fails."""
        try:
            yield
        except Broken as broken:
            facts = {"line": broken.line, "place": broken.place, "reason": broken.reason}
            self.notes.add("broken_list", file=entry.name, encodings=list(broken.encodings), **facts)
            raise BrokenList(f"{entry.name}: {broken}") from broken

    def find(self, file: str, of_list: ArchiveEntry) -> ArchiveEntry | None:
        """Finds the file beside the list, else from the top, else the only one whose path ends alike.

        Other programs write paths of their own machines or addresses: what they end with is all that remains of them.
        """
        parts, is_odd = zip_reader.split(file)
        if not parts:
            return None
        if not is_odd:
            beside = "/".join((*of_list.parts[:-1], *parts))
            found = self._by_path.get(beside) or self._by_path.get("/".join(parts))
            if found:
                return found
        spellings = (file, unquote(file.partition("?")[0]), unquote(file))
        found_alike = (self._ending_like(zip_reader.split(spelling)[0]) for spelling in spellings)
        return next(filter(None, found_alike), None)

    def _ending_like(self, parts: Parts) -> ArchiveEntry | None:
        return self._by_tail.get(parts[-1:]) or self._by_tail.get(parts[-2:])


@dataclass(frozen=True, slots=True)
class _Team:
    """Videos and people of the team, to which samples that come back belong again."""

    videos: set[UUID]
    people: set[UUID]

    @classmethod
    def of(cls, work: Work) -> "_Team":
        team = work.of_import.dataset.team_id
        videos = Video.objects.filter(team=team, deleted_at=None).values_list("pk", flat=True)
        return cls(set(videos), set(Person.objects.filter(team=team).values_list("pk", flat=True)))


@dataclass(frozen=True, slots=True)
class ArchiveReader(ListReader):
    """One unit for each file, an `Item`."""

    archive: Archive
    team: _Team
    depth_of_parts: int | None

    def steps(self, start: int) -> Iterator[ReaderStep]:
        for at, item in enumerate(self.units[start:], start):
            content = self._content(at, item)
            known = known_of(item, self.team) | self._together(item) | {"part": self._part(item)}
            found = [
                Candidate(
                    name=item.row.get("name") or (f"{item.name} #{number}" if len(item.marks) > 1 else item.name),
                    content=content,
                    label=mark.label or self.work.options.label,
                    box_xywh=mark.box_xywh,
                    boxed=_boxed(item, mark),
                    **known,
                )
                for number, mark in enumerate(item.marks, 1)
            ]
            yield ReaderStep(at + 1, tuple(found))

    def _part(self, item: Item) -> str:
        """Returns what its own list says, else the folder that it lies in."""
        if self.work.options.parts == DROP_PARTS:
            return ""
        named = item.row.get("part", "")
        if not named and item.entry and self.depth_of_parts is not None:
            named = "".join(item.entry.parts[:-1][self.depth_of_parts : self.depth_of_parts + 1])
        return part_folders_reader.part_named(named) or ""

    def _content(self, at: int, item: Item) -> Content:
        if item.entry is None:
            return Outcome.UNREADABLE
        if item.entry.is_odd:
            return Outcome.NOT_A_SAMPLE
        if self.work.of_import.dataset.kind != DatasetKind.CLIPS:
            return self.archive.read(item.entry, MAX_FILE_BYTES)
        suffix = PurePosixPath(item.entry.parts[-1]).suffix.lower()
        if suffix in SUFFIXES - {".gif"} or suffix in LIST_SUFFIXES or suffix == ".txt":
            return Outcome.NOT_A_SAMPLE  # known without looking, which takes a process for each
        return self.archive.unpack(item.entry, self.work.scratch / f"member-{at}", MOST_CLIP_BYTES)

    def _together(self, item: Item) -> dict[str, Any]:
        """Keeps together what comes from one occasion, or from one picture."""
        of_import = self.work.of_import
        if len(item.marks) > 1 and item.entry and not self.work.options.one_source and not item.row.get("source"):
            return {"source": f"{of_import.pk}/{item.entry.name}"[-255:], "source_name": item.entry.name}
        if not self.work.options.one_source or item.row.get("source"):
            return {}
        return {"source": str(of_import.pk), "source_name": of_import.title}


def _boxed(item: Item, mark: Mark) -> BoxedPicture | None:
    """Returns the picture with the boxes of a mark; those that our own list tells of came with an earlier archive."""
    if cell := item.row.get(annotations.BOXES):
        return boxed_picture_codec.of_cell(cell)
    boxes = mark.boxes or (((mark.label, mark.box_xywh),) if mark.box_xywh else ())
    return BoxedPicture(item.entry.name, boxes, bool(mark.box_xywh)) if boxes and item.entry else None


def known_of(item: Item, team: _Team) -> dict[str, Any]:
    """Returns what the list says of a file, as fields of `Candidate`."""
    row = item.row
    video, person = uuid_or_none(row.get("video", "")), uuid_or_none(row.get("identity", ""))
    return {
        "source": row.get("source", "").strip(),
        "source_name": row.get("source_name", "").strip(),
        "identity": row.get("identity", "").strip(),
        "sequence": row.get("sequence", "").strip(),
        "video": video if video in team.videos else None,
        "time_s": _seconds(row.get("second", "")),
        "person": person if person in team.people else None,
        "is_left_out": row.get("left_out", "").strip().lower() in ("yes", "true", "1"),
    }


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if abs(seconds) < 1e9 else None
