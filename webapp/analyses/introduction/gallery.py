"""The gallery of a plan: templates of people that grow video by video, without a row being written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from analysis.types import Float32
from webapp.people.gallery_services import TEMPLATES_PER_PERSON, TEMPLATES_PER_VIDEO

Who = UUID | int
"""A person, or the number of somebody who is found anew."""
ROOM = 1_024


@dataclass(frozen=True, slots=True)
class View:
    """A clear view of a face: a template, if it is good enough."""

    vector: Float32
    quality: float


@dataclass(slots=True)
class PlannedGallery:
    """The best few views of everybody so far, in one growing matrix."""

    accept_from: float
    own: Mapping[Who, float]
    """Accept thresholds of people who have one of their own."""
    _rows: Float32 = field(default_factory=lambda: np.zeros((0, 1), np.float32))
    _owners: list[Who] = field(default_factory=list)
    _quality: list[float] = field(default_factory=list)
    _rows_of: dict[Who, list[int]] = field(default_factory=dict)

    def add(self, who: Who, views: Sequence[View]) -> None:
        """Keeps the best views of one video, where they are better than those kept of this person so far."""
        for view in sorted(views, key=lambda each: -each.quality)[:TEMPLATES_PER_VIDEO]:
            own = self._rows_of.setdefault(who, [])
            if len(own) < TEMPLATES_PER_PERSON:
                own.append(self._new_row(who, view))
                continue
            worst = min(own, key=lambda row: self._quality[row])
            if view.quality > self._quality[worst]:
                self._rows[worst], self._quality[worst] = view.vector, view.quality

    def matches(self, vectors: Float32) -> list[tuple[float, int, Who]]:
        """Returns (cosine, row of `vectors`, person) of all pairs above the person's accept threshold, best first."""
        if not self._owners or not len(vectors):
            return []
        least = min([self.accept_from, *self.own.values()])
        table = self._rows[: len(self._owners)] @ vectors.T
        best: dict[tuple[int, Who], float] = {}
        for row, column in zip(*np.nonzero(table >= least), strict=True):
            key = int(column), self._owners[row]
            best[key] = max(best.get(key, -1.0), float(table[row, column]))
        found = [
            (cosine, column, who)
            for (column, who), cosine in best.items()
            if cosine >= self.own.get(who, self.accept_from)
        ]
        return sorted(found, key=lambda each: (-each[0], each[1], str(each[2])))

    def _new_row(self, who: Who, view: View) -> int:
        number = len(self._owners)
        if number == len(self._rows):
            grown = np.zeros((max(2 * number, ROOM), len(view.vector)), np.float32)
            grown[:number] = self._rows[:number] if number else 0
            self._rows = grown
        self._rows[number] = view.vector
        self._owners.append(who)
        self._quality.append(view.quality)
        return number
