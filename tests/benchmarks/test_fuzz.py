"""The fuzzing itself: what must not be is seen, and a case repeats by its number."""

import os
from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest

from analysis.archives.list_text import Broken
from analysis.archives.tables import MOST_TABLE_BYTES
from analysis.errors import UnreadableVideo
from analysis.video.containers import open_video
from benchmarks.fuzz import ProductLogs
from benchmarks.fuzz_bytes import CHANGES, changed, edge
from benchmarks.fuzz_cases import (
    CRASH,
    DEATH,
    TRACEBACK,
    UNWORDED,
    FuzzKind,
    Missed,
    Overheard,
    Place,
    Tally,
    random_of,
)
from benchmarks.fuzz_child import KINDS, kind_of, try_cases
from benchmarks.fuzz_forms import some_foreign
from benchmarks.fuzz_lists import read_list
from benchmarks.fuzz_picture_changes import own_changes as of_picture
from benchmarks.fuzz_picture_seeds import picture_seeds
from benchmarks.fuzz_video_changes import boxes, elements, other_size
from benchmarks.fuzz_video_changes import own_changes as of_video
from tests import clips
from tests.product import Product


class Planted(FuzzKind):
    """Every third case breaks, every fifth fails without a word, the rest tell what they drew."""

    name = "planted"

    def run(self, random: Random, number: int) -> str:
        drawn = random.randrange(10**6)
        if number % 3 == 2:
            raise ZeroDivisionError(f"drew {drawn}")
        if number % 5 == 4:
            raise Missed(UNWORDED, f"drew {drawn}")
        return f"drew {drawn}"


def tried(folder: Path, numbers: range, seed: int = 7) -> Tally:
    with Planted(Place(folder, seed)) as kind:
        return try_cases(kind, numbers, float("inf"), folder / "now.json")


def test_a_planted_crash_is_seen_and_a_case_repeats_by_its_number(tmp_path: Path) -> None:
    tally = tried(tmp_path, range(6))
    assert [(number, what) for number, what, _words in tally.missed] == [(2, CRASH), (4, UNWORDED), (5, CRASH)]
    assert tally.cases == 6 and tally.outcomes[CRASH] == 2
    again = tried(tmp_path, range(5, 6))
    assert again.missed == tally.missed[-1:] and "ZeroDivisionError: drew" in again.missed[0][2]
    assert tried(tmp_path, range(1), seed=8).outcomes != tried(tmp_path, range(1)).outcomes


def test_a_crash_in_a_limited_process_is_ours_or_a_decoders() -> None:
    heard, contained = Overheard(), Counter[str]()
    heard.lines = [(30, "a limited process ended with -11: ")]
    heard.take(contained)
    assert contained == {"signal 11": 1}
    heard.lines = [(30, "a limited process ended with 1: Traceback (most recent call last): ...")]
    with pytest.raises(Missed) as missed:
        heard.take(contained)
    assert missed.value.what == TRACEBACK


def test_what_a_product_logs_is_one_finding_for_each_record_with_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log, said = tmp_path / "logs" / "web.log", tmp_path / "up.log"
    stub = SimpleNamespace(data_dir=tmp_path, log=said, process=SimpleNamespace(pid=os.getpid()))
    logs = ProductLogs(cast(Product, stub))
    traced = "Traceback (most recent call last):\n  File x\nKeyError: 1\n"
    log.write_text(f"2026-01-01 INFO fine\n2026-01-01 ERROR one\n{traced}\nDuring it\n\n{traced}2026-01-01 INFO fine\n")
    said.write_text("The web server is running again\n")
    logs.look()
    assert [missed.what for missed in logs.missed] == [TRACEBACK, DEATH]
    logs.look()
    assert len(logs.missed) == 2


def test_every_kind_is_there_and_says_whether_it_needs_the_product() -> None:
    assert {name: kind_of(name).name for name in KINDS} == {name: name for name in KINDS}
    assert {name for name in KINDS if kind_of(name).needs_product} == {"tus", "forms"}


def test_tables_are_read_up_to_what_an_import_takes() -> None:
    table = b"file,label\n" + b"0.jpg,cat\n" * 10
    read_list("labels.csv", table)
    with pytest.raises(Broken, match="large"):
        read_list("labels.csv", table + b"\n" * MOST_TABLE_BYTES)


def test_ids_of_another_team_are_tried_but_nothing_that_lets_its_holder_in() -> None:
    ids = {name: name for name in ("video", "team", "token", "share token", "access token", "invitation")}
    handed = set().union(*(some_foreign(ids, Random(number)) for number in range(1000)))
    assert handed == {"video", "team", "invitation"}


def test_changes_keep_to_their_formats_and_follow_from_the_number(tmp_path: Path) -> None:
    video = clips.steady_clip(tmp_path / "a.mp4", 0.4).read_bytes()
    others = [b"another file"]
    for data, own in [(video, of_video(video)), *((data, of_picture(data)) for _name, data in picture_seeds())]:
        made = [changed(data, random_of("x", 1, number), others, own) for number in (1, 1, 2, 3, 4)]
        assert made[0] == made[1] and len(set(made)) > 2
    for change in CHANGES:
        assert isinstance(change(b"", random_of("x", 1, 0)), bytes)
    assert {kind for kind, _at, _stop in boxes(video)} >= {b"moov", b"trak", b"stts", b"mdat"}
    assert all(0 <= edge(random_of("x", 1, number), 4) < 2**32 for number in range(100))


def test_the_size_in_the_parameter_set_becomes_another_one(tmp_path: Path) -> None:
    clip = clips.steady_clip(tmp_path / "a.mp4", 0.4)
    sizes = set()
    for number in range(12):
        path = tmp_path / f"{number}.h264"
        clips.ffmpeg("-i", clip, "-c", "copy", "-bsf:v", "h264_mp4toannexb", path)
        path.write_bytes(other_size(path.read_bytes(), random_of("x", 1, number)))
        try:
            with open_video(path) as (_container, stream):
                sizes.add((stream.codec_context.width, stream.codec_context.height))
        except UnreadableVideo:
            continue
    assert len(sizes) > 3


def test_elements_of_matroska_are_found_at_every_depth(tmp_path: Path) -> None:
    clip = clips.steady_clip(tmp_path / "a.mp4", 0.4)
    clips.ffmpeg("-i", clip, "-c", "copy", tmp_path / "a.mkv")
    assert {0x1A45DFA3, 0x1654AE6B, 0xAE, 0xE0, 0xB0} <= {
        known for known, *_ in elements((tmp_path / "a.mkv").read_bytes())
    }
