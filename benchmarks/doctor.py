"""The dataset doctor: recall and precision on planted defects and wrong labels, time for duplicates in 100,000.

`python -m benchmarks doctor [--seeds 3] [--tuning] [--only flaws|duplicates|labels|identities|speed] [--show FOLDER]`

Pictures that are soft or dark to begin with (`doctor_truth.py`) get no defect and do not count, nor do pairs of one
recording; the figures with those pictures counted as good are printed, too. `--tuning` takes other pictures and other
seeds: thresholds are chosen on those, never on what is reported.
`--show` writes the pictures that were flagged although nothing was planted in them.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from analysis.doctor.duplicates import near_duplicates
from analysis.doctor.embedding import load_picture_embedder
from analysis.doctor.flaws import Flagged, find_blurred, find_dark
from analysis.doctor.measures import Measures, MeasureTable, measure_picture
from analysis.types import Image
from benchmarks import defects, doctor_labels, doctor_many, doctor_truth
from benchmarks.doctor_sets import PICTURE_SETS, TUNING_SETS, pictures_of
from benchmarks.shared import say

PLANTED_SHARE = 0.2
FIRST_TUNING_SEED = 100
MANY = 100_000


class PlantedCounts:
    """Counts planted and flagged pictures over all seeds, by kind."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.hits: dict[str, list[bool]] = {}
        self.flagged = self.right = 0

    def add(self, flagged: set[int], planted: dict[int, str]) -> None:
        for index, kind in planted.items():
            self.hits.setdefault(kind, []).append(index in flagged)
        self.flagged += len(flagged)
        self.right += len(flagged & planted.keys())

    def take(self, other: PlantedCounts) -> None:
        """Adds the counts of another."""
        for kind, hits in other.hits.items():
            self.hits.setdefault(kind, []).extend(hits)
        self.flagged += other.flagged
        self.right += other.right

    def tell(self, target: str = ">= 0.9") -> None:
        kinds = ", ".join(f"{kind} {np.mean(hits):.2f}" for kind, hits in self.hits.items())
        print(f"  recall by kind: {kinds}")
        say(f"{self.what}: recall", float(np.mean(np.concatenate(list(self.hits.values())))), target, 3)
        say(f"{self.what}: precision", self.right / max(self.flagged, 1), target, 3)


@dataclass(frozen=True)
class Flaw:
    name: str
    kinds: dict[str, defects.Change]
    find: Callable[[MeasureTable], Flagged]
    is_there_already: Callable[[Image], bool]


FLAWS = (
    Flaw("blur", defects.BLURS, find_blurred, doctor_truth.is_soft),
    Flaw("dark", defects.DARKNESS, find_dark, doctor_truth.is_dark),
)


def plant_flaws(
    flaw: Flaw, set_name: str, images: Sequence[Image], seeds: range, show: Path | None
) -> tuple[PlantedCounts, PlantedCounts]:
    """Counts twice: without the pictures flawed to begin with, and as if those were good."""
    measures = [measure_picture(image) for image in images]
    own = {index for index, image in enumerate(images) if flaw.is_there_already(image)}
    own_found = own & set(flaw.find(MeasureTable.of(measures)).indices.tolist())
    counts = PlantedCounts(f"{flaw.name} in {set_name}")
    print(
        f"  {counts.what}: {len(own)} of {len(images)} were flawed before, {len(own_found)} of them flagged; left out"
    )
    for seed in seeds:
        wrongly = plant_once(flaw, images, measures, own, seed, counts)
        if show and seed == seeds[0]:
            write_pictures(show / counts.what.replace(" ", "-"), images, wrongly)
    counts.tell()
    if not own:
        return counts, counts
    all_counts = PlantedCounts(f"{counts.what}, all counted as good")
    for seed in seeds:
        plant_once(flaw, images, measures, set(), seed, all_counts)
    all_counts.tell("none")
    return counts, all_counts


def plant_once(
    flaw: Flaw, images: Sequence[Image], measures: Sequence[Measures], aside: set[int], seed: int, counts: PlantedCounts
) -> list[int]:
    """Adds one planting to the counts; returns false positives. Pictures in `aside` get no flaw and do not count."""
    random = np.random.default_rng(seed)
    good = np.setdiff1d(np.arange(len(images)), sorted(aside))
    chosen = random.permutation(good)[: max(1, round(PLANTED_SHARE * len(images)))]
    planted = {int(index): list(flaw.kinds)[number % len(flaw.kinds)] for number, index in enumerate(chosen)}
    changed = {index: measure_picture(flaw.kinds[kind](images[index], random)) for index, kind in planted.items()}
    table = MeasureTable.of([changed.get(index, measure) for index, measure in enumerate(measures)])
    flagged = set(flaw.find(table).indices.tolist()) - aside
    counts.add(flagged, planted)
    return sorted(flagged - planted.keys())


def measure_flaws(seeds: range, tuning: bool, show: Path | None) -> None:
    whole = {flaw.name: PlantedCounts(f"{flaw.name} in all sets together") for flaw in FLAWS}
    whole_counts = {flaw.name: PlantedCounts(f"{flaw.name} in all sets, all counted as good") for flaw in FLAWS}
    for set_name in TUNING_SETS if tuning else PICTURE_SETS:
        images, _recordings = pictures_of(set_name, tuning=tuning)
        for flaw in FLAWS:
            counts, all_counts = plant_flaws(flaw, set_name, images, seeds, show)
            whole[flaw.name].take(counts)
            whole_counts[flaw.name].take(all_counts)
    for name in whole:
        whole[name].tell()
        whole_counts[name].tell("none")


def measure_duplicates(seeds: range, tuning: bool, show: Path | None) -> None:
    """Measures planted copies; reports copies that were there before and keeps one of each."""
    whole = PlantedCounts("copies in all sets together")
    for set_name in TUNING_SETS if tuning else PICTURE_SETS:
        images, recordings = pictures_of(set_name, tuning=tuning)
        signatures = MeasureTable.of(map(measure_picture, images)).signatures
        natural = near_duplicates(signatures)
        extra = {index for group in natural for index in group.indices[1:]}
        print(f"  {set_name}: {len(extra)} of {len(images)} pictures are copies of others before planting")
        if show:
            for number, group in enumerate(natural[:20]):
                write_pictures(show / f"copies-in-{set_name}" / str(number), images, group.indices)
        kept = [index for index in range(len(images)) if index not in extra]
        counts = PlantedCounts(f"copies in {set_name}")
        for seed in seeds:
            random = np.random.default_rng(seed)
            add_copies(counts, [images[index] for index in kept], [recordings[index] for index in kept], random)
        counts.tell()
        whole.take(counts)
    whole.tell()


def add_copies(
    counts: PlantedCounts, images: Sequence[Image], recordings: Sequence[str], random: defects.Random
) -> None:
    """Plants copies of every kind and as many mirrored pictures, which are no copies, and counts what is found."""
    chosen = random.permutation(len(images))[: round(PLANTED_SHARE * len(images))]
    kinds = list(defects.COPIES)
    all_images, of_recording, pairs = list(images), list(recordings), {}
    for number, index in enumerate(chosen):
        kind = kinds[number % len(kinds)]
        pairs[len(all_images), int(index)] = kind
        all_images.append(defects.COPIES[kind](images[index], random))
        of_recording.append(recordings[index])
    all_images += [defects.mirrored(images[index], random) for index in chosen]
    of_recording += [f"mirrored {recordings[index]}" for index in chosen]
    groups = near_duplicates(MeasureTable.of(map(measure_picture, all_images)).signatures)
    together = {(i, j) for group in groups for i in group.indices for j in group.indices if i > j}
    together = {(i, j) for i, j in together if (i, j) in pairs or of_recording[i] != of_recording[j]}
    numbers = {pair: number for number, pair in enumerate([*pairs, *sorted(together - pairs.keys())])}
    counts.add({numbers[pair] for pair in together}, {numbers[pair]: kind for pair, kind in pairs.items()})


def measure_speed() -> None:
    random = np.random.default_rng(0)
    noise = cv2.resize(random.integers(0, 256, (60, 80, 3), np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)
    frame = np.asarray(noise, np.uint8)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    say("pictures of 640 x 480 measured a second, one core", rate(lambda: measure_picture(frame), 200), ">= 150", 0)
    cv2.setNumThreads(threads)
    embedder = load_picture_embedder(threads=1)
    say("pictures embedded a second, one core", 4 * rate(lambda: embedder.embed([frame] * 4), 25), ">= 40", 0)
    for sort, make in doctor_many.SORTS.items():
        measure_search(sort, make(MANY, np.random.default_rng(0)))


def measure_search(sort: str, many: doctor_many.Many) -> None:
    """Measures time and memory of a search with embeddings, as the product does it."""
    before, begin, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), time.process_time()
    groups = near_duplicates(many.signatures, embeddings=many.vectors)
    took_s, cpu_s = time.perf_counter() - begin, time.process_time() - cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    say(f"{MANY} {sort}: seconds for copies ({cpu_s:.0f} s of one core)", took_s, "< 60", 1)
    group_of = {index: number for number, group in enumerate(groups) for index in group.indices}
    if len(many.copies):
        found = [group_of.get(first, -1) == group_of.get(second, -2) for first, second in many.copies.tolist()]
        say(f"  of {len(found)} copies found", float(np.mean(found)), "1", 3)
    say("  pictures in groups of copies", len(group_of), "none", 0)
    say("  megabytes more at its peak", grown, "flat", 0)


def rate(work: Callable[[], object], times: int) -> float:
    """Returns runs per second of CPU time, which is what one core of our own would do."""
    work()
    begin = time.process_time()
    for _ in range(times):
        work()
    return times / (time.process_time() - begin)


def write_pictures(folder: Path, images: Sequence[Image], indices: Sequence[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index in indices:
        cv2.imwrite(str(folder / f"{index}.jpg"), images[index])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tuning", action="store_true", help="other pictures and seeds, for choosing thresholds")
    parser.add_argument("--only", choices=["flaws", "duplicates", "labels", "identities", "speed"])
    parser.add_argument("--show", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    first = FIRST_TUNING_SEED if args.tuning else 0
    seeds = range(first, first + args.seeds)
    parts: dict[str, Callable[[], None]] = {
        "flaws": lambda: measure_flaws(seeds, args.tuning, args.show),
        "duplicates": lambda: measure_duplicates(seeds, args.tuning, args.show),
        "labels": lambda: doctor_labels.measure_wrong_labels(seeds, args.show),
        "identities": lambda: doctor_labels.measure_identities(seeds),
        "speed": measure_speed,
    }
    for name, part in parts.items():
        if args.only in (None, name):
            print(f"-- {name}")
            part()


if __name__ == "__main__":
    main()
