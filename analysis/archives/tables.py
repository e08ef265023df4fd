"""Tables (CSV) in archives, as spreadsheets of any system write them. Knows no database."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from analysis.archives import list_text
from analysis.archives.list_text import Broken
from analysis.archives.listed_files import (
    KNOWN_COLUMNS,
    MOST_LISTED,
    Listed,
    Mark,
    TableRow,
    cell_text,
)
from analysis.spreadsheet_cells import without_guard

MOST_TABLE_BYTES = 32 * 1024**2
"""A table is read as a whole, to tell its encoding."""
MOST_CELL_CHARS = 1_000_000
MOST_ROW_CHARS = 2_000_000
"""A row is held as a list of its cells, each of which takes more than its letters."""
FILE_COLUMNS = ("file", "filename", "file_name", "image", "path", "clip", "video_file")
LABEL_COLUMNS = ("label", "labels", "class", "category")
COLUMNS = KNOWN_COLUMNS.union(FILE_COLUMNS, LABEL_COLUMNS)
DELIMITERS = ",;\t"


def table_rows(data: bytes) -> Iterator[tuple[int, TableRow]]:
    """Yields the line and its cells by column (lower case, no spaces), known columns only. Raises Broken."""
    codec = list_text.encoding_of(data).codec
    lines = _Lines(io.TextIOWrapper(io.BytesIO(data), codec, newline=""))
    csv.field_size_limit(MOST_CELL_CHARS)
    reader = csv.reader(lines, delimiter=_delimiter(data), strict=True)
    try:
        header = [cell.strip().lower().replace(" ", "_") for cell in next(reader, [])]
        for cells in reader:
            lines.row_ends()
            if not cells:
                continue
            if len(cells) > len(header):
                raise Broken(reader.line_num)
            row = zip(header, cells, strict=False)
            yield reader.line_num, {name: cell_text(name, without_guard(cell)) for name, cell in row if name in COLUMNS}
    except csv.Error as error:
        raise Broken(reader.line_num) from error
    except UnicodeDecodeError as error:
        raise Broken(reader.line_num + 1, reason="encoding") from error


class _Lines:
    """Lines of a table; raises Broken where a row of millions of cells would fill the memory."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._number = self._chars = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self._number += 1
            self._chars += len(line)
            if self._chars > MOST_ROW_CHARS:
                raise Broken(self._number)
            yield line

    def row_ends(self) -> None:
        self._chars = 0


def _delimiter(data: bytes) -> str:
    return max(DELIMITERS, key=list_text.head_of(data).partition("\n")[0].count)


def column(row: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Returns the cell of the first of these columns that the table has."""
    return next((row[name].strip() for name in names if name in row), None)


def is_table_of_samples(data: bytes) -> bool:
    """Tells by the first line: it has a column for files and one for labels."""
    header = list_text.head_of(data).splitlines()[:1]
    split = [cell for line in header for cell in line.split(max(DELIMITERS, key=line.count))]
    cells = {cell.strip(' "').lower() for cell in split}
    return bool(cells & set(FILE_COLUMNS)) and bool(cells & set(LABEL_COLUMNS))


def of_table(data: bytes, name: str) -> list[Listed]:
    """Raises Broken."""
    listed: list[Listed] = []
    for line, row in table_rows(data):
        file = column(row, FILE_COLUMNS)
        if not file:
            raise Broken(line)
        if len(listed) >= MOST_LISTED:
            raise Broken(line, reason="many")
        mark = Mark(column(row, LABEL_COLUMNS) or "")
        listed.append(Listed(file, f"{name}:{line}", (mark,), row))
    return listed
