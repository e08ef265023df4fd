"""Reads about people for pages: rows of a video, found-so-far faces, the list of a team, suggestions."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum

from webapp.people import appearances
from webapp.people.appearances import Bar, Span
from webapp.people.models import STANDING, Face, Person, Track

CARD_FACES = 5
STRIP_FACES = 60


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person in one video. Times are in player time."""

    id: uuid.UUID
    label: str
    name: str
    is_named: bool
    hue: int
    portrait: uuid.UUID | None
    """Id of the face to show, for `people:face_picture`."""
    screen_time_s: float
    share_percent: float
    bars: list[Bar]
    appearances: list[Span]
    is_brief: bool
    """Less time on screen than asked for with `min`."""


@dataclass(frozen=True, slots=True)
class SmallFace:
    """A face on a card or in the found-so-far strip. `label` is empty while nobody knows whose it is."""

    face: uuid.UUID
    person: uuid.UUID | None
    label: str
    hue: int
    time_s: float


@dataclass(frozen=True, slots=True)
class CardPeople:
    """The faces on a card and how many people there are in all."""

    faces: list[SmallFace]
    count: int


def rows_of_analysis(analysis_id: uuid.UUID, *, duration_s: float, offset_s: float, min_s: float) -> list[PersonRow]:
    """People of a finished analysis, most screen time first. Two queries, however many people."""
    spans: dict[uuid.UUID, list[Span]] = defaultdict(list)
    found = Track.objects.filter(analysis=analysis_id, person__is_deleted=False)
    for person_id, start_s, end_s, step_s in found.values_list("person", "start_s", "end_s", "segment__sample_step_s"):
        spans[person_id].append((max(start_s - offset_s, 0.0), max(end_s + step_s - offset_s, 0.0)))
    people = Person.objects.in_bulk(spans)
    rows = [_row(people[key], of_person, duration_s, min_s) for key, of_person in spans.items()]
    return sorted(rows, key=lambda row: (-row.screen_time_s, row.label))


def _row(person: Person, spans: list[Span], duration_s: float, min_s: float) -> PersonRow:
    clipped = [(start, min(end, duration_s) if duration_s else end) for start, end in spans]
    screen_time_s = appearances.total_s(clipped)
    return PersonRow(
        id=person.pk,
        label=str(person),
        name=person.name,
        is_named=bool(person.name),
        hue=person.hue,
        portrait=person.portrait_id,
        screen_time_s=screen_time_s,
        share_percent=min(100.0, 100 * screen_time_s / duration_s) if duration_s else 0.0,
        bars=appearances.bars(clipped, duration_s),
        appearances=appearances.merged(clipped, appearances.JOIN_WITHIN_S),
        is_brief=screen_time_s < min_s,
    )


def found_so_far(analysis_id: uuid.UUID, offset_s: float, limit: int = STRIP_FACES) -> list[SmallFace]:
    """One face for each likely person of an analysis that is not grouped yet, in the order in which they were found."""
    return _found_so_far([analysis_id], offset_s, limit).get(analysis_id, [])


def _found_so_far(analysis_ids: Sequence[uuid.UUID], offset_s: float, limit: int) -> dict[uuid.UUID, list[SmallFace]]:
    best: dict[uuid.UUID, dict[int, SmallFace]] = defaultdict(dict)
    faces = Face.objects.filter(analysis__in=analysis_ids, preliminary_group__isnull=False)
    columns = ("pk", "analysis", "preliminary_group", "time_s")
    for pk, analysis, group, time_s in faces.order_by("preliminary_group", "-quality", "pk").values_list(*columns):
        if len(best[analysis]) < limit and group not in best[analysis]:
            best[analysis][group] = SmallFace(pk, None, "", group % 12, max(time_s - offset_s, 0.0))
    return {analysis: list(groups.values()) for analysis, groups in best.items()}


def people_of_cards(finished: Sequence[uuid.UUID], running: Sequence[uuid.UUID]) -> dict[uuid.UUID, CardPeople]:
    """Faces for library cards by analysis id: grouped people of finished analyses, found-so-far ones of running ones.

    Three queries, however many cards.
    """
    totals = (
        Track.objects.filter(analysis__in=finished, person__is_deleted=False)
        .values("analysis", "person")
        .annotate(screen_s=Sum(F("end_s") - F("start_s")))
        .order_by("analysis", "-screen_s")
    )
    by_analysis: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for row in totals:
        by_analysis[row["analysis"]].append(row["person"])
    shown = {person for people in by_analysis.values() for person in people[:CARD_FACES]}
    people = Person.objects.in_bulk(shown)
    cards = {
        analysis: CardPeople(_small_faces([people[p] for p in ids[:CARD_FACES] if p in people]), len(ids))
        for analysis, ids in by_analysis.items()
    }
    for analysis, faces in _found_so_far(running, 0.0, STRIP_FACES).items():
        cards.setdefault(analysis, CardPeople(faces[:CARD_FACES], len(faces)))
    return cards


def _small_faces(people: Iterable[Person]) -> list[SmallFace]:
    return [SmallFace(p.portrait_id, p.pk, str(p), p.hue, 0.0) for p in people if p.portrait_id]


def in_order(people: QuerySet[Person]) -> QuerySet[Person]:
    """Those who are seen somewhere; named ones first, then most seen. An index holds this order."""
    return people.filter(STANDING, appearances__gt=0).order_by("is_unnamed", "-screen_s", "number")


@dataclass(frozen=True, slots=True)
class NameRow:
    """What `people/_name.html` needs of a person."""

    id: uuid.UUID
    label: str
    name: str
    is_named: bool


def name_row(person: Person) -> NameRow:
    return NameRow(person.pk, str(person), person.name, bool(person.name))


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    named: int
    unnamed: int
    hidden: int


def people_counts(people: QuerySet[Person]) -> PeopleCounts:
    """Of those who are not hidden, how many have a name."""
    sums = people.order_by().aggregate(
        named=Count("pk", filter=Q(is_hidden=False, is_unnamed=False)),
        unnamed=Count("pk", filter=Q(is_hidden=False, is_unnamed=True)),
        hidden=Count("pk", filter=Q(is_hidden=True)),
    )
    return PeopleCounts(**sums)


def suggestions(people: QuerySet[Person], typed: str, limit: int = 8) -> list[dict[str, str | None]]:
    """Named people whose name contains what was typed, for autocompletion; those that start with it come first."""
    named = (
        people.filter(STANDING, name__icontains=typed.strip()).exclude(name="").order_by("name", "number")[: limit * 4]
    )
    ordered = sorted(named, key=lambda person: not person.name.casefold().startswith(typed.strip().casefold()))
    return [
        {"id": str(p.pk), "label": p.name, "portrait": str(p.portrait_id) if p.portrait_id else None}
        for p in ordered[:limit]
    ]


def same_name(person: Person, name: str) -> Person | None:
    """Another person of the team who bears this name, whatever its case."""
    others = Person.objects.filter(STANDING, team=person.team_id, name__iexact=name).exclude(pk=person.pk)
    return others.order_by("created_at", "number").first()
