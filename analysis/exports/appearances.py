"""Who is seen when, as text: a table, JSON, subtitles, chapters. All times count from where the container starts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysis.spreadsheet_cells import guarded_row

SCHEMA = 1
COLUMNS = ("video", "person", "name", "unclear", "start", "end", "start_s", "end_s", "duration_s")
SHORTEST_CUE_S = 0.1
SHORTEST_CHAPTER_S, LONGEST_LEAST_S, MOST_CHAPTERS = 1.0, 4.0, 60
"""A chapter of a longer video is at least longer, so that a player's list of them stays short."""
NOBODY = "–"
BETWEEN_NAMES = ", "
"""Some languages write another mark."""


@dataclass(frozen=True, slots=True)
class ScreenAppearance:
    """A person on screen without a gap, in seconds from where the container starts, as a player counts them."""

    person: int
    name: str
    start_s: float
    end_s: float
    unclear: bool = False
    """A face that tells nobody in particular."""


@dataclass(frozen=True, slots=True)
class OnScreen:
    """A stretch in which the same people are seen; `names` may be empty."""

    start_s: float
    end_s: float
    names: tuple[str, ...]


def as_csv(appearances: Sequence[ScreenAppearance], video: str = "", *, with_header: bool = True) -> str:
    """Returns a table, one appearance of this video a row; no cell is run as a formula by a spreadsheet.

    Written to a file as "utf-8-sig", spreadsheets read all letters. Times stand as h:mm:ss.mmm and in seconds.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    if with_header:
        table.writerow(COLUMNS)
    for each in appearances:
        start, end = timestamp(each.start_s), timestamp(each.end_s)
        unclear = "yes" if each.unclear else ""
        seconds = [f"{value:.3f}" for value in (each.start_s, each.end_s, each.end_s - each.start_s)]
        table.writerow(guarded_row([video, each.person, each.name, unclear, start, end, *seconds]))
    return text.getvalue()


def as_entry(appearances: Sequence[ScreenAppearance], title: str, duration_s: float) -> dict[str, object]:
    """Returns `{"video": {"title", "duration_s"}, "people": [{"id", "name", "appearances": [...]}]}`, for JSON."""
    people: dict[int, dict[str, object]] = {}
    spans: dict[int, list[dict[str, float]]] = {}
    for each in appearances:
        unclear = {"unclear": True} if each.unclear else {}
        people.setdefault(each.person, {"id": each.person, "name": each.name} | unclear)
        spans.setdefault(each.person, []).append({"start_s": round(each.start_s, 3), "end_s": round(each.end_s, 3)})
    entries = [
        person
        | {"screen_time_s": round(sum(s["end_s"] - s["start_s"] for s in spans[number]), 3)}
        | {"appearances": spans[number]}
        for number, person in people.items()
    ]
    return {"video": {"title": title, "duration_s": round(duration_s, 3)}, "people": entries}


def on_screen(appearances: Sequence[ScreenAppearance], duration_s: float) -> list[OnScreen]:
    """Returns stretches that cover the video from 0 to its end; a new one begins wherever the people change."""
    named = [each for each in appearances if not each.unclear]
    borders = sorted({0.0, duration_s, *(e.start_s for e in named), *(min(e.end_s, duration_s) for e in named)})
    stretches: list[OnScreen] = []
    for start_s, end_s in pairwise(borders):
        names = tuple(dict.fromkeys(e.name for e in named if e.start_s <= start_s and e.end_s >= end_s))
        if stretches and stretches[-1].names == names:
            stretches[-1] = OnScreen(stretches[-1].start_s, end_s, names)
        else:
            stretches.append(OnScreen(start_s, end_s, names))
    return stretches


def as_webvtt(appearances: Sequence[ScreenAppearance], duration_s: float, between_names: str = BETWEEN_NAMES) -> str:
    """Returns WebVTT subtitles that name whoever is on screen; nothing is shown where nobody is."""
    cues = [
        f"{timestamp(each.start_s, hours=2)} --> {timestamp(each.end_s, hours=2)}\n"
        f"{_cue_text(between_names.join(each.names))}\n"
        for each in on_screen(appearances, duration_s)
        if each.names and each.end_s - each.start_s >= SHORTEST_CUE_S
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _cue_text(names: str) -> str:
    """Returns the names on one line; what would be markup, or end the cue, is written as text."""
    line = " ".join(names.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def least_chapter_s(duration_s: float) -> float:
    """Returns how long a chapter of a video of this length is at least, in seconds."""
    return min(max(duration_s / MOST_CHAPTERS, SHORTEST_CHAPTER_S), LONGEST_LEAST_S)


def chapters_of(
    appearances: Sequence[ScreenAppearance], duration_s: float, shortest_s: float | None = None
) -> list[OnScreen]:
    """Returns stretches that cover the video, each with everybody who is seen in it, however briefly.

    None is shorter than `shortest_s` if the video is longer than that: a short one takes the time that it lacks from
    the one after, the last from the one before, and all of it where what is left would be short.
    """
    least_s = least_chapter_s(duration_s) if shortest_s is None else shortest_s
    chapters: list[OnScreen] = []
    for each in on_screen(appearances, duration_s):
        _add_chapter(chapters, each, least_s)
    if len(chapters) > 1 and _length_s(chapters[-1]) < least_s:
        short, before = chapters.pop(), chapters.pop()
        start_s = short.end_s - least_s
        if start_s - before.start_s < least_s:
            start_s = before.start_s
        else:
            chapters.append(OnScreen(before.start_s, start_s, before.names))
        _append_chapter(chapters, OnScreen(start_s, short.end_s, _together(before, short)))
    return chapters


def _add_chapter(chapters: list[OnScreen], added: OnScreen, least_s: float) -> None:
    if not chapters or _length_s(chapters[-1]) >= least_s:
        _append_chapter(chapters, added)
        return
    short = chapters.pop()
    end_s = short.start_s + least_s
    if added.end_s - end_s < least_s:
        end_s = added.end_s
    _append_chapter(chapters, OnScreen(short.start_s, end_s, _together(short, added)))
    if end_s < added.end_s:
        _append_chapter(chapters, OnScreen(end_s, added.end_s, added.names))


def _append_chapter(chapters: list[OnScreen], added: OnScreen) -> None:
    """Appends a chapter, or prolongs the last one if the same people are in both."""
    if chapters and set(chapters[-1].names) == set(added.names):
        chapters[-1] = OnScreen(chapters[-1].start_s, added.end_s, chapters[-1].names)
    else:
        chapters.append(added)


def _together(first: OnScreen, second: OnScreen) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first.names + second.names))


def _length_s(stretch: OnScreen) -> float:
    return stretch.end_s - stretch.start_s


def as_ffmetadata(chapters: Sequence[OnScreen], between_names: str = BETWEEN_NAMES) -> str:
    """Returns chapters as a file that ffmpeg reads (https://ffmpeg.org/ffmpeg-formats.html#Metadata-2)."""
    lines = [";FFMETADATA1"]
    for each in chapters:
        title = " ".join((between_names.join(each.names) or NOBODY).split())
        escaped = "".join(f"\\{letter}" if letter in "=;#\\" else letter for letter in title)
        start, end = round(each.start_s * 1000), max(round(each.end_s * 1000), round(each.start_s * 1000) + 1)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", f"title={escaped}"]
    return "\n".join(lines) + "\n"


def timestamp(time_s: float, hours: int = 1) -> str:
    """Returns h:mm:ss.mmm, with at least so many digits for the hours."""
    milliseconds = round(max(time_s, 0.0) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:0{hours}d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
