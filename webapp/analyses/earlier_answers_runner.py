"""Carries what people decided about a video over to the tracks of a new analysis of it.

The tracks of one analysis are found again in the next by where and when they were seen, so that names, moved
appearances, people told apart, and the undoing of all that outlive every new analysis and model.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from analysis.types import Constraints
from webapp.analyses import carry_over_runner
from webapp.people import constraint_queries, sample_codec
from webapp.people.batches import BATCH, batches
from webapp.people.models import Face, Moved, Person, Track, Verdict


@dataclass(frozen=True, slots=True)
class EarlierAnswers:
    """About new tracks by their number: whom they must and cannot be, and which earlier track each is."""

    constraints: Constraints
    must_be: Mapping[int, UUID]
    cannot_be: Mapping[int, frozenset[UUID]]
    earlier: Mapping[int, int]
    """New number -> pk of the earlier track."""
    verdicts: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """New number -> pks of verdicts about it."""


def of_video(video_id: UUID, team_id: UUID, tracks: Sequence[Track], replaced: Sequence[UUID]) -> EarlierAnswers:
    """Reads the decisions about a video. `tracks` are numbered by position; `replaced` are the analyses about to go."""
    family = constraint_queries.family_of(team_id)
    seen = [_seen(track) for track in tracks]
    # Of unclear faces those that somebody decided about.
    is_decided = Exists(Moved.objects.filter(track=OuterRef("pk")))
    before = Track.objects.filter(Q(person__isnull=False) | is_decided, analysis__in=replaced)
    old = {track.pk: track for track in before}
    earlier = carry_over_runner.same_appearances(seen, {pk: _seen(track) for pk, track in old.items()})
    verdicts = {v.pk: v for v in Verdict.objects.filter(video=video_id, stands=True).order_by("pk")}
    about = _verdicts_about(seen, verdicts)
    must_be: dict[int, UUID] = {}
    cannot_be: dict[int, set[UUID]] = defaultdict(set)
    for number, keys in about.items():
        for key in keys:
            person = family.root(verdicts[key].person_id)
            if verdicts[key].is_same:
                must_be[number] = person  # of several the latest, which comes last
            else:
                cannot_be[number].add(person)
    was = {number: whose for number, pk in earlier.items() if (whose := old[pk].person_id)} | must_be
    constraints = constraints_of(was, must_be, cannot_be, constraint_queries.cannot_link_pairs(team_id, family))
    for number, person in must_be.items():
        cannot_be[number].discard(person)
    excluded = {number: frozenset(people) for number, people in cannot_be.items()}
    return EarlierAnswers(constraints, must_be, excluded, earlier, about)


def carry_over(answers: EarlierAnswers, tracks: Sequence[Track]) -> None:
    """Points verdicts, moves that can be undone and chosen portraits to the new tracks. Call it before the old go."""
    _carry_moves(answers, tracks)
    for number, verdicts in answers.verdicts.items():
        Verdict.objects.filter(pk__in=verdicts).update(track=tracks[number])
    _carry_portraits(answers, tracks)


def decided_people(person_ids: Sequence[UUID]) -> set[UUID]:
    """Returns those about whom somebody decided anything."""
    decided = Person.objects.filter(pk__in=person_ids, events__undone_at=None, events__isnull=False)
    return set(decided.values_list("pk", flat=True))


def _seen(track: Track | Verdict) -> carry_over_runner.Seen:
    return [sample_codec.unpack(track.samples, track.start_s)[:2]]


def _verdicts_about(seen: Sequence[carry_over_runner.Seen], verdicts: Mapping[int, Verdict]) -> dict[int, list[int]]:
    """Returns pks of verdicts by number. Several can be about one appearance, so each place is searched for once."""
    places: dict[tuple[float, bytes], list[int]] = defaultdict(list)
    for pk, verdict in verdicts.items():
        places[verdict.start_s, bytes(verdict.samples)].append(pk)
    keys = dict(enumerate(places))
    found = carry_over_runner.same_appearances(
        seen, {key: [sample_codec.unpack(blob, start_s)[:2]] for key, (start_s, blob) in keys.items()}
    )
    return {number: sorted(places[keys[key]]) for number, key in found.items()}


def constraints_of(
    was: Mapping[int, UUID],
    must_be: Mapping[int, UUID],
    cannot_be: Mapping[int, set[UUID]],
    pairs: Collection[constraint_queries.Pair],
) -> Constraints:
    by_person: dict[UUID, list[int]] = defaultdict(list)
    for number, person in was.items():
        by_person[person].append(number)
    same: dict[UUID, list[int]] = defaultdict(list)
    for number, person in must_be.items():
        same[person].append(number)
    apart = [(tuple(same[one]), tuple(same[other])) for one, other in combinations(same, 2)]
    for pair in pairs:
        if pair <= by_person.keys() and len(pair) == 2:
            first, second = sorted(pair)
            apart.append((tuple(by_person[first]), tuple(by_person[second])))
    for number, people in cannot_be.items():
        apart += [((number,), tuple(by_person[each])) for each in people if each in by_person]
    return Constraints(tuple(tuple(numbers) for numbers in same.values()), tuple(apart))


def _carry_moves(answers: EarlierAnswers, tracks: Sequence[Track]) -> None:
    new_of: dict[int, list[Track]] = defaultdict(list)
    for number, pk in answers.earlier.items():
        new_of[pk].append(tracks[number])
    copies = []
    for pks in batches(new_of):
        for moved in Moved.objects.filter(track__in=pks):
            copies += [
                Moved(event_id=moved.event_id, track=track, before_id=moved.before_id, after_id=moved.after_id)
                for track in new_of[moved.track_id]
            ]
    Moved.objects.bulk_create(copies, batch_size=BATCH)


def _carry_portraits(answers: EarlierAnswers, tracks: Sequence[Track]) -> None:
    """Chooses the view of the same appearance that is nearest in time to the chosen one."""
    new_of = {pk: tracks[number] for number, pk in answers.earlier.items()}
    for person in Person.objects.filter(chosen_portrait__track__in=list(new_of)).select_related("chosen_portrait"):
        chosen = person.chosen_portrait
        assert chosen is not None and chosen.track_id is not None  # filtered
        views = Face.objects.filter(track=new_of[chosen.track_id])
        nearest = min(views, key=lambda face: abs(face.time_s - chosen.time_s), default=None)
        Person.objects.filter(pk=person.pk).update(chosen_portrait=nearest)
