"""Open-set identification: finds the people of a new analysis among those of the team, or leaves them for review.

Only clear views are compared. Groups without one join nobody, and nobody is asked about them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analysis.faces import same_picture
from analysis.faces.group import Bool, mean_vector
from analysis.faces.review_order import WITHIN_VIDEO, WORTH_ASKING
from analysis.faces.search import similarities
from analysis.types import Float32
from webapp.accounts.models import Team
from webapp.people import (
    clarity_queries,
    constraint_queries,
    gallery_queries,
    same_picture_queries,
    sample_codec,
)
from webapp.people.acts import conflict_queries
from webapp.people.batches import BATCH, batches
from webapp.people.gallery_queries import TeamGallery
from webapp.people.identification import threshold_queries
from webapp.people.identification.nearest_match import NearestMatch, matches_of
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Face, Person, Suggestion, Track

MOST_TO_REVIEW = 3
"""Candidates for one new person."""
MOST_TO_REVIEW_OF_ACCEPTED = 1
"""And for a group that was accepted as somebody: more bring hardly any true pair (`python -m benchmarks review`)."""
MOST_SPLIT = 3
"""Questions about one group and others of its video."""
REVIEW_MARGIN_OF_ACCEPTED = 0.12
"""So far above the review threshold a candidate for such a group has to be: below, one pair in ten is true."""


@dataclass(frozen=True, slots=True)
class ReviewCandidate:
    """A group of tracks that may be a known person."""

    group: int
    person: UUID
    similarity: float


@dataclass(frozen=True, slots=True)
class SplitCandidate:
    """Two groups of one analysis that may be one person: the grouping was not sure enough."""

    group: int
    other: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Probes:
    """The groups of one analysis: a vector (d,) of length 1 by group number, if it has clear views."""

    embedder: str
    vectors: dict[int, Float32]
    together: Bool
    """(groups, groups): which of all groups are in one picture."""


NO_PROBES = Probes("", {}, np.zeros((0, 0), bool))


@dataclass(frozen=True, slots=True)
class Identified:
    """By group number: who is accepted as whom, and the candidates that a person has to review."""

    accepted: dict[int, UUID]
    to_review: list[ReviewCandidate]
    matches: dict[int, NearestMatch] = field(default_factory=dict)
    """What was compared, to be kept with the decision."""
    split: list[SplitCandidate] = field(default_factory=list)


def prepare(groups: Sequence[Sequence[Track]], *, team: Team) -> Probes:
    """Reads what the comparison needs, so that `identify` is quick while others wait for it."""
    if not groups:
        return NO_PROBES
    embedder = groups[0][0].analysis.embedder
    if not introduction_queries.is_known(embedder):
        return NO_PROBES
    vectors = _vectors(groups)
    gallery_queries.team_gallery(team.pk, embedder)
    return Probes(embedder, vectors, same_picture.seen_together([_samples(group) for group in groups]))


def identify(
    probes: Probes,
    *,
    known_as: Mapping[int, UUID],
    cannot_link: Sequence[Collection[UUID]],
    team: Team,
) -> Identified:
    """Compares the groups that are nobody yet with everybody. Two who are in one picture never become one person.

    Call it while the team's people are held (`creation_services.hold`): of two analyses that end at the same time the
    second has to see the people of the first.
    """
    numbers = [number for number in probes.vectors if number not in known_as]
    found = Identified({}, [])
    if numbers:
        known = gallery_queries.team_gallery(team.pk, probes.embedder)
        table = similarities(known.gallery, np.stack([probes.vectors[number] for number in numbers]))
        for column, number in enumerate(numbers):
            if others := cannot_link[number]:
                table[[row for row, person in enumerate(known.people) if person in others], column] = -1.0
        limits = thresholds_of(known, team.pk, probes.embedder)
        found = _decide(table, known, numbers, probes.together, known_as, limits)
    return replace(found, split=_split(probes))


def suggest(found: Identified, people: Sequence[Person], team: Team) -> None:
    """Stores the candidates for review. `people` are whom the groups became.

    Pairs that are there already stay. Nobody is asked about two who were told apart, or are in one picture elsewhere.
    """
    suggested: dict[frozenset[UUID], Suggestion] = {}

    def add(who: Person, other: UUID, similarity: float, *, is_within_video: bool) -> None:
        if who.pk != other:
            row = Suggestion(
                team=team, first=who, second_id=other, likeness=similarity, is_within_video=is_within_video
            )
            suggested.setdefault(frozenset((who.pk, other)), row)

    for split in found.split:
        add(people[split.other], people[split.group].pk, split.similarity, is_within_video=True)
    for candidate in found.to_review:
        add(people[candidate.group], candidate.person, candidate.similarity, is_within_video=False)
    if not suggested:
        return
    concerned = {person for pair in suggested for person in pair}
    known = {
        frozenset(pair)
        for ids in batches(sorted(concerned))
        for pair in Suggestion.objects.filter(first__in=ids).values_list("first", "second")
    }
    family = constraint_queries.family_of(team.pk)
    known |= constraint_queries.rejected_pairs(team.pk, family) | conflict_queries.seen_together(concerned)
    new = [row for pair, row in suggested.items() if pair not in known]
    Suggestion.objects.bulk_create(new, batch_size=BATCH)


def _split(probes: Probes) -> list[SplitCandidate]:
    """Returns the most similar pairs of groups that are never in one picture, at most `MOST_SPLIT` of each group."""
    if not probes.vectors:
        return []
    thresholds = introduction_queries.thresholds_for(probes.embedder).identification
    least = WITHIN_VIDEO.similarity_of(WORTH_ASKING, thresholds)
    numbers = sorted(probes.vectors)
    stacked = np.stack([probes.vectors[number] for number in numbers])
    table = np.triu(stacked @ stacked.T, 1)
    table[probes.together[np.ix_(numbers, numbers)]] = 0.0
    rows, columns = np.nonzero(table >= least)
    kept: list[SplitCandidate] = []
    count: Counter[int] = Counter()
    for position in np.argsort(-table[rows, columns], kind="stable"):
        row, column = int(rows[position]), int(columns[position])
        pair = SplitCandidate(numbers[row], numbers[column], float(table[row, column]))
        if max(count[pair.group], count[pair.other]) < MOST_SPLIT:
            count.update((pair.group, pair.other))
            kept.append(pair)
    return kept


def _decide(
    table: Float32,
    known: TeamGallery,
    numbers: Sequence[int],
    together: Bool,
    known_as: Mapping[int, UUID],
    limits: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> Identified:
    """Takes the most similar pairs first; `table` is (people, probes)."""
    accept_from, review_from = limits
    present: dict[UUID, list[int]] = defaultdict(list)
    for number, person in known_as.items():
        present[person].append(number)
    accepted: dict[int, UUID] = {}
    candidates: list[ReviewCandidate] = []
    rows, columns = np.nonzero(table >= np.minimum(review_from, accept_from)[:, None])
    for position in np.argsort(-table[rows, columns], kind="stable"):
        row, column = int(rows[position]), int(columns[position])
        number, person, similarity = numbers[column], known.people[row], float(table[row, column])
        if together[number, present[person]].any():
            continue
        if number not in accepted and similarity >= accept_from[row]:
            accepted[number] = person
            present[person].append(number)
        elif similarity >= review_from[row] + (REVIEW_MARGIN_OF_ACCEPTED if number in accepted else 0.0):
            candidates.append(ReviewCandidate(number, person, similarity))

    def is_possible(number: int, person: UUID) -> bool:
        return not together[number, present[person]].any()

    matches = matches_of(
        table, known.people, numbers, accepted=accepted, accept_from=accept_from, is_possible=is_possible
    )
    possible = [each for each in candidates if is_possible(each.group, each.person)]
    return Identified(accepted, _best_candidates(possible, accepted), matches)


def _best_candidates(candidates: Sequence[ReviewCandidate], accepted: Mapping[int, UUID]) -> list[ReviewCandidate]:
    """Also for accepted groups: who is like two people suggests that these two may be one."""
    kept: dict[int, list[ReviewCandidate]] = defaultdict(list)
    for candidate in candidates:
        if len(kept[candidate.group]) < (MOST_TO_REVIEW_OF_ACCEPTED if candidate.group in accepted else MOST_TO_REVIEW):
            kept[candidate.group].append(candidate)
    return [candidate for of_group in kept.values() for candidate in of_group]


def thresholds_of(known: TeamGallery, team_id: UUID, embedder: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns accept and review threshold of each person of the gallery, both (people,)."""
    own = Person.objects.exclude(join_from=None, suggest_from=None).filter(team=team_id)
    by_person = {pk: (accept, review) for pk, accept, review in own.values_list("pk", "join_from", "suggest_from")}
    usual = threshold_queries.of_team(team_id, embedder)
    defaults = introduction_queries.thresholds_for(embedder).identification
    accept_from = np.full(len(known.people), usual.accept_from, np.float32)
    review_from = np.full(len(known.people), usual.review_from, np.float32)
    for row, person in enumerate(known.people):
        accept, review = by_person.get(person, (None, None))
        if accept is not None:
            accept_from[row] = introduction_queries.on_scale_of(defaults, accept)
        if review is not None:
            review_from[row] = introduction_queries.on_scale_of(defaults, review)
    return accept_from, review_from


def _vectors(groups: Sequence[Sequence[Track]]) -> dict[int, Float32]:
    """Returns a vector (d,) by number of each group that has clear views, pooled from these; better ones count more."""
    group_of = {track.pk: number for number, group in enumerate(groups) for track in group}
    views: dict[int, list[tuple[Float32, float]]] = defaultdict(list)
    for ids in batches(group_of):
        faces = Face.objects.filter(track__in=ids).order_by("pk")
        for track, embedding, quality, *measured in faces.values_list("track", "embedding", *clarity_queries.MEASURED):
            assert track is not None  # filtered
            if clarity_queries.is_clear_row(quality, *measured):
                views[group_of[track]].append((sample_codec.unpack_vector(embedding), quality))
    return {
        number: mean_vector(np.stack([v for v, _ in of_group]), np.array([q for _, q in of_group], np.float32))
        for number, of_group in sorted(views.items())
    }


def _samples(group: Sequence[Track]) -> same_picture_queries.Samples:
    return same_picture_queries.joined_samples(
        [sample_codec.unpack(track.samples, track.start_s)[:2] for track in group]
    )
