"""Keeps text in CSV files from being run as a formula by the spreadsheet that opens them.

Spreadsheets run a cell that begins with one of a few characters; a leading apostrophe makes it text. Whoever reads our
files takes it off again: `without_guard(guarded(text)) == text` for every text.
Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection.
"""

import re
from collections.abc import Iterable

GUARD = "'"
RUN_BY_SPREADSHEETS = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""With any number of guards in front, so that text that looks guarded by itself gets one more and comes back as it was.

The last four are the full-width forms, which spreadsheets take for the plain ones in some languages.
"""
PLAIN_NUMBER = re.compile(r"'*[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
"""A number may begin with a sign, and stays one."""


def guarded(text: str) -> str:
    """Returns the cell to write for a text."""
    return GUARD + text if _needs_guard(text) else text


def guarded_row(cells: Iterable[object]) -> list[object]:
    """Returns the cells of a row to write; numbers and None stay what they are."""
    return [guarded(cell) if isinstance(cell, str) else cell for cell in cells]


def without_guard(cell: str) -> str:
    """Returns the text of a cell that `guarded` wrote; any other cell unchanged."""
    return cell[1:] if cell.startswith(GUARD) and _needs_guard(cell) else cell


def _needs_guard(text: str) -> bool:
    return RUN_BY_SPREADSHEETS.match(text) is not None and PLAIN_NUMBER.fullmatch(text) is None
