"""The review queue with a truthful reviewer: BCubed F1 against the number of answers, beside a random order.

`python -m benchmarks review`: every picture of the LFW identification set (40 people with 10 pictures) is a person whom
nobody knows. Nothing joins by itself (unless `--join-from 0.61` as in the product, which leaves little to ask): pairs
that are alike enough are asked about in the order of the queue, in random order, and any pairs in random order. With
whole groups the reviewer confirms on one page all who are the person in question, as the page offers it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analysis.faces.detect import load_detector
from analysis.faces.embed import load_mobilefacenet
from analysis.faces.review import expected_gain
from analysis.faces.search import LIMITS
from analysis.pictures import read_picture
from analysis.types import Float32
from benchmarks.grouping import bcubed
from benchmarks.shared import say, shared_folder
from benchmarks.verification import central_face

WANTED_F1 = 0.98
SHOWN_AT = (0, 50, 100, 150, 200, 250, 300, 350, 400, 600, 1000)
RANDOM_RUNS = 5
ALSO = 11
"""As in `webapp.people.review`."""
NEVER, ANY = 2.0, -0.999


def read_set(cache: Path | None) -> tuple[Float32, list[str]]:
    """A vector and the person of each picture in which a face is found."""
    folder = shared_folder("identity/lfw")
    files = json.loads((folder / "identification_images.json").read_text())
    if cache and cache.exists():
        kept = np.load(cache)
        return kept["vectors"], kept["people"].tolist()
    detector, embedder = load_detector(), load_mobilefacenet()
    vectors, people = [], []
    for file in files:
        image_bgr = read_picture(folder / "images" / file)
        landmarks = central_face(detector, image_bgr)
        if landmarks is not None:
            vectors.append(embedder.embed(embedder.align(image_bgr, landmarks))[0])
            people.append(file.split("/")[0])
    if cache:
        np.savez(cache, vectors=np.stack(vectors), people=np.array(people))
    return np.stack(vectors), people


class Groups:
    """People as the product holds them: the likeness of two is that of their most alike views."""

    def __init__(self, vectors: Float32, truth: list[str]) -> None:
        self.truth = truth
        self.members = {number: [number] for number in range(len(truth))}
        self.likeness = (vectors @ vectors.T).astype(np.float64)
        np.fill_diagonal(self.likeness, -1)

    def unite(self, kept: int, gone: int) -> None:
        self.members[kept] += self.members.pop(gone)
        row = np.maximum(self.likeness[kept], self.likeness[gone])
        row[self.likeness[kept] == -2] = -2
        row[self.likeness[gone] == -2] = -2
        row[[kept, gone]] = -1
        self.likeness[kept] = self.likeness[:, kept] = row
        self.likeness[gone] = self.likeness[:, gone] = -1

    def tell_apart(self, first: int, second: int) -> None:
        self.likeness[first, second] = self.likeness[second, first] = -2

    def f1(self) -> float:
        found = [""] * len(self.truth)
        for number, members in self.members.items():
            for member in members:
                found[member] = str(number)
        precision, recall = bcubed(self.truth, found)
        return 2 * precision * recall / (precision + recall)

    def is_same(self, first: int, second: int) -> bool:
        """What a truthful reviewer says: of most of the pictures on both sides."""
        names = [[self.truth[member] for member in self.members[each]] for each in (first, second)]
        return max(set(names[0]), key=names[0].count) == max(set(names[1]), key=names[1].count)


def join_sure_ones(groups: Groups, join_from: float) -> None:
    while True:
        first, second = np.unravel_index(int(groups.likeness.argmax()), groups.likeness.shape)
        if groups.likeness[first, second] < join_from:
            return
        groups.unite(int(first), int(second))


def also_asked(groups: Groups, keeps: int, suggest_from: float) -> list[int]:
    """Who else may be that person, as the page shows them."""
    row = groups.likeness[keeps]
    alike = [int(number) for number in np.argsort(-row) if row[number] >= suggest_from]
    return alike[: ALSO + 1]


def answers(
    groups: Groups, suggest_from: float, random: np.random.Generator | None, whole_groups: bool = False
) -> Iterator[float]:
    """F1 after each answer, until no question is left; in the queue's order, or at random."""
    f1, each_once = groups.f1(), np.triu(np.ones_like(groups.likeness, bool), 1)
    while True:
        rows, columns = np.nonzero(each_once & (groups.likeness >= suggest_from))
        if not len(rows):
            return
        if random is None:
            sizes = {key: len(members) for key, members in groups.members.items()}
            worth = [
                expected_gain(groups.likeness[a, b], sizes[a], sizes[b])
                for a, b in zip(rows.tolist(), columns.tolist(), strict=True)
            ]
            position = int(np.argmax(worth))
        else:
            position = int(random.integers(len(rows)))
        first, second = int(rows[position]), int(columns[position])
        if len(groups.members[second]) > len(groups.members[first]):
            first, second = second, first
        if whole_groups:
            same = [each for each in also_asked(groups, first, suggest_from) if groups.is_same(first, each)]
            for each in same:
                groups.unite(first, each)
            if not same:
                groups.tell_apart(first, second)
            f1 = groups.f1()
        elif groups.is_same(first, second):
            groups.unite(first, second)
            f1 = groups.f1()
        else:
            groups.tell_apart(first, second)
        yield f1


def run(
    vectors: Float32,
    people: list[str],
    join_from: float,
    suggest_from: float,
    seed: int | None = None,
    whole_groups: bool = False,
) -> list[float]:
    """F1 by the number of answers, 0 included."""
    groups = Groups(vectors, people)
    join_sure_ones(groups, join_from)
    random = None if seed is None else np.random.default_rng(seed)
    return [groups.f1(), *answers(groups, suggest_from, random, whole_groups)]


def needed(curve: list[float]) -> int | None:
    return next((number for number, f1 in enumerate(curve) if f1 >= WANTED_F1), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suggest-from", type=float, default=LIMITS["mobilefacenet_192"].suggest_from)
    parser.add_argument("--join-from", type=float, default=NEVER)
    parser.add_argument("--cache", type=Path, help="file for the vectors, read again by the next run")
    args = parser.parse_args()
    vectors, people = read_set(args.cache)
    queue = run(vectors, people, args.join_from, args.suggest_from)
    alike = [run(vectors, people, args.join_from, args.suggest_from, seed) for seed in range(RANDOM_RUNS)]
    blind = [run(vectors, people, args.join_from, ANY, 0)]
    pages = run(vectors, people, args.join_from, args.suggest_from, whole_groups=True)
    print(f"{len(people)} pictures of {len(set(people))} people, asked from {args.suggest_from}")
    print("answers   whole groups   queue    random among the alike   random among all")
    for number in SHOWN_AT:
        mean = [np.mean([at(curve, number) for curve in curves]) for curves in (alike, blind)]
        print(
            f"{number:7d}   {at(pages, number):.4f}         {at(queue, number):.4f}   "
            f"{mean[0]:.4f}                   {mean[1]:.4f}"
        )
    print(f"questions until none is left: {len(queue) - 1}, at random {np.mean([len(c) - 1 for c in alike]):.0f}")
    ours = needed(queue)
    if ours is None:
        print(f"F1 {WANTED_F1} is not reached: at the end {queue[-1]:.4f}")
        return
    say(f"answers until F1 {WANTED_F1}", ours, "few", digits=0)
    say("  with whole groups", needed(pages) or np.inf, "few", digits=0)
    for words, curves in (("among the alike", alike), ("among all", blind)):
        reached = [number for number in map(needed, curves) if number is not None]
        if reached:
            say(f"  in random order {words}", float(np.mean(reached)), "none", digits=0)
            say("  ratio", float(np.mean(reached)) / max(ours, 1), "> 2", digits=2)


def at(curve: list[float], number: int) -> float:
    return curve[min(number, len(curve) - 1)]


if __name__ == "__main__":
    main()
