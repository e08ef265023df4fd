"""Writes who appears when in one or several videos as CSV, JSON or WebVTT."""

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from uuid import UUID

from analysis.exports.appearances import COLUMNS, SCHEMA, ScreenAppearance, as_csv, as_json, as_webvtt
from analysis.spreadsheet_cells import guarded_row
from webapp.exports.appearance_queries import appearances_in
from webapp.exports.file_name_rules import unique_names
from webapp.http.zip_stream import ZipStream
from webapp.videos.models import Video

Videos = Sequence[Video]
People = Collection[UUID]
BYTE_ORDER_MARK = "\ufeff"
"""By it spreadsheets know that a table is UTF-8."""


def csv_blocks(videos: Videos, people: People) -> Iterator[bytes]:
    """Yields a table with a header, an appearance a row; no spreadsheet runs a cell of it."""
    yield (BYTE_ORDER_MARK + _lines([["video", *COLUMNS]])).encode()
    for video in videos:
        rows = list(csv.reader(io.StringIO(as_csv(_of(video, people)), newline="")))[1:]
        yield _lines([[*guarded_row([video.title]), *row] for row in rows]).encode("utf-8", "replace")


def json_blocks(videos: Videos, people: People) -> Iterator[bytes]:
    """Yields `{"schema", "videos": [...]}`; each entry is what `python -m analysis` writes of one video."""
    yield f'{{"schema": {SCHEMA}, "videos": [\n'.encode()
    for number, video in enumerate(videos):
        entry = json.loads(as_json(_of(video, people), video.title, video.duration_s))
        del entry["schema"]
        text = json.dumps(entry, ensure_ascii=False, indent=1)
        yield ((",\n" if number else "") + text).encode("utf-8", "replace")
    yield b"\n]}\n"


def webvtt_blocks(videos: Videos, people: People) -> Iterator[bytes]:
    """Yields subtitles that name whoever is on screen; of several videos a ZIP of them."""
    if len(videos) == 1:
        yield as_webvtt(_of(videos[0], people), videos[0].duration_s).encode("utf-8", "replace")
        return
    made = ZipStream()
    for name, video in zip(unique_names([video.title for video in videos], ".vtt"), videos, strict=True):
        yield from made.text(name, [as_webvtt(_of(video, people), video.duration_s)])
    yield from made.close()


BLOCKS: dict[str, Callable[[Videos, People], Iterator[bytes]]] = {
    "csv": csv_blocks,
    "json": json_blocks,
    "vtt": webvtt_blocks,
}


def _of(video: Video, people: People) -> list[ScreenAppearance]:
    found = [
        ScreenAppearance(row.number, row.label, start_s, end_s)
        for row in appearances_in(video, people)
        for start_s, end_s in row.spans
    ]
    return sorted(found, key=lambda each: (each.start_s, each.end_s, each.person))


def _lines(rows: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
