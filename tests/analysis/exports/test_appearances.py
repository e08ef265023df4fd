"""Appearances as a table, JSON, subtitles and chapters."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import av
import pytest

from analysis.exports.appearances import (
    OnScreen,
    ScreenAppearance,
    as_csv,
    as_entry,
    as_ffmetadata,
    as_webvtt,
    chapters_of,
    least_chapter_s,
    on_screen,
    timestamp,
)
from analysis.exports.chapters_copy import write_with_chapters
from analysis.video.decode import probe
from tests import clips

TOM, ANNA = ScreenAppearance(1, "Tom", 0.0, 6.0), ScreenAppearance(2, "Anna", 4.0, 10.0)


def test_a_table_runs_no_formula_and_can_be_read_again() -> None:
    text = as_csv(
        [ScreenAppearance(1, '=cmd|"x"', 3725.5, 3726.0), ScreenAppearance(2, "Łucja, 王", 0, 1, unclear=True)]
    )
    first, second = csv.DictReader(io.StringIO(text))
    assert first["name"] == '\'=cmd|"x"' and (first["start"], first["duration_s"]) == ("1:02:05.500", "0.500")
    assert second["name"] == "Łucja, 王" and second["unclear"] == "yes"
    assert list(csv.DictReader(io.StringIO(as_csv([])))) == []


def test_json_lists_each_person_once() -> None:
    document = json.loads(json.dumps(as_entry([TOM, ANNA, ScreenAppearance(1, "Tom", 8, 9.5)], "holiday", 12.0)))
    assert document["video"] == {"title": "holiday", "duration_s": 12.0}
    tom, anna = document["people"]
    assert (tom["name"], tom["screen_time_s"], len(tom["appearances"])) == ("Tom", 7.5, 2)
    assert anna["appearances"] == [{"start_s": 4.0, "end_s": 10.0}]


def test_stretches_cover_the_video_and_change_with_the_people() -> None:
    assert on_screen([TOM, ANNA], 12.0) == [
        OnScreen(0.0, 4.0, ("Tom",)),
        OnScreen(4.0, 6.0, ("Tom", "Anna")),
        OnScreen(6.0, 10.0, ("Anna",)),
        OnScreen(10.0, 12.0, ()),
    ]
    assert on_screen([], 2.0) == [OnScreen(0.0, 2.0, ())]


def test_subtitles_name_whoever_is_there_and_hold_no_markup() -> None:
    text = as_webvtt([ScreenAppearance(1, "A <b>&\n-->", 1.0, 2.5)], 10.0)
    assert text == "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nA &lt;b&gt;&amp; --&gt;\n"
    assert as_webvtt([], 10.0) == "WEBVTT\n"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([], [(0, 20, "")]),
        ([("Tom", 0, 10)], [(0, 10, "Tom"), (10, 20, "")]),
        ([("Tom", 0.5, 10)], [(0, 10, "Tom"), (10, 20, "")]),
        ([("Tom", 10, 10.5)], [(0, 10, ""), (10, 11, "Tom"), (11, 20, "")]),
        ([("Tom", 19.5, 20)], [(0, 19, ""), (19, 20, "Tom")]),
        ([("Tom", 0, 5), ("Tom", 5.5, 20)], [(0, 20, "Tom")]),
        ([("Tom", 0, 5), ("Anna", 5, 5.5), ("Eve", 5.5, 6)], [(0, 5, "Tom"), (5, 6, "Anna Eve"), (6, 20, "")]),
        ([("Tom", 0, 20), ("Anna", 5, 5.5)], [(0, 5, "Tom"), (5, 6, "Tom Anna"), (6, 20, "Tom")]),
        (
            [("Tom", 0, 10), ("Anna", 10, 10.5), ("Eve", 10.5, 11.5)],
            [(0, 10, "Tom"), (10, 11.5, "Anna Eve"), (11.5, 20, "")],
        ),
    ],
)
def test_no_chapter_is_short_and_each_names_everybody_in_it(
    seen: list[tuple[str, float, float]], expected: list[tuple[float, float, str]]
) -> None:
    chapters = chapters_of([ScreenAppearance(0, *each) for each in seen], 20.0)
    assert [(each.start_s, each.end_s, " ".join(each.names)) for each in chapters] == expected


def test_chapters_of_short_videos_are_as_fine_as_their_subtitles() -> None:
    appearances = [ScreenAppearance(4, "4", 0, 6), ScreenAppearance(5, "5", 2, 6), ScreenAppearance(6, "6", 4, 6)]
    assert chapters_of(appearances, 6.0) == on_screen(appearances, 6.0)
    assert (least_chapter_s(6), least_chapter_s(120), least_chapter_s(7200)) == (1.0, 2.0, 4.0)
    assert chapters_of([ScreenAppearance(1, "Tom", 0, 0.2)], 0.5) == [OnScreen(0.0, 0.5, ("Tom",))]


def test_chapters_are_in_the_copy_with_any_name(tmp_path: Path) -> None:
    film = clips.steady_clip(tmp_path / "film.mkv")
    chapters = [OnScreen(0.0, 1.0, ("A=b;#\\c",)), OnScreen(1.0, 2.0, ())]
    assert "title=A\\=b\\;\\#\\\\c" in as_ffmetadata(chapters)
    write_with_chapters(film, tmp_path / "copy.mp4", probe(film), chapters, lambda _progress: None)
    with av.open(str(tmp_path / "copy.mp4")) as copied:
        found = copied.chapters()
        listed = [(float(each["start"] * (each["time_base"] or 0)), each["metadata"]["title"]) for each in found]
        assert copied.streams.video[0].codec_context.name == "h264"
    assert listed == [(0.0, "A=b;#\\c"), (1.0, "–")]


def test_timestamps() -> None:
    assert [timestamp(value) for value in (0, 59.9996, 3600.25, -1)] == [
        "0:00:00.000",
        "0:01:00.000",
        "1:00:00.250",
        "0:00:00.000",
    ]
