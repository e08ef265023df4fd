"""Exact search among a million vectors: milliseconds for one face."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from analysis.faces.search import Gallery, compact, similarities
from analysis.types import Float32
from benchmarks.shared import say

SIZE, USED = 192, 64
PEOPLE = 60_000
PER_PERSON = 6


def unit_rows(count: int, seed: int) -> Float32:
    """Returns vectors like those of MobileFaceNet: 192 numbers that lie in 64 dimensions."""
    rows = np.random.default_rng(seed).standard_normal((count, USED), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    directions = np.linalg.qr(np.random.default_rng(0).standard_normal((SIZE, USED)))[0].astype(np.float32)
    turned: Float32 = rows @ directions.T
    return turned


def best_ms(work: Callable[[], object], rounds: int = 15) -> float:
    """Returns the time of the fastest round: other programs only ever slow it down."""
    took = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        took.append((time.perf_counter() - begin) * 1000)
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=1_000_000)
    args = parser.parse_args()
    rows = unit_rows(args.vectors, 1)
    face = unit_rows(1, 2)
    everything = rows @ face[0]
    alone = compact(Gallery(rows, np.arange(args.vectors)))
    error = float(np.abs(similarities(alone, face)[:, 0] - everything).max())
    say("largest difference to multiplying everything", error, "< 0.001", digits=6)
    say(f"one face among {args.vectors} views, ms", best_ms(lambda: similarities(alone, face)), "< 50", digits=1)
    say("  by multiplying everything, ms", best_ms(lambda: rows @ face[0]), "none", digits=1)
    known = compact(Gallery(rows[: PEOPLE * PER_PERSON], np.arange(0, PEOPLE * PER_PERSON, PER_PERSON)))
    took = best_ms(lambda: similarities(known, face))
    say(f"one face among {PEOPLE} people with {PER_PERSON} views each, ms", took, "< 50", digits=1)


if __name__ == "__main__":
    main()
