"""In what encoding a list inside of an archive is written, and what makes it unreadable. Knows no database."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK_BYTES = 1024**2
HEAD_BYTES = 10_000
LONGEST_TEXT = 4_000
LONGEST_PLACE = 80
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LATIN_PAGES = {
    "cp1252": ("Windows-1252", "àáâãäåæçèéêëìíîïñòóôõöøùúûüßœšžÿ"),
    "cp1254": ("Windows-1254", "âçğıîöşûü"),
    "cp1250": ("Windows-1250", "ąćęłńóśźżáčďéěíňřšťúůýžäľĺŕôőűöüăâîşţđë"),
}
"""Each with the letters of its languages, in this order: what all of them spell is Western European most often."""
OTHER_PAGES = {
    "cp1251": ("Windows-1251", "CYRILLIC"),
    "cp1253": ("Windows-1253", "GREEK"),
    "euc_kr": ("EUC-KR", "HANGUL"),
    "gb18030": ("GB18030", "CJK"),
    "cp932": ("Shift JIS", "CJK HIRAGANA KATAKANA KATAKANA-HIRAGANA"),
}
"""Each with the scripts that its words may hold, as the names of Unicode's characters begin."""
LEAST_LETTERS = 3
"""Fewer letters beyond ASCII spell something in every code page."""
WORD = re.compile(r"[^\W\d_]+")
MARKS = frozenset("\u201c\u201d\u201e\u2018\u2019\u2013\u2014\u2026\u20ac\u00a0\u00a7\u00b0\u00ab\u00bb\u00bf\u00a1")
RARE_GREEK = re.compile(r"[ϋΰΐ]|ς\w")
"""What the commonest Cyrillic letters would be."""
COMMON_CHINESE = re.compile(rb"(?:[\xb0-\xd7][\xa1-\xfe]|[\x00-\x7f])*")
"""The first level of GB 2312: 3,755 characters, of which nearly all Chinese text consists."""


def plain_text(text: str, most_chars: int = LONGEST_TEXT) -> str:
    """Returns a text of a list as databases take it: short, in composed letters, without zeros and lone surrogates."""
    composed = unicodedata.normalize("NFC", text[:most_chars]).replace("\0", "")
    return composed.encode("utf-8", errors="replace").decode("utf-8")


class Broken(Exception):
    """A list that cannot be read.

    `line` counts from 1, 0 where only `place` is known ("images[3]"); `reason` is one of those that
    the words of imports explain, and `encodings` are what it may be written in.
    """

    def __init__(self, line: int, place: str = "", reason: str = "", encodings: tuple[str, ...] = ()) -> None:
        place = plain_text(place, LONGEST_PLACE)  # the list's own words, too
        super().__init__(f"line {line} {place} {reason}")
        self.line, self.place, self.reason, self.encodings = line, place, reason, encodings


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """`codec` is Python's name; `guessed` the usual one where nothing but the letters speaks for it."""

    codec: str
    guessed: str = ""


def encoding_of(data: bytes) -> TextEncoding:
    """Tells by byte order mark, zeros, validity and at last by plausible words. Raises Broken."""
    marked = marked_encoding(data)
    if marked:
        return TextEncoding(marked)
    try:
        _check(data)
    except UnicodeDecodeError as error:
        return _of_code_page(data, error.start)
    return TextEncoding("utf-8")


def marked_encoding(data: bytes) -> str:
    """Returns what a byte order mark or the zeros of UTF-16 say; empty where neither speaks."""
    for mark, codec in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return codec
    head = data[:HEAD_BYTES]
    if len(head) >= 4 and head.count(0) >= len(head) / 4:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    return ""


def head_of(data: bytes) -> str:
    """Returns how the text begins, letters beyond ASCII perhaps replaced."""
    return data[:HEAD_BYTES].decode(marked_encoding(data) or "utf-8", errors="replace")


def _check(data: bytes) -> None:
    """Raises UnicodeDecodeError, `start` counted from the beginning, without making a text of all of it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(0, len(data), BLOCK_BYTES):
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(data[at : at + BLOCK_BYTES], final=at + BLOCK_BYTES >= len(data))
        except UnicodeDecodeError as error:
            error.start += at - kept
            raise


def _of_code_page(data: bytes, bad_at: int) -> TextEncoding:
    line = data[:bad_at].count(b"\n") + 1
    foreign = b"\n".join(_foreign_lines(data))
    for codec, (name, letters) in LATIN_PAGES.items():
        if _is_latin(foreign, codec, letters):
            return TextEncoding(codec, name)
    found = [
        TextEncoding(codec, name)
        for codec, (name, scripts) in OTHER_PAGES.items()
        if _is_plausible(foreign, codec, scripts)
    ]
    if len(found) == 1:
        return found[0]
    raise Broken(line, reason="encoding", encodings=tuple(each.guessed for each in found))


def _foreign_lines(data: bytes) -> Iterator[bytes]:
    """Yields lines that hold more than ASCII, as many as tell what they are."""
    size = 0
    for line in data.splitlines():
        if not line.isascii():
            yield line
            size += len(line)
        if size > HEAD_BYTES:
            return


def _words(data: bytes, codec: str) -> list[str]:
    """Returns words that hold more than ASCII; none where there is something else beyond ASCII, or it is no text."""
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return []
    signs = {c for c in text if not c.isascii() and not WORD.match(c)}
    return [word for word in WORD.findall(text) if not word.isascii()] if signs <= MARKS else []


def _is_latin(data: bytes, codec: str, letters: str) -> bool:
    """Tells whether all words are of these letters, half of them plain ones at least."""
    words = _words(data, codec)
    text = "".join(words)
    plain = sum(c.isascii() for c in text)
    known = all(c.isascii() or c.lower() in letters for c in text)
    return bool(words) and known and 2 * plain >= len(text) and all(map(_has_capitals_in_front, words))


def _is_plausible(data: bytes, codec: str, scripts: str) -> bool:
    """Tells whether all words are of these scripts."""
    words = _words(data, codec)
    text = "".join(words)
    if len(text) < LEAST_LETTERS or (codec == "gb18030" and not COMMON_CHINESE.fullmatch(data)):
        return False
    names = {unicodedata.name(c, "").split(" ")[0] for c in text}
    if not names <= set(scripts.split()) or not all(map(_has_capitals_in_front, words)):
        return False
    if codec == "cp1253" and RARE_GREEK.search(" ".join(words)):
        return False
    has_case = text.lower() != text.upper()
    return not (has_case and text.isupper())  # which many Chinese characters look like


def _has_capitals_in_front(word: str) -> bool:
    return word.isupper() or word[1:] == word[1:].lower()
