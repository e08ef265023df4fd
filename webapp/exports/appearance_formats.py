"""Writes who appears when in one or several videos as CSV, JSON or WebVTT."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from uuid import UUID

from analysis.exports.appearances import SCHEMA, ScreenAppearance, as_csv, as_entry, as_webvtt
from webapp.exports.appearance_queries import screen_appearances
from webapp.exports.file_name_rules import unique_names
from webapp.http.list_words import separator
from webapp.http.zip_stream import ZipStream
from webapp.videos.models import Video

Videos = Sequence[Video]
People = Collection[UUID]
BYTE_ORDER_MARK = "\ufeff"
"""By it spreadsheets know that a table is UTF-8."""


def csv_blocks(videos: Videos, people: People) -> Iterator[bytes]:
    """Yields a table with a header, an appearance a row; no spreadsheet runs a cell of it."""
    yield (BYTE_ORDER_MARK + as_csv([])).encode()
    for video in videos:
        yield as_csv(_of(video, people), video.title, with_header=False).encode("utf-8", "replace")


def json_blocks(videos: Videos, people: People) -> Iterator[bytes]:
    """Yields `{"schema", "videos": [...]}`, with `as_entry` of each video."""
    yield f'{{"schema": {SCHEMA}, "videos": [\n'.encode()
    for number, video in enumerate(videos):
        entry = as_entry(_of(video, people), video.title, video.duration_s)
        text = json.dumps(entry, ensure_ascii=False, indent=1)
        yield ((",\n" if number else "") + text).encode("utf-8", "replace")
    yield b"\n]}\n"


def webvtt_blocks(videos: Videos, people: People) -> Iterator[bytes]:
    """Yields subtitles that name whoever is on screen; of several videos a ZIP of them."""
    between_names = separator()
    if len(videos) == 1:
        yield _subtitles(videos[0], people, between_names).encode("utf-8", "replace")
        return
    made = ZipStream()
    for name, video in zip(unique_names([video.title for video in videos], ".vtt"), videos, strict=True):
        yield from made.text(name, [_subtitles(video, people, between_names)])
    yield from made.close()


def _subtitles(video: Video, people: People, between_names: str) -> str:
    return as_webvtt(_of(video, people), video.duration_s, between_names)


BLOCKS: dict[str, Callable[[Videos, People], Iterator[bytes]]] = {
    "csv": csv_blocks,
    "json": json_blocks,
    "vtt": webvtt_blocks,
}


def _of(video: Video, people: People) -> list[ScreenAppearance]:
    return sorted(screen_appearances(video, people), key=lambda each: (each.start_s, each.end_s, each.person))
