"""The order of review questions with a truthful reviewer: BCubed F1 by the number of answers, against random orders.

Every picture of the LFW identification set (40 people with 10 pictures) is a video of its own, or the people whom the
analysis finds in concatenations of the single-person clips. They arrive one video after the other and are identified
as in the product, once with nothing accepted automatically and once from each accept threshold on. Then a reviewer
answers

- a whole group at a time, as the page offers it (each person unticked costs one answer);
- one pair at a time, in the order of the queue;
- one pair at a time, at random among the suggested ones that do not follow from other answers;
- one pair at a time, at random among all suggested ones, as in a plain list of suggestions;
- one pair at a time, at random among all people.

`floor` is a reviewer of single pairs who knows all answers beforehand: no order of pairs can need fewer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from analysis.faces.review_order import WORTH_ASKING, chance_of_same, gain_of_group, whole_group
from analysis.faces.search import IDENTIFICATION_THRESHOLDS
from analysis.types import Float32
from benchmarks.grouping import bcubed
from benchmarks.review_sets import VIEWS, Sighting, concatenated_clips, keep, news_photographs, read_kept
from benchmarks.shared import say

EMBEDDER = "mobilefacenet_192"
WANTED_F1 = 0.98
SHOWN_AT = (0, 10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600, 1000)
RUNS = 5
MAX_SUGGESTIONS, MAX_SUGGESTIONS_OF_KNOWN, MAX_AT_ONCE = 3, 1, 11
SURER_OF_KNOWN = 0.12
"""As in `webapp.people.identification.runner` and `webapp.people.review.queries`."""
NEVER = 2.0
TOO_MANY = 30_000

Pair = tuple[int, int]
Order = Callable[["SimulatedTeam", dict[Pair, float], np.random.Generator], Pair]


class SimulatedTeam:
    """A team whose people are found as in the product, while videos arrive in random order."""

    def __init__(self, sightings: Sequence[Sighting], accept_from: float, random: np.random.Generator) -> None:
        self.sightings = sightings
        self.members: dict[int, list[int]] = {}
        self.suggestions: list[tuple[int, int, float]] = []
        self.apart: set[Pair] = set()
        self._merged: dict[int, int] = {}
        self._kept: dict[tuple[int, ...], Float32] = {}
        videos = sorted({each.video for each in sightings})
        for video in random.permutation(videos):
            self._add([number for number, each in enumerate(sightings) if each.video == video], accept_from)

    def _add(self, numbers: Sequence[int], accept_from: float) -> None:
        """Adds the sightings of a video: accepts, suggests or makes new people, most similar first."""
        review_from = IDENTIFICATION_THRESHOLDS[EMBEDDER].review_from
        templates = {person: self._views(person) for person in self.members}
        ranked = [
            (float((views @ self.sightings[number].mean).max()), number, person)
            for person, views in templates.items()
            for number in numbers
        ]
        accepted: dict[int, int] = {}
        suggested: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for similarity, number, person in sorted(ranked, reverse=True):
            if similarity < review_from:
                break
            if number not in accepted and similarity >= accept_from:
                self.members[person].append(number)
                accepted[number] = person
            elif number not in accepted or similarity >= review_from + SURER_OF_KNOWN:
                suggested[number].append((person, similarity))
        for number in numbers:
            if number not in accepted:
                self.members[number] = [number]
            most = MAX_SUGGESTIONS_OF_KNOWN if number in accepted else MAX_SUGGESTIONS
            self.suggestions += [(accepted.get(number, number), *each) for each in suggested[number][:most]]

    def _views(self, person: int) -> Float32:
        """Returns a person's templates, the best of each video first, as `gallery_services` picks them."""
        views = [self.sightings[number].views for number in self.members[person]]
        ranked = [each[rank] for rank in range(VIEWS) for each in views if rank < len(each)]
        return np.stack(ranked[:VIEWS])

    def today(self, person: int) -> int:
        while person in self._merged:
            person = self._merged[person]
        return person

    def pair(self, first: int, second: int) -> Pair:
        first, second = self.today(first), self.today(second)
        return min(first, second), max(first, second)

    def open_pairs(self) -> dict[Pair, float]:
        """Returns the pairs not settled by answers that are worth asking, with the chance that they are one person."""
        pairs = {self.pair(first, second) for first, second, _ in self.suggestions}
        chances = {pair: self._chance(*pair) for pair in pairs if pair[0] != pair[1] and pair not in self.apart}
        return {pair: chance for pair, chance in chances.items() if chance >= WORTH_ASKING}

    def _chance(self, first: int, second: int) -> float:
        similarity = float(self._pooled(first) @ self._pooled(second))
        return chance_of_same(similarity, IDENTIFICATION_THRESHOLDS[EMBEDDER], len(self.members))

    def _pooled(self, person: int) -> Float32:
        """Returns the mean (d,) of a person's templates, as `queue_queries` takes it; kept until they are others."""
        members = tuple(self.members[person])
        if members not in self._kept:
            total = self._views(person).sum(axis=0)
            self._kept[members] = (total / np.linalg.norm(total)).astype(np.float32)
        return self._kept[members]

    def size(self, person: int) -> int:
        return len(self.members[person])

    def name(self, person: int) -> str:
        """Returns whom a truthful reviewer sees: the person of most of the pictures."""
        return Counter(self.sightings[number].person for number in self.members[person]).most_common(1)[0][0]

    def answer(self, first: int, second: int) -> None:
        first, second = self.pair(first, second)
        if first == second:
            return
        if self.name(first) != self.name(second):
            self.apart.add((first, second))
            return
        keeps, gone = (first, second) if self.size(first) >= self.size(second) else (second, first)
        self.members[keeps] += self.members.pop(gone)
        self._merged[gone] = keeps
        self.apart = {self.pair(*pair) for pair in self.apart}

    def f1(self) -> float:
        found = [""] * len(self.sightings)
        for person, members in self.members.items():
            for number in members:
                found[number] = str(person)
        precision, recall = bcubed([each.person for each in self.sightings], found)
        return 2 * precision * recall / (precision + recall)


def by_gain(team: SimulatedTeam, pairs: dict[Pair, float], random: np.random.Generator) -> Pair:
    return max(pairs, key=lambda pair: gain_of_group(team.size(pair[0]), [(team.size(pair[1]), pairs[pair])]))


def at_random(team: SimulatedTeam, pairs: dict[Pair, float], random: np.random.Generator) -> Pair:
    return sorted(pairs)[random.integers(len(pairs))]


def knowing(team: SimulatedTeam, pairs: dict[Pair, float], random: np.random.Generator) -> Pair:
    def gain(pair: Pair) -> tuple[bool, float]:
        return team.name(pair[0]) == team.name(pair[1]), gain_of_group(team.size(pair[0]), [(team.size(pair[1]), 1)])

    return max(pairs, key=gain)


def one_by_one(team: SimulatedTeam, random: np.random.Generator, order: Order) -> Iterator[float]:
    """Yields F1 after each answer, until no question is left."""
    while pairs := team.open_pairs():
        team.answer(*order(team, pairs, random))
        yield team.f1()


def every_suggestion(team: SimulatedTeam, random: np.random.Generator) -> Iterator[float]:
    for row in random.permutation(len(team.suggestions)):
        first, second, _ = team.suggestions[row]
        team.answer(first, second)
        yield team.f1()


def among_all(team: SimulatedTeam, random: np.random.Generator) -> Iterator[float]:
    """Yields F1 after each answer about random pairs; computed only after a yes, as a no changes nothing."""
    f1 = team.f1()
    while len(team.members) > 1:
        first, second = (int(each) for each in random.choice(list(team.members), 2, replace=False))
        if team.pair(first, second) in team.apart:
            continue
        people = len(team.members)
        team.answer(first, second)
        f1 = team.f1() if len(team.members) < people else f1
        yield f1


def whole_groups(team: SimulatedTeam, random: np.random.Generator) -> Iterator[float]:
    """Yields F1 after each answer as the page asks: unticked people are asked about later."""
    later: set[Pair] = set()
    while pairs := team.open_pairs():
        later = {team.pair(*pair) for pair in later}
        asked = {pair: chance for pair, chance in pairs.items() if pair not in later} or pairs
        start, others = _best_group(team, asked)
        same = [each for each in others if team.name(each) == team.name(start)]
        if same:
            for each in same:
                team.answer(start, each)
            left_out = [each for each in others if each not in same]
            later |= {team.pair(start, each) for each in left_out}
            yield from [team.f1()] * len(left_out)
        else:
            team.answer(start, others[0])
        yield team.f1()


def _best_group(team: SimulatedTeam, pairs: dict[Pair, float]) -> tuple[int, list[int]]:
    chances: dict[int, dict[int, float]] = defaultdict(dict)
    for (first, second), chance in pairs.items():
        chances[first][second] = chances[second][first] = chance

    def fits(group: Collection[int], key: int) -> bool:
        return not any(team.pair(each, key) in team.apart for each in group)

    def gain(start: int) -> float:
        return gain_of_group(team.size(start), [(team.size(each), chance) for each, chance in groups[start]])

    groups = {start: whole_group(chances, start, fits, MAX_AT_ONCE) for start in chances}
    start = max(groups, key=gain)
    return start, [each for each, _ in groups[start]]


MODES: dict[str, Callable[[SimulatedTeam, np.random.Generator], Iterator[float]]] = {
    "whole groups": whole_groups,
    "queue": lambda team, random: one_by_one(team, random, by_gain),
    "floor": lambda team, random: one_by_one(team, random, knowing),
    "random, suggested": lambda team, random: one_by_one(team, random, at_random),
    "random, plain list": every_suggestion,
    "random, all pairs": among_all,
}


def curve(sightings: Sequence[Sighting], accept_from: float, mode: str, seed: int) -> list[float]:
    """Returns F1 by the number of answers, from 0 to the last one shown."""
    random = np.random.default_rng(seed)
    team = SimulatedTeam(sightings, accept_from, random)
    found = [team.f1()]
    for f1 in MODES[mode](team, random):
        found.append(f1)
        if (f1 >= WANTED_F1 and len(found) > SHOWN_AT[-1]) or len(found) > TOO_MANY:
            break
    return found


def needed(found: Sequence[float]) -> float:
    return next((number for number, f1 in enumerate(found) if f1 >= WANTED_F1), float("inf"))


def at(found: Sequence[float], number: int) -> float:
    return found[min(number, len(found) - 1)]


def compare(sightings: Sequence[Sighting], accept_from: float, runs: int) -> None:
    curves = {mode: [curve(sightings, accept_from, mode, seed) for seed in range(runs)] for mode in MODES}
    start = SimulatedTeam(sightings, accept_from, np.random.default_rng(0))
    words = "nothing accepted automatically" if accept_from >= 1 else f"accepted automatically from {accept_from}"
    print(f"\n{words}: {len(start.members)} people, {len(start.open_pairs())} questions, {runs} orders of the videos")
    print("answers  " + "  ".join(f"{mode:>18s}" for mode in MODES))
    for number in SHOWN_AT:
        print(f"{number:7d}  " + "  ".join(f"{np.mean([at(c, number) for c in curves[mode]]):18.4f}" for mode in MODES))
    count = {mode: float(np.mean([needed(c) for c in curves[mode]])) for mode in MODES}
    for mode in MODES:
        say(f"answers until F1 {WANTED_F1}, {mode}", count[mode], "few" if mode == "whole groups" else "none", digits=1)
    for ours in ("whole groups", "queue"):
        for mode in list(MODES)[3:]:
            ratio = count[mode] / max(count[ours], 1)
            if not np.isfinite(ratio):
                continue  # one of them ends below the wanted F1
            say(f"ratio of {mode} to {ours}", ratio, "> 2" if ours == "whole groups" else "none", digits=2)
    print(_in_one_line(count["whole groups"], count["random, suggested"]))


def _in_one_line(product: float, at_random: float) -> str:
    """Compares whole groups, which the page offers first, with random order."""
    if not np.isfinite([product, at_random]).all():
        return f"THE PRODUCT'S QUEUE AGAINST RANDOM ORDER: one of them ends below F1 {WANTED_F1}"
    return (
        f"THE PRODUCT'S QUEUE AGAINST RANDOM ORDER: {product:.0f} answers instead of {at_random:.0f}"
        f" until F1 {WANTED_F1}, {at_random / max(product, 1):.1f} times fewer"
    )


def measure(name: str, clips: int, accept_from: Sequence[float], runs: int, cache: Path | None) -> None:
    """Compares the orders on a set, "news" or "clips"; `cache` keeps its vectors for the next run."""
    if cache and cache.exists():
        sightings = read_kept(cache)
    else:
        sightings = news_photographs() if name == "news" else concatenated_clips(clips)
        keep(cache, sightings)
    people = len({each.person for each in sightings})
    print(f"{len(sightings)} sightings of {people} people in {len({each.video for each in sightings})} videos")
    for least in [NEVER, *accept_from]:
        compare(sightings, least, runs)
