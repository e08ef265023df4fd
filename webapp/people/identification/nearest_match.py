"""What an identification compared, for the page that explains it: the match, the limit that held, and the runner-up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32

LOOKED_AT = 8
"""Most similar people of each group among whom the match and the runner-up are searched; others are too far away."""
RULED_OUT = -1.0
"""Similarity of whom somebody said that they are not the one."""


@dataclass(frozen=True, slots=True)
class NearestMatch:
    """The person nearest to a group of tracks, among those it may be. Accepted where `similarity` reaches `limit`."""

    person: UUID
    similarity: float
    limit: float
    is_accepted: bool
    runner_up: UUID | None = None
    runner_up_similarity: float | None = None


def matches_of(
    table: Float32,
    people: Sequence[UUID],
    numbers: Sequence[int],
    *,
    accepted: Mapping[int, UUID],
    accept_from: NDArray[np.float32],
    is_possible: Callable[[int, UUID], bool],
) -> dict[int, NearestMatch]:
    """Returns a match by group number; none for groups that are like nobody at all.

    `table` is (people, groups); `is_possible` tells whether a group could be a person, by what else is in its pictures.
    """
    found: dict[int, NearestMatch] = {}
    for column, number in enumerate(numbers):
        rows = [row for row in _best_rows(table[:, column]) if is_possible(number, people[row])]
        chosen = [row for row in rows if people[row] == accepted.get(number)]
        rows = chosen + [row for row in rows if row not in chosen]
        if not rows:
            continue
        match = NearestMatch(people[rows[0]], float(table[rows[0], column]), float(accept_from[rows[0]]), bool(chosen))
        if len(rows) > 1:
            match = replace(match, runner_up=people[rows[1]], runner_up_similarity=float(table[rows[1], column]))
        found[number] = match
    return found


def _best_rows(similarities: Float32) -> list[int]:
    """Returns the rows of the most similar people, best first."""
    count = min(LOOKED_AT, len(similarities))
    rows = np.argpartition(-similarities, count - 1)[:count]
    ordered = rows[np.lexsort((rows, -similarities[rows]))]
    return [int(row) for row in ordered if similarities[row] > RULED_OUT]
