"""Reads about people for pages: rows of a video, found-so-far faces, the list of a team, suggestions."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Greatest

from webapp.people import appearances
from webapp.people.appearances import Bar, Span
from webapp.people.models import Face, Merge, Person, Track
from webapp.videos.models import Video

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
    found = Track.objects.filter(analysis=analysis_id, person__isnull=False)
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
        Track.objects.filter(analysis__in=finished, person__isnull=False)
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


def with_appearances(people: QuerySet[Person]) -> QuerySet[Person]:
    """People who are seen in a video that still stands, with `videos`, `screen_s`; named ones first, then most seen."""
    standing = Q(
        tracks__analysis__video__deleted_at=None, tracks__analysis=F("tracks__analysis__video__current_analysis")
    )
    return (
        people.filter(standing)
        .annotate(
            videos=Count("tracks__analysis__video", distinct=True),
            screen_s=Sum(Greatest(F("tracks__end_s") - F("tracks__start_s"), 0.0)),
            is_unnamed=Q(name=""),
        )
        .order_by("is_unnamed", "-screen_s", "number")
    )


def attach_videos(people: Sequence[Person]) -> None:
    """Gives each person `seen_in`: (video, first moment in player time), newest video first. One query for all."""
    shown = Track.objects.filter(
        person__in=people, analysis=F("analysis__video__current_analysis"), analysis__video__deleted_at=None
    )
    first = shown.values("person", "analysis__video").annotate(first_s=Min("start_s"))
    videos = Video.objects.in_bulk({row["analysis__video"] for row in first})
    seen: dict[uuid.UUID, list[tuple[Video, float]]] = defaultdict(list)
    for row in first:
        video = videos[row["analysis__video"]]
        seen[row["person"]].append((video, max(row["first_s"] - video.playback_offset_s, 0.0)))
    for person in people:
        person.seen_in = sorted(seen[person.pk], key=lambda pair: pair[0].created_at, reverse=True)


def standing(people: QuerySet[Person]) -> QuerySet[Person]:
    """Without those who have been merged into somebody else."""
    return people.exclude(Exists(Merge.objects.filter(source=OuterRef("pk"), undone_at=None)))


def suggestions(people: QuerySet[Person], typed: str, limit: int = 8) -> list[dict[str, str | None]]:
    """Named people whose name contains what was typed, for autocompletion; those that start with it come first."""
    named = (
        standing(people).exclude(name="").filter(name__icontains=typed.strip()).order_by("name", "number")[: limit * 4]
    )
    ordered = sorted(named, key=lambda person: not person.name.casefold().startswith(typed.strip().casefold()))
    return [
        {"id": str(p.pk), "label": p.name, "portrait": str(p.portrait_id) if p.portrait_id else None}
        for p in ordered[:limit]
    ]


def same_name(person: Person, name: str) -> Person | None:
    """Another person of the team who bears this name, whatever its case."""
    others = standing(Person.objects.filter(team=person.team_id, name__iexact=name)).exclude(pk=person.pk)
    return others.order_by("created_at", "number").first()


def appearance_count(person: Person) -> int:
    return Track.objects.filter(
        person=person, joined_to=None, analysis=F("analysis__video__current_analysis"), analysis__video__deleted_at=None
    ).count()


def seen_together(first: Person, second: Person) -> bool:
    """Whether both are on screen at one moment of one video: then they can hardly be the same person."""
    spans: dict[uuid.UUID, tuple[list[Span], list[Span]]] = defaultdict(lambda: ([], []))
    tracks = Track.objects.filter(person__in=[first, second]).values_list("analysis", "person", "start_s", "end_s")
    for analysis, person, start_s, end_s in tracks:
        spans[analysis][person == second.pk].append((start_s, end_s))
    return any(appearances.meet(ours, theirs) is not None for ours, theirs in spans.values())
