"""Reads the open questions of a team, each with the chance that its two are one person.

Asked is only what can be answered and is worth it: both are shown, both have clear views, nobody said that they are
two, and they may well be one, or are as similar as somebody set the review threshold. Chances follow from the templates
of today, not from those of the day on which a pair was stored.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef, Q

from analysis.faces.review_order import ACROSS_VIDEOS, WITHIN_VIDEO, WORTH_ASKING, chance_of_same, ease
from analysis.faces.search import IdentificationThresholds
from analysis.types import Float32
from webapp.accounts.models import Team
from webapp.people import constraint_queries, gallery_queries
from webapp.people.identification.models import TeamThresholds
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Apart, Person, ReferenceSet, Suggestion

MOST_OPEN, MOST_COUNTED = 1_000, 100
"""Open pairs that are ranked at a time, the most similar ones, and that the button counts: all 5,000 take 0.2 s."""
READ_AT_ONCE, MOST_READ = 500, 5_000
"""Rows. Other answers may have settled many of them, or they are about people who were hidden since."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person who is asked about. Of two, the one with the higher `firmness` keeps name and portrait."""

    is_named: bool
    appearances: int
    number: int
    quality: float = 0.0
    """Of the best clear view, 0..1."""
    vectors: Mapping[str, Float32] = field(default_factory=dict)
    """All clear views pooled, (d,) of length 1, by embedder; empty without a clear view."""
    review_from: float | None = None
    """Their own review threshold, a cosine of the built-in embedder."""

    @property
    def firmness(self) -> tuple[bool, int, int]:
        """Named before unnamed, then more appearances, then the lower number."""
        return self.is_named, self.appearances, -self.number


@dataclass(frozen=True, slots=True)
class Pair:
    """An open question about two people."""

    suggestion: int
    people: frozenset[UUID]
    embedder: str
    similarity: float
    chance: float
    """That they are one person, 0..1."""
    ease: float
    """With which a person sees the answer, 0..1."""
    was_skipped: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """All open pairs of the people of today."""

    pairs: list[Pair]
    standing: dict[UUID, Standing]
    settled: set[constraint_queries.Pair]
    """Who were told apart."""
    has_more: bool
    """Not all rows were read."""

    def without(self, impossible: Collection[constraint_queries.Pair]) -> "Queue":
        """Returns the queue without these pairs, whom nothing makes one person any more."""
        pairs = [pair for pair in self.pairs if pair.people not in impossible]
        return Queue(pairs, self.standing, self.settled | set(impossible), self.has_more)


def _stands_for_itself() -> Q:
    """Holds for pairs without an answer of their own; what follows from other answers is found below."""
    merged = Person.objects.filter(
        Q(pk=OuterRef("first"), merged_into=OuterRef("second"))
        | Q(pk=OuterRef("second"), merged_into=OuterRef("first"))
    )
    apart = Apart.objects.filter(
        Q(first=OuterRef("first"), second=OuterRef("second")) | Q(first=OuterRef("second"), second=OuterRef("first")),
        team=OuterRef("team"),
        stands=True,
    )
    return ~Exists(merged) & ~Exists(apart)


def read_queue(team: Team, most: int = MOST_OPEN, about: Collection[UUID] | None = None) -> Queue:
    """Reads the most similar pairs first, until `most` open ones are found.

    `about` reads only pairs that were stored for one of these people, not those of people who were merged into them.
    """
    family = constraint_queries.family_of(team.pk)
    settled = constraint_queries.rejected_pairs(team.pk, family)
    candidates = ReferenceSet.objects.filter(team=team).count()
    wished = dict(TeamThresholds.objects.filter(team=team).values_list("embedder", "review_from"))
    rows = Suggestion.objects.filter(_stands_for_itself(), team=team).order_by("-likeness", "pk")
    if about is not None:
        rows = rows.filter(Q(first__in=about) | Q(second__in=about))
    columns = rows.values_list("pk", "first", "second", "is_within_video", "skipped_at")
    best: dict[frozenset[UUID], Pair] = {}
    standing: dict[UUID, Standing] = {}
    has_more = True
    for start in range(0, MOST_READ, READ_AT_ONCE):
        read = list(columns[start : start + READ_AT_ONCE])
        found: dict[frozenset[UUID], tuple[int, bool, bool]] = {}
        for pk, first, second, is_within_video, skipped_at in read:
            both = frozenset((family.root(first), family.root(second)))
            if len(both) == 2 and both not in settled and both not in best:
                found.setdefault(both, (pk, is_within_video, skipped_at is not None))
        standing |= _standing({person for both in found for person in both} - standing.keys())
        for both, (pk, is_within_video, was_skipped) in found.items():
            pair = _pair(pk, both, standing, 0 if is_within_video else candidates, was_skipped)
            if pair is not None and _is_asked(pair, standing, wished):
                best[both] = pair
        has_more = len(read) == READ_AT_ONCE
        if not has_more or len(best) >= most:
            break
    return Queue(list(best.values()), standing, settled, has_more)


def _pair(
    suggestion: int, people: frozenset[UUID], standing: Mapping[UUID, Standing], candidates: int, was_skipped: bool
) -> Pair | None:
    """Returns the question as it is today; None where it cannot be asked. No candidates: a pair of one video."""
    if not people <= standing.keys():
        return None
    one, other = (standing[key] for key in people)
    shared = one.vectors.keys() & other.vectors.keys()
    if not shared:
        return None
    similarity, name = max((float(one.vectors[name] @ other.vectors[name]), name) for name in shared)
    chance = chance_of_same(similarity, _thresholds(name), candidates, ACROSS_VIDEOS if candidates else WITHIN_VIDEO)
    return Pair(suggestion, people, name, similarity, chance, ease(one.quality, other.quality), was_skipped)


def _is_asked(pair: Pair, standing: Mapping[UUID, Standing], of_team: Mapping[str, float | None]) -> bool:
    """Returns whether a pair is worth a question: by its chance, or by the threshold that somebody set."""
    own = [limit for key in pair.people if (limit := standing[key].review_from) is not None]
    if own:
        thresholds = _thresholds(pair.embedder)
        return pair.similarity >= min(introduction_queries.on_scale_of(thresholds, limit) for limit in own)
    wished = of_team.get(pair.embedder)
    return pair.chance >= WORTH_ASKING if wished is None else pair.similarity >= wished


def _thresholds(embedder: str) -> IdentificationThresholds:
    return introduction_queries.thresholds_for(introduction_queries.known_or_built_in(embedder)).identification


def _standing(ids: set[UUID]) -> dict[UUID, Standing]:
    """Filters here for the reason that `webapp.people.present_queries` gives."""
    columns = ("pk", "is_unnamed", "appearances", "number", "suggest_from", "is_hidden", "is_deleted", "merged_into")
    quality, vectors = _pooled(ids)
    return {
        pk: Standing(not is_unnamed, count, number, quality.get(pk, 0.0), vectors.get(pk, {}), review_from)
        for pk, is_unnamed, count, number, review_from, *gone in Person.objects.filter(pk__in=ids).values_list(*columns)
        if count and not any(gone)
    }


def _pooled(ids: Collection[UUID]) -> tuple[dict[UUID, float], dict[UUID, dict[str, Float32]]]:
    """Returns the best quality and, by embedder, the mean template (d,) of length 1 of each person."""
    quality: dict[UUID, float] = {}
    vectors: dict[UUID, dict[str, Float32]] = {}
    for row in ReferenceSet.objects.filter(person__in=ids):
        total = gallery_queries.unpacked(row).sum(axis=0)
        length = max(float(np.linalg.norm(total)), 1e-12)
        vectors.setdefault(row.person_id, {})[row.embedder] = (total / length).astype(np.float32)
        quality[row.person_id] = max(row.quality, quality.get(row.person_id, 0.0))
    return quality, vectors
