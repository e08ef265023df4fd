"""What a list in an archive says about its files: COCO and our own description. Knows no database."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.archives import json_rows
from analysis.archives.list_text import LONGEST_TEXT, Broken, plain_text
from analysis.archives.zip_archive import Parts

MOST_LISTED = 100_000
MOST_ROWS = {"images": MOST_LISTED, "annotations": 200_000, "categories": 10_000}
"""An entry of a list takes up to 1 kB in memory."""
MOST_MARKS = 10_000
"""Of one picture: all of its samples are made, and stored, together."""
MOST_KEPT_CHARS = 50_000_000
LONGEST_BOXES = 1_000_000
BOXES = "boxes"
MOST_PIXELS = 1e9
UNKNOWN_CATEGORY = "unknown_categories"
KNOWN_COLUMNS = frozenset(
    {"source", "source_name", "identity", "sequence", "video", "second", "left_out", "name", "part", "boxes"}
)
"""Columns beside the file and the label that `archive_items` asks for; all others are forgotten."""
TableRow = dict[str, str]
Box = tuple[float, float, float, float]
"""x, y, width, height of the picture as it is seen: in pixels, or in parts of its sides where width and height are at
most 1. No sample has so few pixels."""


@dataclass(frozen=True, slots=True)
class ArchiveLabel:
    """A label as the archive describes it; `hue` and `key` are None where it says nothing."""

    name: str
    hue: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class BoxedPicture:
    """The picture whose boxes, each with its class, came with a sample. Its size is None until it has been read."""

    name: str
    boxes: tuple[tuple[str, Box], ...]
    is_cut_out: bool
    """The sample is its only box; else the picture itself."""
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One sample in a file: all of it, or a box."""

    label: str = ""
    box_xywh: Box | None = None
    boxes: tuple[tuple[str, Box], ...] = ()
    """Of all of it: what is in the picture where, with classes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a list names, and what the list says of it. `row` holds further columns."""

    file: str
    place: str
    """Where it stands, for people: "samples.csv:17"."""
    marks: tuple[Mark, ...]
    row: TableRow = field(default_factory=dict)


def cell_text(column: str, text: str) -> str:
    """Returns the text of a cell as it is kept: boxes are many."""
    return plain_text(text, LONGEST_BOXES if column == BOXES else LONGEST_TEXT)


def known_cells(row: Mapping[str, Any]) -> TableRow:
    cells = {key: value for key, value in row.items() if key in KNOWN_COLUMNS and isinstance(value, str | int | float)}
    return {key: cell_text(key, str(value)) for key, value in cells.items()}


@dataclass(slots=True)
class Coco:
    """A COCO list: its pictures with their boxes, its categories as labels."""

    listed: list[Listed] = field(default_factory=list)
    labels: list[ArchiveLabel] = field(default_factory=list)
    unknown: int = 0
    """How many boxes name a category that the list does not explain."""


@dataclass(slots=True)
class _CocoRows:
    """What a COCO list has said so far, in whatever order."""

    arrays: set[str] = field(default_factory=set)
    images: list[tuple[Any, str, TableRow]] = field(default_factory=list)
    categories: dict[Any, ArchiveLabel] = field(default_factory=dict)
    marks: dict[Any, list[tuple[Any, Box | None]]] = field(default_factory=lambda: defaultdict(list))
    chars: int = 0

    def take(self, key: str, number: int | None, row: Any) -> None:
        take = {"images": self._image, "categories": self._category, "annotations": self._mark}.get(key)
        if take is None:
            return
        if number is None and row == []:
            self.arrays.add(key)
            return
        place = key if number is None else f"{key}[{number}]"
        if number is None or not isinstance(row, dict):
            raise Broken(0, place)
        if number >= MOST_ROWS[key]:
            raise Broken(0, place, "many")
        take(place, row)

    def _image(self, place: str, row: dict[str, Any]) -> None:
        file, own = row.get("file_name"), row.get("rollcall")
        if not isinstance(file, str) or not file or not _is_id(row.get("id")):
            raise Broken(0, place)
        known = known_cells(own) if isinstance(own, dict) else {}
        self.chars += len(file) + sum(map(len, known.values()))
        if self.chars > MOST_KEPT_CHARS:
            raise Broken(0, place, "large")
        self.images.append((row["id"], plain_text(file), known))

    def _category(self, place: str, row: dict[str, Any]) -> None:
        if not _is_id(row.get("id")) or not isinstance(row.get("name"), str):
            raise Broken(0, place)
        self.categories[row["id"]] = archive_label(row)

    def _mark(self, place: str, row: dict[str, Any]) -> None:
        if not _is_id(row.get("image_id")):
            raise Broken(0, place)
        category = row.get("category_id")
        # What is no id can be no key either; it is counted among the unknown.
        known = category if category is None or _is_id(category) else ""
        marks = self.marks[row["image_id"]]
        if len(marks) >= MOST_MARKS:
            raise Broken(0, place, "many")
        marks.append((known, _box(row.get("bbox"))))


def of_coco(blocks: Iterable[bytes], name: str) -> Coco:
    """Raises Broken."""
    found = _CocoRows()
    for key, number, row in json_rows.rows(blocks):
        found.take(key, number, row)
    for key in ("images", "annotations"):
        if key not in found.arrays:
            raise Broken(0, key)
    coco = Coco(labels=list(found.categories.values()))
    for number, (image, file, row) in enumerate(found.images):
        marks = []
        for category, box in found.marks.get(image, []):
            label = found.categories.get(category)
            coco.unknown += category is not None and label is None
            marks.append(Mark(label.name if label else "", None if row.get(BOXES) else box))
        if row.get(BOXES):  # our own list: the picture is one sample, and the cell says where its boxes are
            marks = marks[:1]
        coco.listed.append(Listed(file, f"{name}: images[{number}]", tuple(marks or [Mark()]), row))
    return coco


def _is_id(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and len(value) <= LONGEST_TEXT)


def _box(value: Any) -> Box | None:
    """Returns None for no box and for an impossible one."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(side, int | float) and abs(side) < MOST_PIXELS for side in value):
        return None  # which holds for what is no number (NaN), too
    x, y, width, height = map(float, value)
    return (x, y, width, height) if width > 0 and height > 0 else None


def archive_label(row: Mapping[str, Any]) -> ArchiveLabel:
    """Returns a label as our own lists describe it; rows of other programs lack colour and key."""
    hue, key = row.get("hue"), row.get("key")
    return ArchiveLabel(
        plain_text(row["name"]), hue if isinstance(hue, int) else None, key if isinstance(key, str) else None
    )


def own_labels(blocks: Iterable[bytes], _name: str) -> dict[str, ArchiveLabel]:
    """Maps folders to labels by the description that our export adds; empty where it says nothing. Raises Broken."""
    content = json_rows.value(blocks)
    rows = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        return {}
    named = [row for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str)]
    return {unicodedata.normalize("NFC", str(row.get("folder", row["name"]))): archive_label(row) for row in named}


def base_of(paths: Sequence[Parts], anchors: Sequence[Parts]) -> int:
    """Counts leading folders that only wrap everything: down to the lists, or one that holds only folders."""
    if anchors:
        return min(len(anchor) for anchor in anchors) - 1
    if paths and all(len(path) > 2 and path[0] == paths[0][0] for path in paths):
        return 1
    return 0
