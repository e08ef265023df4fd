"""Changed videos, pictures, archives, lists, uploads and forms by the hour, beside real use: crashes and lost bytes.

`python -m benchmarks fuzz [KIND...] [--minutes 60] [--seed 1] [--only CASE] [--scratch DIR]`: each kind in a process of
its own, all at once, beside a running product that somebody uses. What a case is follows from kind, seed and number
alone: `--only` tries one again. It exits with 1 where something was seen that must not be: a traceback, an error of the
server, a process that died or hung or held more than 400 MB, a lost byte, a failure without words, another team's rows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.fuzz_cases import CRASH, DEATH, HANG, MEMORY, MOST_BYTES, TRACEBACK, Missed, Tally
from benchmarks.fuzz_child import KINDS, SHOWN, kind_of
from benchmarks.fuzz_use import RealUse
from benchmarks.hostile_memory import MEGA, command_of, decodes, descendants, memory_of
from benchmarks.visitor import Visitor
from benchmarks.watcher import Watcher
from tests.product import OWN_VARIABLES, Product

NICENESS = 15
FEW_REQUESTS = {"ROLLCALL_REQUESTS_PER_MINUTE": "0", "ROLLCALL_UNFINISHED_UPLOADS": "100000"}
"""Nobody is held back: what is looked for lies behind."""
TOO_LONG_STATUS = 1
OWN = "product"
RECORD_BEGINS = re.compile(r"\[?20\d\d-|ERROR: |WARNING: |INFO: ")
TRACEBACK_BEGINS = "Traceback (most recent call last)"


class _Records:
    """Numbers the lines of a log by the record that they belong to: only its first line begins with a date."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, line: str) -> int:
        self.number += bool(RECORD_BEGINS.match(line))
        return self.number


@dataclass
class ProductLogs(Watcher):
    """Reads what the product's processes log, and what it says of those that died."""

    product: Product
    every_s = 2.0
    missed: list[Missed] = field(default_factory=list)
    _read: dict[Path, int] = field(default_factory=dict)
    _large: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def look(self) -> None:
        for path in [*sorted(self.product.data_dir.glob("logs/*.log")), self.product.log]:
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            self._judge(path.name, whole.decode(errors="replace"))
        self._weigh()

    def _weigh(self) -> None:
        """Looks at the processes that decode for the product now, at each once where it is too large."""
        for pid in set(descendants(self.product.process.pid)) - self._large:
            if not decodes(command_of(pid)):
                continue
            with suppress(OSError, KeyError):  # it has ended
                most = memory_of(pid)[1]
                if most > MOST_BYTES:
                    self._large.add(pid)
                    self.note(Missed(MEMORY, f"a process held {most / MEGA:.0f} MB: {command_of(pid)[:5]}"))

    def _judge(self, name: str, text: str) -> None:
        for begun, record in groupby(text.splitlines(), key=_Records()):
            lines = list(record)
            if begun and any(line.startswith(TRACEBACK_BEGINS) for line in lines):
                own = [line.strip() for line in lines if "webapp" in line or "analysis" in line]
                self.note(Missed(TRACEBACK, f"{name}: {lines[0][:300]} {own[-3:]} {lines[-1][:300]}"))
        for line in text.splitlines():
            if name == self.product.log.name and "is running again" in line:
                self.note(Missed(DEATH, line))

    def note(self, missed: Missed) -> None:
        self.missed.append(missed)
        print(f"-- {OWN}: {missed.what}: {missed.words[:SHOWN]}", flush=True)


@contextmanager
def used_product(folder: Path) -> Iterator[tuple[Product, ProductLogs]]:
    """Starts a product that somebody uses meanwhile; at the end `ProductLogs` has what was wrong with it."""
    product = Product(folder / "data", None, **FEW_REQUESTS)
    try:
        product.wait_until_ready()
        visitor = Visitor(product.port)
        visitor.become_owner(product.owner_link)
        visitor.ask("GET", "/videos/")
        logs = ProductLogs(product)
        with logs, RealUse(visitor, folder, logs.note) as use:
            yield product, logs
        print(
            f"real use meanwhile: {use.pages} pages read, {use.videos} videos analysed with the right result",
            flush=True,
        )
    finally:
        product.stop()


class Kind(threading.Thread):
    """Tries the cases of one kind in a process, and in another one behind a case at which it died."""

    def __init__(self, name: str, folder: Path, args: argparse.Namespace, product: Product | None) -> None:
        super().__init__(name=name)
        self.tally, self.folder, self.args, self.product = Tally(name), folder / name, args, product
        self.folder.mkdir(parents=True)
        self.process: subprocess.Popen[str] | None = None
        self.first, self.until_s = 0, time.monotonic() + args.minutes * 60

    def run(self) -> None:
        while time.monotonic() < self.until_s:
            status, said = self._processed()
            if said is not None:
                self.tally.add(said)
                return
            self._note_death(status)
            if self.args.only is not None:
                return

    def stop(self) -> None:
        self.until_s = 0.0
        if self.process is not None:
            self.process.terminate()

    def _processed(self) -> tuple[int, dict[str, Any] | None]:
        wish: dict[str, Any] = {
            "kind": self.tally.kind,
            "folder": str(self.folder),
            "seed": self.args.seed,
            "only": self.args.only,
        }
        wish |= {"first": self.first, "seconds": max(self.until_s - time.monotonic(), 0)}
        if self.product is not None:
            wish |= {"port": self.product.port, "data_dir": str(self.product.data_dir)}
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
        command = ["nice", "-n", str(NICENESS), sys.executable, "-m", "benchmarks.fuzz_child", json.dumps(wish)]
        with (self.folder / "errors.log").open("w") as errors:
            process = self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=clean
            )
            last = ""
            assert process.stdout is not None
            for line in process.stdout:
                last = line
                if line.startswith("--"):
                    print(line, end="", flush=True)
            status = process.wait()
        return status, json.loads(last) if status == 0 else None

    def _note_death(self, status: int) -> None:
        """Counts what was tried until then, and the case at which the process ended."""
        errors = (self.folder / "errors.log").read_text()[-3000:]
        now = self.folder / "now.json"
        noted: dict[str, Any] = (
            json.loads(now.read_text()) if now.exists() else {"number": self.first, "tally": self.tally.as_json()}
        )
        if now.exists():
            self.tally.add(noted["tally"])
            now.unlink()
        what = HANG if status == TOO_LONG_STATUS and "Timeout" in errors else CRASH
        self.tally.missed.append((noted["number"], what, f"the process ended with {status}: {errors}"))
        self.first = noted["number"] + 1
        print(f"-- {self.name} --only {noted['number']}: {what}: status {status} {errors[-SHOWN:]}", flush=True)


def fuzz(names: Sequence[str], args: argparse.Namespace, folder: Path) -> bool:
    """Tries all kinds at once and prints a line for each; returns whether nothing was missed."""
    needs_product = args.only is None or any(kind_of(name).needs_product for name in names)
    with ExitStack() as stack:
        product, logs = stack.enter_context(used_product(folder)) if needs_product else (None, None)
        kinds = [Kind(name, folder, args, product) for name in names]
        for kind in kinds:
            kind.start()
            stack.callback(kind.stop)  # where all is interrupted
        for kind in kinds:
            kind.join()
    missed = (logs.missed if logs else []) + [
        Missed(what, words) for kind in kinds for _n, what, words in kind.tally.missed
    ]
    for kind in kinds:
        print(_line(kind.tally), flush=True)
    hours, cases = sum(kind.tally.seconds for kind in kinds) / 3600, sum(kind.tally.cases for kind in kinds)
    contained = sum(sum(kind.tally.contained.values()) for kind in kinds)
    words = (
        f"{hours:.2f} hours, {cases} cases, {len(missed)} missed, {contained} crashes of decoders that stayed in their"
    )
    print(f"{words} limited processes", flush=True)
    return not missed


def _line(tally: Tally) -> str:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in tally.outcomes.most_common(8))
    contained = "".join(f", contained {count} x {name}" for name, count in tally.contained.items())
    found = f"{tally.seconds / 60:5.1f} min {tally.cases:7d} cases {len(tally.missed):4d} missed"
    return f"{tally.kind:9s} {found}   ({outcomes}{contained})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all of them without one")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="CASE", help="number of one case")
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    if unknown := set(args.kinds) - KINDS.keys():
        parser.error(f"no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leaves no process either
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as scratch:
        if not fuzz(args.kinds or list(KINDS), args, Path(scratch)):
            sys.exit(1)


if __name__ == "__main__":
    main()
