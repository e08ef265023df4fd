"""Lists beside each picture: YOLO's text files with their class names, Pascal VOC's XML. Knows no database."""

import math
from collections.abc import Iterable, Sequence
from typing import Any
from xml.parsers import expat

import yaml

from analysis.archives.list_text import Broken, plain_text
from analysis.archives.listed_files import Box, Mark

MOST_BYTES = 1_000_000
MOST_NAMES_BYTES = 200_000
MOST_LINES = 10_000
MOST_CLASSES = 10_000
MOST_NUMBER = 10**18
"""For a name. Python writes no number of thousands of digits, though it reads one in hexadecimal digits."""
MOST_DEPTH = 20
BOX_NUMBERS = (5, 6)
"""Class, middle, width and height; perhaps how certain a network was. With more numbers it is an outline."""


def names_of_yaml(blocks: Iterable[bytes], _file: str) -> dict[int, str]:
    """Returns the class names of a data.yaml, empty where it has none. Raises Broken."""
    data = _small(blocks, MOST_NAMES_BYTES)
    try:
        content = yaml.load(data, yaml.SafeLoader)
    except RecursionError as error:
        raise Broken(0, reason="deep") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        raise Broken(mark.line + 1 if mark else 1) from error
    names = content.get("names") if isinstance(content, dict) else None
    pairs = enumerate(names) if isinstance(names, list) else names.items() if isinstance(names, dict) else []
    return {int(key): plain_text(str(name)) for key, name in pairs if isinstance(key, int) and _is_name(name)}


def _is_name(value: Any) -> bool:
    """YAML takes a name for something else now and then: 3, yes, 1.5."""
    return isinstance(value, str | float) or (isinstance(value, int) and abs(value) < MOST_NUMBER)


def names_of_text(blocks: Iterable[bytes], _file: str) -> dict[int, str]:
    """Returns the class names of a classes.txt or obj.names, one a line. Raises Broken."""
    lines = _lines(_small(blocks, MOST_NAMES_BYTES))
    return {number: plain_text(line.strip()) for number, line in enumerate(lines[:MOST_CLASSES]) if line.strip()}


def yolo_boxes(blocks: Iterable[bytes], _file: str) -> list[tuple[int, Box]]:
    """Returns class and box of each line, as parts of the picture's sides. Raises Broken."""
    found = []
    lines = _lines(_small(blocks, MOST_BYTES))
    if len(lines) > MOST_LINES:
        raise Broken(MOST_LINES, reason="many")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = [float(cell) for cell in line.split()]
        except ValueError as error:
            raise Broken(number) from error
        box = _yolo_box(values)
        if box is None or values[0] < 0 or values[0] != int(values[0]):
            raise Broken(number)
        found.append((int(values[0]), box))
    return found


def _yolo_box(values: Sequence[float]) -> Box | None:
    if len(values) < BOX_NUMBERS[0] or not all(math.isfinite(value) and abs(value) < MOST_CLASSES for value in values):
        return None
    if len(values) in BOX_NUMBERS:
        x, y, width, height = values[1:5]
        return _part(x - width / 2, y - height / 2, width, height)
    xs, ys = values[1::2], values[2::2]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    return _part(min(xs), min(ys), width, height) if len(xs) == len(ys) else None


def _part(x: float, y: float, width: float, height: float) -> Box | None:
    """Returns a box in parts of the sides, which rounding may have made larger than they are."""
    return (x, y, min(width, 1), min(height, 1)) if width > 0 and height > 0 else None


def voc_marks(blocks: Iterable[bytes], _file: str) -> list[Mark] | None:
    """Returns the objects of a Pascal VOC annotation, boxes in pixels; None for other XML. Raises Broken."""
    data = _small(blocks, MOST_BYTES)
    reading = _VocReading()
    try:
        reading.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Broken(error.lineno) from error
    except (LookupError, ValueError) as error:  # an encoding that expat does not know, or of several bytes a letter
        raise Broken(1, reason="encoding") from error
    return reading.marks if reading.is_voc else None


class _VocReading:
    """Goes through an XML text; refuses what could make it grow: document types with their entities, and depth."""

    def __init__(self) -> None:
        self.is_voc = False
        self.marks: list[Mark] = []
        self._path: list[str] = []
        self._cells: dict[str, str] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_facts: Any) -> None:
        raise Broken(self.parser.CurrentLineNumber, reason="entities")

    def _begin(self, tag: str, _attributes: dict[str, str]) -> None:
        self._path.append(tag)
        self.is_voc |= self._path == ["annotation"]
        if len(self._path) > MOST_DEPTH:
            raise Broken(self.parser.CurrentLineNumber, reason="deep")
        if self._path == ["annotation", "object"]:
            self._cells = {}

    def _text(self, text: str) -> None:
        inner = "/".join(self._path[2:])
        if self._path[:2] == ["annotation", "object"] and (inner == "name" or inner.startswith("bndbox/")):
            self._cells[inner] = self._cells.get(inner, "") + text

    def _end(self, _tag: str) -> None:
        if self._path == ["annotation", "object"]:
            self.marks.append(self._mark())
        if len(self.marks) > MOST_LINES:
            raise Broken(self.parser.CurrentLineNumber, reason="many")
        self._path.pop()

    def _mark(self) -> Mark:
        name = plain_text(self._cells.get("name", "").strip())
        try:
            x1, y1, x2, y2 = (float(self._cells[f"bndbox/{side}"]) for side in ("xmin", "ymin", "xmax", "ymax"))
        except (KeyError, ValueError) as error:
            raise Broken(self.parser.CurrentLineNumber) from error
        is_box = all(map(math.isfinite, (x1, y1, x2, y2))) and x2 > x1 and y2 > y1
        if not name or not is_box:
            raise Broken(self.parser.CurrentLineNumber)
        return Mark(name, (x1, y1, x2 - x1, y2 - y1))


def _small(blocks: Iterable[bytes], most: int) -> bytes:
    data = b""
    for block in blocks:
        data += block
        if len(data) > most:
            raise Broken(0, reason="large")
    return data


def _lines(data: bytes) -> list[str]:
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Broken(data[: error.start].count(b"\n") + 1, reason="encoding") from error
