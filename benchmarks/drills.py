"""Drills: harm to the real product at work; results compared digit for digit with undisturbed work, and verified.

`python -m benchmarks drills [NAME...] [--seed 1] [--scratch DIR]`; exits 1 where a target is missed. Each drill uploads
videos in small pieces, analyses them, imports pictures and makes an export, and meanwhile does its harm at random
moments.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from benchmarks import drill_crowds, fairness
from benchmarks.drill_harm import HARM, fill_disk
from benchmarks.drill_page import OpenPage
from benchmarks.drill_work import DrillWork

PAUSE_S = 1.5
"""Harm comes so long after the last at most."""
DISK_MB = 700
Harm = Callable[[DrillWork], None]


def results_of(
    work: DrillWork, harm: Harm | None = None, times: int = 1, *, tries_again: bool = False
) -> dict[str, str]:
    """Harms the product at work; returns what came of the work, and prints what `manage.py verify` says of it."""
    began_s = time.monotonic()
    work.start()
    try:
        work.sign_in()
        work.begin()
        work.page = OpenPage(work)
        with ThreadPoolExecutor(1) as pool:
            harming = pool.submit(_do_harm, work, harm, times) if harm else None
            work.send_all()
            work.finish(tries_again=tries_again)
            if harming:
                harming.result()
        work.page.close()
        found = work.results()
        print(f"  {work.verify()}; all in {time.monotonic() - began_s:.1f} s", flush=True)
    finally:
        work.stop()
    return found


def _do_harm(work: DrillWork, harm: Harm, times: int) -> None:
    for _ in range(times):
        time.sleep(work.random.uniform(0.2, PAUSE_S))
        harm(work)


class Drills:
    """Runs drills by name; undisturbed results are made once, for all of them."""

    def __init__(self, seed: int, scratch: Path) -> None:
        self.seed, self.scratch = seed, scratch
        self.undisturbed: dict[str, str] = {}
        self.empty = scratch / "empty"
        """A data folder as a first start leaves it, which takes longer than most drills."""

    def run(self, name: str) -> list[str]:
        """Runs a drill; returns what it missed, in words."""
        print(f"{name}:", flush=True)
        with tempfile.TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as folder, ExitStack() as left:
            work = DrillWork(Path(folder), Random(f"{name} {self.seed}"))
            try:
                self._make_empty()
                self._drill(name, work, left)
            except (RuntimeError, AssertionError, OSError, subprocess.SubprocessError) as error:
                print(f"  {error} {getattr(error, 'stdout', None) or ''}", flush=True)
                return [f"{name}: {str(error)[:200]}"]
        return [
            f"{name}: {what} {figure:.2f}" for what, figure, most in work.figures if most is not None and figure > most
        ]

    def _make_empty(self) -> None:
        if not self.empty.exists():
            first = DrillWork(self.empty, Random(0))
            first.start()
            first.stop()

    def _drill(self, name: str, work: DrillWork, left: ExitStack) -> None:
        if name == "fairness":
            alone_s, behind_s = fairness.measure(work.folder, 10)
            work.note("times its own time behind 10 videos", behind_s / alone_s, 3)
        elif name in drill_crowds.CROWDS:
            work.begins_with(self.empty)
            drill_crowds.CROWDS[name](work)
        else:
            self._compare(work, *self._harm(name, work, left))

    def _harm(self, name: str, work: DrillWork, left: ExitStack) -> tuple[Harm, int]:
        if name == "disk":
            left.enter_context(small_disk(work.folder))
            work.environment["ROLLCALL_DISK_RESERVE_MB"] = "0"
            work.with_import = False
            return fill_disk, 1
        return HARM[name]

    def _compare(self, work: DrillWork, harm: Harm, times: int) -> None:
        if not self.undisturbed:
            with tempfile.TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as folder:
                print("  undisturbed:", flush=True)
                calm = DrillWork(Path(folder), Random(0))
                calm.begins_with(self.empty)
                self.undisturbed = results_of(calm)
        work.begins_with(self.empty)
        found = results_of(work, harm, times, tries_again=not work.with_import)
        expected = {
            key: value for key, value in self.undisturbed.items() if work.with_import or not key.startswith("samples")
        }
        different = [key for key in expected if found.get(key) != expected[key]]
        for key in different:
            print(f"  {key}: {found.get(key)} instead of {expected[key]}", flush=True)
        work.note(f"results that differ, of {len(expected)}", len(different), 0)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mounts a small file system there. Raises SubprocessError where that is not allowed."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


DRILLS = (*HARM, "disk", *drill_crowds.CROWDS, "fairness")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(DRILLS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    if unknown := set(args.names) - set(DRILLS):
        parser.error(f"no drill {', '.join(sorted(unknown))}; there are {', '.join(DRILLS)}")
    names = args.names or DRILLS
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        drills = Drills(args.seed, Path(scratch))
        missed = [words for name in names for words in drills.run(name)]
    words = "every target met" if not missed else f"MISSED {len(missed)}: {'; '.join(missed)}"
    print(f"drills: {len(names)} with seed {args.seed}, {words}")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
