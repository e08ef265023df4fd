"""A process that tries cases of one kind: `python -m benchmarks.fuzz_child WISH`, as `benchmarks.fuzz` starts it.

It says on its last line what came of them, and dies where a case takes too long: its number lies in a file.
"""

from __future__ import annotations

import faulthandler
import importlib
import itertools
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.fuzz_cases import (
    CRASH,
    MEMORY,
    MOST_BYTES,
    FuzzKind,
    Missed,
    Overheard,
    Place,
    Tally,
    random_of,
)
from benchmarks.hostile_memory import MEGA, command_of, decodes, descendants, memory_of
from benchmarks.watcher import Watcher

KINDS = {
    "videos": "benchmarks.fuzz_videos:ChangedVideos",
    "pictures": "benchmarks.fuzz_pictures:ChangedPictures",
    "zips": "benchmarks.fuzz_zips:ChangedArchives",
    "lists": "benchmarks.fuzz_lists:ChangedLists",
    "tus": "benchmarks.fuzz_tus:UploadSequences",
    "forms": "benchmarks.fuzz_forms:ChangedForms",
}
SHOWN = 700


class LargestProcess(Watcher):
    """The most memory that this process has gained, or one that it started and that decodes, held in a case."""

    every_s = 0.05

    def __init__(self) -> None:
        super().__init__()
        self.own_first = memory_of(os.getpid())[0]
        self.most = 0

    def look(self) -> None:
        for pid in [os.getpid(), *descendants(os.getpid())]:
            try:
                now, _peak = memory_of(pid)
            except (OSError, KeyError):  # it has ended
                continue
            if pid == os.getpid():
                now -= self.own_first
            elif not decodes(command_of(pid)):
                continue
            self.most = max(self.most, now)

    def take(self) -> int:
        most, self.most = self.most, 0
        return most


def kind_of(name: str) -> type[FuzzKind]:
    module, _, called = KINDS[name].partition(":")
    found: type[FuzzKind] = getattr(importlib.import_module(module), called)
    return found


def try_case(kind: FuzzKind, number: int, tally: Tally, heard: Overheard) -> None:
    """Tries one case and counts what came of it, whatever that is."""
    try:
        outcome = kind.run(random_of(kind.name, kind.place.seed, number), number)
        heard.take(tally.contained)
    except Missed as missed:
        _note(tally, number, missed.what, missed.words)
        outcome = missed.what
    except Exception:  # noqa: BLE001  # that any may come is what is looked for
        _note(tally, number, CRASH, traceback.format_exc())
        outcome = CRASH
    tally.cases += 1
    tally.outcomes[outcome] += 1


def _note(tally: Tally, number: int, what: str, words: str) -> None:
    tally.missed.append((number, what, words[-4000:]))
    shown = " / ".join(line.strip() for line in words[-SHOWN:].splitlines())
    print(f"-- {tally.kind} --only {number}: {what}: {shown}", flush=True)


def try_cases(kind: FuzzKind, numbers: Iterable[int], until_s: float, noted: Path) -> Tally:
    """Tries cases until the time is over (`time.monotonic`), and notes which one it is at."""
    tally, heard, began_s = Tally(kind.name), Overheard(), time.monotonic()
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.CRITICAL)  # what is wrong is said once, by its case
    logging.getLogger().addHandler(heard)
    with LargestProcess() as largest:
        for number in numbers:
            noted.write_text(json.dumps({"number": number, "tally": tally.as_json()}))
            faulthandler.dump_traceback_later(kind.most_s, exit=True)
            try_case(kind, number, tally, heard)
            faulthandler.cancel_dump_traceback_later()
            if (most := largest.take()) > MOST_BYTES:
                _note(tally, number, MEMORY, f"a process held {most / MEGA:.0f} MB")
            tally.seconds = time.monotonic() - began_s
            if time.monotonic() > until_s:
                break
    logging.getLogger().removeHandler(heard)
    return tally


def work(wish: dict[str, Any]) -> None:
    """`kind`, `folder`, `seed`, `seconds`, `first` number, `only` one or null, `port` and `data_dir` of the product."""
    data_dir = Path(wish["data_dir"]) if wish.get("data_dir") else None
    folder = Path(wish["folder"])
    place = Place(folder / "work", wish["seed"], wish.get("port", 0), data_dir)
    numbers = itertools.count(wish["first"]) if wish["only"] is None else [wish["only"]]
    with kind_of(wish["kind"])(place) as kind:
        tally = try_cases(kind, numbers, time.monotonic() + wish["seconds"], folder / "now.json")
    print(json.dumps(tally.as_json()), flush=True)


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
