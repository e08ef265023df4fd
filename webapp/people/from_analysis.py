"""Turns the groups of a finished analysis into people of the team, who keep the names that they had before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from analysis.types import Grouping
from webapp.accounts.models import Team
from webapp.people import carry_over, samples
from webapp.people.models import Face, LastNumber, Person, Track

HUES = 12
BATCH = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written: the tracks of each group, the chains of pieces, and who each group was before."""

    groups: list[list[Track]]
    chains: list[list[Track]]
    known_as: dict[int, UUID]


def plan(tracks: Sequence[Track], grouping: Grouping, replaced: Sequence[UUID]) -> Plan:
    """Reads and compares, writes nothing. `tracks` in the order that the grouping's indices mean; `replaced` are the
    analyses whose people may come again."""
    chains = [[tracks[index] for index in chain] for chain in grouping.joined]
    groups = [[track for chain in person for track in chains[chain]] for person in grouping.people]
    known_as = carry_over.match([_seen(group) for group in groups], _before(replaced))
    return Plan(groups, chains, known_as)


def store(made: Plan, *, team: Team, replaced: Sequence[UUID]) -> None:
    """Call it in the transaction that ends the analysis. Afterwards the replaced analyses may be deleted."""
    people = _people_of(made, team)
    for group, person in zip(made.groups, people, strict=True):
        for track in group:
            track.person = person
    for chain in made.chains:
        for track in chain:
            track.joined_to = None if track is chain[0] else chain[0]
    tracks = [track for chain in made.chains for track in chain]
    Track.objects.bulk_update(tracks, ["person", "joined_to"], batch_size=BATCH)
    _choose_portraits(made, people, replaced)


def remove_unseen(team: Team, person_ids: Sequence[UUID]) -> None:
    """People without a name whom nobody sees any more, after their tracks are gone."""
    Person.objects.filter(team=team, pk__in=person_ids, name="", tracks=None).delete()


def people_seen_in(analyses: Sequence[UUID]) -> list[UUID]:
    return list(
        Track.objects.filter(analysis__in=analyses, person__isnull=False).values_list("person", flat=True).distinct()
    )


def _seen(tracks: Sequence[Track]) -> carry_over.Seen:
    return [samples.unpack(track.samples, track.start_s)[:2] for track in tracks]


def _before(replaced: Sequence[UUID]) -> dict[UUID, carry_over.Before]:
    tracks: dict[UUID, list[Track]] = {}
    names: dict[UUID, bool] = {}
    found = Track.objects.filter(analysis__in=replaced, person__isnull=False).select_related("person")
    for track in found.order_by("start_s"):
        assert track.person is not None  # filtered
        tracks.setdefault(track.person.pk, []).append(track)
        names[track.person.pk] = bool(track.person.name)
    return {key: carry_over.Before(_seen(of_person), names[key]) for key, of_person in tracks.items()}


def _people_of(made: Plan, team: Team) -> list[Person]:
    known = Person.objects.in_bulk(set(made.known_as.values()))
    numbers = iter(_next_numbers(team, len(made.groups) - len(made.known_as)))
    hues = Counter(person.hue for person in known.values())
    people, fresh = [], []
    for group in range(len(made.groups)):
        person = known.get(made.known_as[group]) if group in made.known_as else None
        if person is None:
            person = Person(team=team, number=next(numbers), hue=min(range(HUES), key=lambda hue: (hues[hue], hue)))
            hues[person.hue] += 1
            fresh.append(person)
        people.append(person)
    Person.objects.bulk_create(fresh, batch_size=BATCH)
    return people


def _next_numbers(team: Team, count: int) -> range:
    """Numbers that nobody of the team ever had. The update locks the row until the transaction ends."""
    LastNumber.objects.get_or_create(team=team)
    LastNumber.objects.filter(team=team).update(number=F("number") + count)
    last = LastNumber.objects.values_list("number", flat=True).get(team=team)
    return range(last - count + 1, last + 1)


def _choose_portraits(made: Plan, people: Sequence[Person], replaced: Sequence[UUID]) -> None:
    """The best view, unless there is a portrait from elsewhere, which is somebody's choice or an older acquaintance."""
    best: dict[int, Face] = {}
    tracks = [track.pk for group in made.groups for track in group]
    for start in range(0, len(tracks), BATCH):
        faces = Face.objects.filter(track__in=tracks[start : start + BATCH]).only("pk", "track_id", "quality")
        for face in faces.order_by("-quality", "pk"):
            assert face.track_id is not None  # filtered
            if face.track_id not in best or best[face.track_id].quality < face.quality:
                best[face.track_id] = face
    keep = set(
        Face.objects.filter(pk__in=[p.portrait_id for p in people if p.portrait_id])
        .exclude(analysis__in=replaced)
        .values_list("pk", flat=True)
    )
    for group, person in zip(made.groups, people, strict=True):
        views = [best[track.pk] for track in group if track.pk in best]
        if views and person.portrait_id not in keep:
            person.portrait = max(views, key=lambda face: face.quality)
    Person.objects.bulk_update(people, ["portrait"], batch_size=BATCH)
