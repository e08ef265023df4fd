"""What an archive says about its files: CSV tables, COCO, our own description. Knows no database."""

import csv
import io
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.spreadsheet_cells import without_guard
from webapp.datasets.importing.candidate_types import Box
from webapp.datasets.importing.label_runner import ArchiveLabel
from webapp.datasets.importing.sources.zip_reader import Parts

FILE_COLUMNS = ("file", "filename", "file_name", "image", "path", "clip", "video_file")
LABEL_COLUMNS = ("label", "labels", "class", "category")
DELIMITERS = ",;\t"
LONGEST_CELL = 1_000_000
UNKNOWN_CATEGORY = "unknown_categories"
TableRow = dict[str, str]


class Broken(Exception):
    """A list that cannot be read; `line` counts from 1, 0 where only `place` is known."""

    def __init__(self, line: int, place: str = "") -> None:
        super().__init__(f"line {line} {place}")
        self.line, self.place = line, place


@dataclass(frozen=True, slots=True)
class Mark:
    """One sample in a file: all of it, or a box."""

    label: str = ""
    box_xywh: Box | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a list names, and what the list says of it. `row` holds further columns, see `archive`."""

    file: str
    place: str
    """Where it stands, for people: "samples.csv:17"."""
    marks: tuple[Mark, ...]
    row: TableRow = field(default_factory=dict)


def table_rows(data: bytes) -> Iterator[tuple[int, TableRow]]:
    """Yields the line and its cells by column (lower case, no spaces). Raises Broken."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken(data[: error.start].count(b"\n") + 1) from error
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip().lower().replace(" ", "_") for cell in next(reader, [])]
        for cells in reader:
            if not cells:
                continue
            if len(cells) > len(header):
                raise Broken(reader.line_num)
            yield reader.line_num, dict(zip(header, map(without_guard, cells), strict=False))
    except csv.Error as error:
        raise Broken(reader.line_num) from error


def column(row: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Returns the cell of the first of these columns that the table has."""
    return next((row[name].strip() for name in names if name in row), None)


def is_table_of_samples(data: bytes) -> bool:
    """Tells by the first line: it has a column for files and one for labels."""
    header = data[:10_000].decode("utf-8-sig", errors="replace").splitlines()[:1]
    split = [cell for line in header for cell in line.split(max(DELIMITERS, key=line.count))]
    cells = {cell.strip(' "').lower() for cell in split}
    return bool(cells & set(FILE_COLUMNS)) and bool(cells & set(LABEL_COLUMNS))


def of_table(data: bytes, name: str) -> list[Listed]:
    """Raises Broken."""
    listed = []
    for line, row in table_rows(data):
        file = column(row, FILE_COLUMNS)
        if not file:
            raise Broken(line)
        mark = Mark(column(row, LABEL_COLUMNS) or "")
        listed.append(Listed(file, f"{name}:{line}", (mark,), row))
    return listed


def looks_like_coco(data: bytes) -> bool:
    return b'"images"' in data and b'"annotations"' in data


@dataclass(slots=True)
class Coco:
    """A COCO list: its pictures with their boxes, its categories as labels."""

    listed: list[Listed] = field(default_factory=list)
    labels: list[ArchiveLabel] = field(default_factory=list)
    unknown: int = 0
    """How many boxes name a category that the list does not explain."""


def of_coco(data: bytes, name: str) -> Coco:
    """Raises Broken."""
    try:
        content = json.loads(data)
    except json.JSONDecodeError as error:
        raise Broken(error.lineno) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise Broken(1) from error
    coco = Coco()
    names = _categories(content, coco)
    marks = _marks_by_image(content, names, coco)
    for number, image in enumerate(_rows(content, "images")):
        place = f"{name}: images[{number}]"
        file = image.get("file_name")
        if not isinstance(file, str) or not file or not _is_id(image.get("id")):
            raise Broken(0, f"images[{number}]")
        own = image.get("rollcall")
        row = {str(key): str(value) for key, value in own.items()} if isinstance(own, dict) else {}
        coco.listed.append(Listed(file, place, tuple(marks.get(image["id"], [Mark()])), row))
    return coco


def _rows(content: Any, key: str) -> list[dict[str, Any]]:
    rows = content.get(key) if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise Broken(0, key)
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Broken(0, f"{key}[{number}]")
    return rows


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str)


def _categories(content: Any, coco: Coco) -> dict[Any, str]:
    names = {}
    for number, row in enumerate(_rows(content, "categories") if "categories" in content else []):
        if not _is_id(row.get("id")) or not isinstance(row.get("name"), str):
            raise Broken(0, f"categories[{number}]")
        names[row["id"]] = row["name"]
        coco.labels.append(archive_label(row))
    return names


def _marks_by_image(content: Any, names: Mapping[Any, str], coco: Coco) -> dict[Any, list[Mark]]:
    marks: dict[Any, list[Mark]] = defaultdict(list)
    for number, row in enumerate(_rows(content, "annotations")):
        if not _is_id(row.get("image_id")):
            raise Broken(0, f"annotations[{number}]")
        category = row.get("category_id")
        label = names.get(category, "") if _is_id(category) else ""
        coco.unknown += category is not None and not label
        marks[row["image_id"]].append(Mark(label, _box(row.get("bbox"))))
    return marks


def _box(value: Any) -> Box | None:
    """Returns None for no box and for an impossible one."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(side, int | float) and math.isfinite(side) for side in value):
        return None
    x, y, width, height = map(float, value)
    return (x, y, width, height) if width > 0 and height > 0 else None


def archive_label(row: Mapping[str, Any]) -> ArchiveLabel:
    """Returns a label as our own lists describe it; rows of other programs lack colour and key."""
    hue, key = row.get("hue"), row.get("key")
    return ArchiveLabel(str(row["name"]), hue if isinstance(hue, int) else None, key if isinstance(key, str) else None)


def own_labels(data: bytes) -> dict[str, ArchiveLabel]:
    """Maps folders to labels by the description that our export adds; empty where it is none."""
    try:
        content = json.loads(data)
    except ValueError:
        return {}
    rows = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        return {}
    named = [row for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str)]
    return {str(row.get("folder", row["name"])): archive_label(row) for row in named}


def base_of(paths: Sequence[Parts], anchors: Sequence[Parts]) -> int:
    """Counts leading folders that only wrap everything: down to the lists, or one that holds only folders."""
    if anchors:
        return min(len(anchor) for anchor in anchors) - 1
    if paths and all(len(path) > 2 and path[0] == paths[0][0] for path in paths):
        return 1
    return 0
