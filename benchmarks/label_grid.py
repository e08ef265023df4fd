"""The label grid with 100,000 samples: page, list, rows, counts, and acts on one and on all of them.

The real server on SQLite, over HTTP, on one kept connection; pictures are made here. Each figure is the median of
several requests. `python -m benchmarks.label_grid [--samples 100000] [--rounds 9] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.visitor import Visitor
from tests.e2e.seeding import seed
from tests.product import Product

PAGE_MS, ACT_MS, ALL_MS = 200, 100, 10_000
LABELLED_SHARE, SUGGESTED_SHARE = 0.3, 0.2


class Grid:
    """Sends the requests of the page."""

    def __init__(self, visitor: Visitor, dataset: str) -> None:
        self.visitor, self.address = visitor, f"/datasets/{dataset}/"

    def get(self, path: str = "") -> str:
        self.visitor.ask("GET", self.address + path)
        return self.visitor.text

    def post(self, path: str, wish: object = None) -> dict[str, object]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        self.visitor.ask("POST", path, json.dumps(wish).encode(), **headers)
        answer: dict[str, object] = json.loads(self.visitor.text)
        return answer

    def label(self, label: int | None, runs: list[list[int]]) -> dict[str, object]:
        return self.post(f"{self.address}acts/", {"do": "label", "groups": [[label, runs]]})

    def undo(self, answer: dict[str, object]) -> None:
        undo = answer["undo"]
        assert isinstance(undo, dict)
        self.post(undo["url"])

    def runs(self) -> list[list[int]]:
        found: list[list[int]] = json.loads(self.get("samples/"))["runs"]
        return found


def median_ms(ask: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - began))
    return median(taken)


def say(what: str, ms: float, target_ms: int | None = None) -> None:
    print(f"{what:44} {ms:8.0f} ms" + (f"   target < {target_ms} ms" if target_ms else ""))


def measure(grid: Grid, samples: int, rounds: int) -> None:
    say("grid page", median_ms(grid.get, rounds), PAGE_MS)
    say("grid page, only unlabelled", median_ms(lambda: grid.get("?show=unlabelled"), rounds), PAGE_MS)
    say("grid page, only doubtful", median_ms(lambda: grid.get("?show=doubtful"), rounds), PAGE_MS)
    say(f"list of {samples:,} numbers", median_ms(grid.runs, rounds))
    print(f"{'':44} {len(grid.get('samples/')):8,d} bytes")
    middle = samples // 2
    say("details of 240 samples", median_ms(lambda: grid.get(f"samples/rows/?numbers={middle}-{middle + 239}"), rounds))
    say("counts of all labels", median_ms(lambda: grid.get("samples/counts/"), rounds))
    say("one thumbnail", median_ms(lambda: grid.get(f"samples/{middle}/thumbnail.jpg"), rounds))
    labels = [int(label) for label in json.loads(grid.get("samples/counts/"))["labels"]]
    acts(grid, labels, samples, rounds)


def acts(grid: Grid, labels: list[int], samples: int, rounds: int) -> None:
    one = iter(range(samples - 10 * rounds, samples))
    say("label one sample", median_ms(lambda: grid.label(labels[0], [[n := next(one), n, 0]]), rounds), ACT_MS)
    first = samples - 5000
    some = iter([first + 50 * n, first + 50 * n + 49, 0] for n in range(rounds))
    say("label 50 samples", median_ms(lambda: grid.label(labels[0], [next(some)]), rounds), ACT_MS)
    answers: list[dict[str, object]] = []
    runs = grid.runs()
    print(f"{'the list after that':44} {len(json.dumps(runs)):8,d} bytes")
    say(f"label all {samples:,}", median_ms(lambda: answers.append(grid.label(labels[1], runs)), 1), ALL_MS)
    say(f"undo for all {samples:,}", median_ms(lambda: grid.undo(answers[0]), 1), ALL_MS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        product = Product(Path(folder) / "data")
        try:
            product.wait_until_ready()
            visitor = Visitor(product.port)
            visitor.become_owner(product.owner_link)
            share = {"labelled": LABELLED_SHARE, "suggested": SUGGESTED_SHARE}
            counts = {name: int(part * args.samples) for name, part in share.items()}
            dataset = seed(product.data_dir, team="Newsroom", count=args.samples, **counts)["id"]
            measure(Grid(visitor, dataset), args.samples, args.rounds)
        finally:
            product.stop()


if __name__ == "__main__":
    main()
