"""Turns the groups of a finished analysis into people of the team, who keep the names that they had before."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from analysis.types import Grouping
from webapp.accounts.models import Team
from webapp.analyses import carry_over_runner, earlier_answers_runner
from webapp.analyses.earlier_answers_runner import Remembered
from webapp.people import creation_services, sample_codec
from webapp.people.identification import runner as identification_runner
from webapp.people.identification.runner import Asked, Found
from webapp.people.models import Person, Track

BATCH = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written: the tracks of each group, the chains of pieces, and who each group was before."""

    groups: list[list[Track]]
    chains: list[list[Track]]
    tracks: Sequence[Track]
    known_as: dict[int, UUID]
    asked: Asked
    """The other groups, to be compared with the people of the team."""
    forbidden: list[frozenset[UUID]]
    """By group: who it is not, by what somebody said."""
    memory: Remembered


def plan(tracks: Sequence[Track], grouping: Grouping, replaced: Sequence[UUID], memory: Remembered, team: Team) -> Plan:
    """Reads and compares, writes nothing. `tracks` in the order that the grouping's indices mean; `replaced` are the
    analyses whose people may come again."""
    numbers_of = [[number for track in person for number in grouping.tracks[track]] for person in grouping.people]
    chains = [[tracks[index] for index in chain] for chain in grouping.tracks]
    groups = [[tracks[number] for number in group] for group in numbers_of]
    settled = _settled(numbers_of, memory)
    forbidden = [
        frozenset().union(*(memory.forbidden.get(number, frozenset()) for number in group)) for group in numbers_of
    ]
    known_as = carry_over_runner.match(
        [_seen(group) for group in groups], _before(replaced), settled=settled, forbidden=dict(enumerate(forbidden))
    )
    asked = identification_runner.prepare(groups, known_as=known_as, team=team)
    return Plan(groups, chains, tracks, known_as, asked, forbidden, memory)


def store(made: Plan, *, team: Team) -> list[UUID]:
    """Writes the people and whose each track is; returns the people.

    Call it in the transaction that ends the analysis. Afterwards the replaced analyses may be deleted, and then
    `upkeep_services.finish` has to be called. Of two analyses of a team the second waits here for the first.
    """
    creation_services.hold(team.pk)
    found = identification_runner.find(
        made.asked, made.groups, known_as=made.known_as, forbidden=made.forbidden, team=team
    )
    people = _people_of(made, found, team)
    for group, person in zip(made.groups, people, strict=True):
        for track in group:
            track.person = person
    for chain in made.chains:
        for track in chain:
            track.joined_to = None if track is chain[0] else chain[0]
    tracks = [track for chain in made.chains for track in chain]
    Track.objects.bulk_update(tracks, ["person", "joined_to"], batch_size=BATCH)
    earlier_answers_runner.hand_on(made.memory, made.tracks)
    identification_runner.suggest(found, people, team)
    return [person.pk for person in people]


def people_seen_in(analyses: Sequence[UUID]) -> list[UUID]:
    return list(
        Track.objects.filter(analysis__in=analyses, person__isnull=False).values_list("person", flat=True).distinct()
    )


def _settled(groups: Sequence[Sequence[int]], memory: Remembered) -> dict[int, UUID]:
    """Groups of which somebody has said whose an appearance is; the grouping keeps differing ones apart."""
    return {
        number: memory.settled[track]
        for number, group in enumerate(groups)
        for track in group
        if track in memory.settled
    }


def _seen(tracks: Sequence[Track]) -> carry_over_runner.Seen:
    return [sample_codec.unpack(track.samples, track.start_s)[:2] for track in tracks]


def _before(replaced: Sequence[UUID]) -> dict[UUID, carry_over_runner.Before]:
    tracks: dict[UUID, list[Track]] = {}
    for track in Track.objects.filter(analysis__in=replaced, person__isnull=False).order_by("start_s"):
        assert track.person_id is not None  # filtered
        tracks.setdefault(track.person_id, []).append(track)
    known = earlier_answers_runner.known_people(list(tracks))
    named = set(Person.objects.filter(pk__in=tracks).exclude(name="").values_list("pk", flat=True))
    return {key: carry_over_runner.Before(_seen(of_person), key in known | named) for key, of_person in tracks.items()}


def _people_of(made: Plan, found: Found, team: Team) -> list[Person]:
    sure = made.known_as | found.joins
    known = Person.objects.in_bulk(set(sure.values()))
    fresh = [group for group in range(len(made.groups)) if sure.get(group) not in known]
    hues = creation_services.rarest_hues(len(fresh), [person.hue for person in known.values()])
    new = {
        group: Person(team=team, number=number, hue=hue)
        for group, number, hue in zip(fresh, creation_services.next_numbers(team.pk, len(fresh)), hues, strict=True)
    }
    Person.objects.bulk_create(new.values(), batch_size=BATCH)
    return [new[group] if group in new else known[sure[group]] for group in range(len(made.groups))]
