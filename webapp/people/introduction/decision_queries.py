"""Reads what humans decided about people, and which tracks that holds in place whatever the vectors say."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from webapp.people import constraint_queries
from webapp.people.models import Face, Moved, Person, Track, Verdict


@dataclass(frozen=True, slots=True)
class Decisions:
    """What stands of a team, by the people of today (whom others were merged into)."""

    decided: frozenset[UUID]
    """People with a name, hidden, deleted, or about whom an event stands."""
    kept: frozenset[UUID]
    """Those of them who have appearances, and must not lose all."""
    held: dict[int, UUID | None]
    """Tracks whose person somebody decided, or that show the portrait; None: nobody in particular."""
    said: frozenset[int]
    """Those of them whose person, or a portrait that they show, somebody chose."""
    is_not: frozenset[tuple[int, UUID]]
    """Of this track somebody said that it is not that person."""
    apart: frozenset[frozenset[UUID]]

    def __len__(self) -> int:
        return len(self.kept) + len(self.held) + len(self.is_not) + len(self.apart)


def decisions_of(team_id: UUID) -> Decisions:
    """Reads everything that somebody decided about the people of a team."""
    family = constraint_queries.family_of(team_id)
    tracks = Track.objects.filter(analysis__video__team=team_id)
    decided = {
        family.root(pk)
        for pk in Person.objects.filter(_is_decided(), team=team_id).values_list("pk", flat=True).distinct()
    }
    kept = {pk for pk in tracks.filter(person__in=decided).values_list("person", flat=True).distinct() if pk}
    held: dict[int, UUID | None] = {}
    faces = Person.objects.filter(team=team_id, pk__in=_with_sources(decided, family))
    portraits = {pk for pair in faces.values_list("portrait", "chosen_portrait") for pk in pair if pk}
    rows = Face.objects.filter(pk__in=portraits, track__person__isnull=False).values_list("track", "track__person")
    held |= {track: person for track, person in rows if track is not None}
    chosen = Person.objects.filter(team=team_id, chosen_portrait__track__isnull=False)
    said = {track for track in chosen.values_list("chosen_portrait__track", flat=True) if track}
    deleted = tracks.filter(person__is_deleted=True).values_list("pk", "person")
    held |= dict(deleted)
    moved = Moved.objects.filter(event__team=team_id, event__undone_at=None)
    held |= dict(moved.values_list("track", "track__person"))
    said |= set(moved.values_list("track", flat=True))
    verdicts = Verdict.objects.filter(video__team=team_id, stands=True, track__isnull=False).order_by("pk")
    is_not = set()
    for track, person, is_same in verdicts.values_list("track", "person", "is_same"):
        assert track is not None  # filtered
        if is_same:
            held[track] = family.root(person)
            said.add(track)
        else:
            is_not.add((track, family.root(person)))
    held |= _one_each(kept - {person for person in held.values() if person})
    is_not = {(track, person) for track, person in is_not if held.get(track) != person}
    apart = {pair for pair in constraint_queries.cannot_link_pairs(team_id, family) if len(pair) == 2}
    return Decisions(
        frozenset(decided), frozenset(kept), held, frozenset(said & held.keys()), frozenset(is_not), frozenset(apart)
    )


def lost_in(decisions: Decisions, person_of: Callable[[int], UUID | None], seen: Collection[UUID]) -> list[str]:
    """Returns what of the decisions no longer holds where `person_of` tells whose a track is; empty when all does.

    `seen` are the people who have tracks.
    """
    lost = [f"{person} has no appearance left" for person in decisions.kept if person not in seen]
    lost += [f"track {track} is not {person}" for track, person in decisions.held.items() if person_of(track) != person]
    lost += [f"track {track} is {person}" for track, person in decisions.is_not if person_of(track) == person]
    return lost


def _is_decided() -> Q:
    stands = Q(events__isnull=False, events__undone_at=None)
    return ~Q(name="") | Q(is_deleted=True) | Q(is_hidden=True) | Q(merged_into__isnull=False) | stands


def _with_sources(people: Collection[UUID], family: constraint_queries.Family) -> set[UUID]:
    return set(people) | {source for source in family.parents if family.root(source) in people}


def _one_each(people: Collection[UUID]) -> dict[int, UUID | None]:
    """Returns the track with the best view of each: they need one at least, so that a name is not lost."""
    views = Face.objects.filter(track__person__in=people).order_by("quality", "-pk")
    best = {person: track for track, person in views.values_list("track", "track__person") if track and person}
    without = set(people) - set(best)
    best |= {
        person: track
        for track, person in Track.objects.filter(person__in=without).values_list("pk", "person")
        if person
    }
    return {track: person for person, track in best.items()}
