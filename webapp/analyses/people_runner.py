"""Turns the groups of a finished analysis into people of the team, who keep their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from uuid import UUID

from analysis.types import Grouping
from webapp.accounts.models import Team
from webapp.analyses import carry_over_runner, earlier_answers_runner
from webapp.analyses.earlier_answers_runner import EarlierAnswers
from webapp.people import creation_services, sample_codec
from webapp.people.batches import BATCH
from webapp.people.identification import decision_services
from webapp.people.identification import runner as identification_runner
from webapp.people.identification.runner import Identified, Probes
from webapp.people.models import Decision, Person, Track


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written: the tracklets of each group and of each appearance, and who each group was before."""

    groups: list[list[Track]]
    appearances: list[list[Track]]
    tracks: Sequence[Track]
    known_as: dict[int, UUID]
    probes: Probes
    """The groups, to compare with the people of the team and with each other."""
    cannot_link: list[frozenset[UUID]]
    """By group: who it is not, because somebody said so."""
    answers: EarlierAnswers
    said: frozenset[int] = frozenset()
    """Groups of which somebody said who they are."""
    join_similarities: Sequence[float | None] = ()
    """By appearance, as in `Grouping`."""
    kept: Mapping[UUID, Decision] = field(default_factory=dict)
    """How people of the replaced analyses were identified."""


def plan(
    tracks: Sequence[Track], grouping: Grouping, replaced: Sequence[UUID], answers: EarlierAnswers, team: Team
) -> Plan:
    """Works out who the groups are; writes nothing.

    `tracks` are the tracklets in the order of the grouping's indices; people of the `replaced` analyses may return.
    """
    numbers_of = [[number for track in person for number in grouping.tracks[track]] for person in grouping.people]
    appearances = [[tracks[index] for index in tracklets] for tracklets in grouping.tracks]
    groups = [[tracks[number] for number in group] for group in numbers_of]
    must_be = _must_be(numbers_of, answers)
    cannot_link = [
        frozenset().union(*(answers.cannot_be.get(number, frozenset()) for number in group)) for group in numbers_of
    ]
    known_as = carry_over_runner.match(
        [_seen(group) for group in groups], _before(replaced), must_be=must_be, cannot_link=dict(enumerate(cannot_link))
    )
    probes = identification_runner.prepare(groups, team=team)
    kept = decision_services.identified_in(replaced)
    joined = grouping.join_similarities
    return Plan(groups, appearances, tracks, known_as, probes, cannot_link, answers, frozenset(must_be), joined, kept)


def store(made: Plan, *, team: Team) -> list[UUID]:
    """Writes the people and whose each track is; returns the people.

    Call it in the transaction that ends the analysis. Afterwards the replaced analyses may be deleted, and then
    `upkeep_services.finish` has to be called. Of two analyses of a team the second waits here for the first.
    """
    creation_services.hold(team.pk)
    found = identification_runner.identify(made.probes, known_as=made.known_as, cannot_link=made.cannot_link, team=team)
    people = _people_of(made, found, team)
    _decide(made, found, people)
    for tracklets, similarity in zip_longest(made.appearances, made.join_similarities):
        for track in tracklets:
            track.joined_to = None if track is tracklets[0] else tracklets[0]
            track.join_similarity = similarity
    tracks = [track for tracklets in made.appearances for track in tracklets]
    Track.objects.bulk_update(tracks, ["person", "joined_to", "decision", "join_similarity"], batch_size=BATCH)
    earlier_answers_runner.carry_over(made.answers, made.tracks)
    identification_runner.suggest(found, people, team)
    return [person.pk for person in people]


def _decide(made: Plan, found: Identified, people: Sequence[Person]) -> None:
    """Gives each group its person, and keeps why."""
    decisions = [
        decision_services.decided(
            group[0].analysis,
            match=found.matches.get(number),
            kept=made.kept.get(person.pk),
            is_said=number in made.said,
            is_known=number in made.known_as and person.pk == made.known_as[number],
        )
        for number, (group, person) in enumerate(zip(made.groups, people, strict=True))
    ]
    Decision.objects.bulk_create(decisions, batch_size=BATCH)
    for group, person, decision in zip(made.groups, people, decisions, strict=True):
        for track in group:
            track.person, track.decision = person, decision


def people_seen_in(analyses: Sequence[UUID]) -> list[UUID]:
    """Returns whom the tracks of these analyses show."""
    tracks = Track.objects.filter(analysis__in=analyses, person__isnull=False)
    return list(tracks.values_list("person", flat=True).distinct())


def _must_be(groups: Sequence[Sequence[int]], answers: EarlierAnswers) -> dict[int, UUID]:
    """Returns the groups in which somebody said who an appearance is; the grouping keeps different people apart."""
    return {
        number: answers.must_be[track]
        for number, group in enumerate(groups)
        for track in group
        if track in answers.must_be
    }


def _seen(tracks: Sequence[Track]) -> carry_over_runner.Seen:
    return [sample_codec.unpack(track.samples, track.start_s)[:2] for track in tracks]


def _before(replaced: Sequence[UUID]) -> dict[UUID, carry_over_runner.Before]:
    tracks: dict[UUID, list[Track]] = {}
    for track in Track.objects.filter(analysis__in=replaced, person__isnull=False).order_by("start_s"):
        assert track.person_id is not None  # filtered
        tracks.setdefault(track.person_id, []).append(track)
    known = earlier_answers_runner.decided_people(list(tracks))
    named = set(Person.objects.filter(pk__in=tracks).exclude(name="").values_list("pk", flat=True))
    return {key: carry_over_runner.Before(_seen(of_person), key in known | named) for key, of_person in tracks.items()}


def _people_of(made: Plan, found: Identified, team: Team) -> list[Person]:
    sure = made.known_as | found.accepted
    known = Person.objects.in_bulk(set(sure.values()))
    fresh = [group for group in range(len(made.groups)) if sure.get(group) not in known]
    hues = creation_services.rarest_hues(len(fresh), [person.hue for person in known.values()])
    new = {
        group: Person(team=team, number=number, hue=hue)
        for group, number, hue in zip(fresh, creation_services.next_numbers(team.pk, len(fresh)), hues, strict=True)
    }
    Person.objects.bulk_create(new.values(), batch_size=BATCH)
    return [new[group] if group in new else known[sure[group]] for group in range(len(made.groups))]
