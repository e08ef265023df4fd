"""Reads JSON lists row by row: a text from strangers takes the memory of one row, not of all. Knows no database."""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

from analysis.archives.list_text import Broken

MOST_ROW_CHARS = 4_000_000
"""As objects a row takes up to 27 times its text."""
CUT_CHARS = 16
"""An error so near to the end of what has been read may be none: the text goes on."""
DECODER = json.JSONDecoder()


def rows(blocks: Iterable[bytes]) -> Iterator[tuple[str, int | None, Any]]:
    """Yields what stands at the top of an object: key, number and row of each array, after (key, None, []) for it; or
    key, None and the value. Raises Broken."""
    text = _Text(blocks)
    text.expect("{")
    if text.took("}"):
        return
    while True:
        key = text.value("")
        text.expect(":")
        if text.took("["):
            yield str(key), None, []
            yield from ((str(key), number, row) for number, row in enumerate(_array(text, str(key))))
        else:
            yield str(key), None, text.value(str(key))
        if text.took("}"):
            break
        text.expect(",")
    if text.next:
        raise Broken(text.line)


def value(blocks: Iterable[bytes]) -> Any:
    """Returns all of a small text. Raises Broken."""
    text = _Text(blocks)
    found = text.value("")
    if text.next:
        raise Broken(text.line)
    return found


def has_keys(blocks: Iterable[bytes], *keys: str) -> bool:
    """Tells whether these stand somewhere in the text; what is no text has none."""
    missing = [f'"{key}"' for key in keys]
    end = ""
    try:
        for block in _decoded(blocks):
            end = end[-100:] + block
            missing = [key for key in missing if key not in end]
            if not missing:
                return True
    except UnicodeDecodeError:
        return False
    return False


def _array(text: "_Text", key: str) -> Iterator[Any]:
    if text.took("]"):
        return
    number = 0
    while True:
        yield text.value(f"{key}[{number}]")
        number += 1
        if text.took("]"):
            return
        text.expect(",")


def _decoded(blocks: Iterable[bytes]) -> Iterator[str]:
    rest = iter(blocks)
    start = b""
    while len(start) < 4 and (block := next(rest, b"")):
        start += block
    decoder = codecs.getincrementaldecoder(json.detect_encoding(start))()
    yield decoder.decode(start)
    for block in rest:
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


class _Text:
    """The part of the text that is being read; what lies behind is forgotten."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = _decoded(blocks)
        self._text, self._at, self._lines, self._is_end = "", 0, 1, False

    @property
    def line(self) -> int:
        return self._line_at(self._at)

    @property
    def next(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text) or self._is_end:
                return self._text[self._at : self._at + 1]
            self._read(1)

    def took(self, sign: str) -> bool:
        is_here = self.next == sign
        self._at += is_here
        return is_here

    def expect(self, sign: str) -> None:
        if not self.took(sign):
            raise Broken(self.line)

    def value(self, place: str) -> Any:
        if not self.next:
            raise Broken(self.line)
        while True:
            try:
                found, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise Broken(self.line, place, "deep") from error
            except json.JSONDecodeError as error:
                is_cut = error.pos >= len(self._text) - CUT_CHARS or error.msg.startswith("Unterminated string")
                if self._is_end or not is_cut:
                    raise Broken(self._line_at(error.pos)) from error
            except ValueError as error:  # Python reads no number of more than 4,300 digits
                raise Broken(self.line, place, "number") from error
            else:
                if end < len(self._text) or self._is_end:
                    self._at = end
                    return found
            if len(self._text) - self._at > MOST_ROW_CHARS:
                raise Broken(self.line, place, "large")
            self._read(len(self._text) - self._at)

    def _line_at(self, at: int) -> int:
        return self._lines + self._text.count("\n", 0, at)

    def _read(self, chars: int) -> None:
        """Reads so many more characters at least: a row is tried again only when twice as much of it is known."""
        self._lines = self.line
        parts = [self._text[self._at :]]
        self._text, self._at = parts[0], 0
        wanted = len(parts[0]) + chars
        try:
            while sum(map(len, parts)) < wanted:
                block = next(self._blocks, None)
                if block is None:
                    self._is_end = True
                    break
                parts.append(block)
        except UnicodeDecodeError as error:
            raise Broken(self._line_at(len(self._text)), reason="encoding") from error
        self._text = "".join(parts)
