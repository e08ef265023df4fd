"""Reads people for pages: rows of a video, faces found so far, the list of a team, names to suggest."""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, UUIDField, Value, When
from django.utils.translation import gettext as _

from analysis.time_spans import Span
from webapp.folded_fields import NAME_COLUMNS, containing
from webapp.hues import HUES
from webapp.name_folding import fold
from webapp.people import appearances, colour_queries, sample_codec
from webapp.people.appearances import Bar
from webapp.people.identification import tentative_queries
from webapp.people.models import STANDING, Face, Person, Presence, Track, title_without_name
from webapp.videos.models import Analysis

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
    """As `appearances_of` counts them, here as in lists and on the person's page."""
    is_brief: bool
    """On screen for less than the `min` in the address."""
    videos: int
    """In how many videos the person is, this one included."""

    @property
    def count(self) -> int:
        return len(self.appearances)


@dataclass(frozen=True, slots=True)
class SmallFace:
    """A face on a card or in the strip of faces found so far. `label` is empty for nobody known.

    Where `is_probable`, the person is a tentative identity of a running analysis.
    """

    face: uuid.UUID
    person: uuid.UUID | None
    label: str
    hue: int
    time_s: float
    is_probable: bool = False
    moments_s: tuple[float, ...] = ()
    """When the face was seen so far, in order; only of an analysis that runs."""


@dataclass(frozen=True, slots=True)
class CardPeople:
    """The faces on a card and how many people there are in all."""

    faces: list[SmallFace]
    count: int


def rows_of_analysis(analysis_id: uuid.UUID, *, duration_s: float, offset_s: float, min_s: float) -> list[PersonRow]:
    """Returns the people of a finished analysis, most screen time first. Three queries, however many people.

    Of those with the same time the older one comes first: rows stay where they are while somebody names people.
    """
    spans: dict[uuid.UUID, list[Span]] = defaultdict(list)
    found = Track.objects.filter(analysis=analysis_id, person__is_deleted=False)
    for person_id, start_s, seen in found.values_list("person", "start_s", "seen"):
        spans[person_id] += sample_codec.unpack_spans(seen, start_s - offset_s)
    people = Person.objects.in_bulk(spans)
    hues = colour_queries.hues_in(analysis_id)
    rows = [
        _row(people[key], hues.get(key, people[key].hue), appearances.appearances_of(of_person), (duration_s, min_s))
        for key, of_person in spans.items()
    ]
    return sorted(rows, key=lambda row: (-row.screen_time_s, people[row.id].number))


def _row(person: Person, hue: int, spans: list[Span], lengths_s: tuple[float, float]) -> PersonRow:
    """Takes the length of the video and the time below which somebody is seen briefly as `lengths_s`."""
    duration_s, min_s = lengths_s
    screen_time_s = appearances.total_s(spans)
    return PersonRow(
        id=person.pk,
        label=str(person),
        name=person.name,
        is_named=bool(person.name),
        hue=hue,
        portrait=person.portrait_id,
        screen_time_s=screen_time_s,
        share_percent=min(100.0, 100 * screen_time_s / duration_s) if duration_s else 0.0,
        bars=appearances.bars(spans, duration_s),
        appearances=spans,
        is_brief=screen_time_s < min_s,
        videos=person.videos,
    )


def found_so_far(analysis_id: uuid.UUID, offset_s: float, limit: int = STRIP_FACES) -> list[SmallFace]:
    """Returns one face for each likely person of an analysis that is not grouped yet, in the order they were found."""
    return _found_so_far([analysis_id], offset_s, limit).get(analysis_id, [])


def _found_so_far(analysis_ids: Sequence[uuid.UUID], offset_s: float, limit: int) -> dict[uuid.UUID, list[SmallFace]]:
    """Puts those who are probably somebody known first, each of them once."""
    best: dict[uuid.UUID, dict[int, SmallFace]] = defaultdict(dict)
    moments: dict[uuid.UUID, dict[int, set[float]]] = defaultdict(lambda: defaultdict(set))
    faces = Face.objects.filter(analysis__in=analysis_ids, preliminary_group__isnull=False)
    columns = ("pk", "analysis", "preliminary_group", "time_s")
    for pk, analysis, group, time_s in faces.order_by("preliminary_group", "-quality", "pk").values_list(*columns):
        assert group is not None  # filtered
        moments[analysis][group].add(time_s)
        if group not in best[analysis]:
            best[analysis][group] = SmallFace(pk, None, "", group % HUES, max(time_s - offset_s, 0.0))
    tentative = tentative_queries.by_group(list(best))
    for analysis, groups in best.items():
        for group, face in groups.items():
            seen = tuple(sorted(max(time_s - offset_s, 0.0) for time_s in moments[analysis][group]))
            groups[group] = replace(face, moments_s=seen)
    return {key: _known_first(key, best[key], moments[key], tentative)[:limit] for key in best}


def _known_first(
    analysis: uuid.UUID,
    faces: dict[int, SmallFace],
    moments: dict[int, set[float]],
    tentative: dict[tentative_queries.Group, tuple[Person, float]],
) -> list[SmallFace]:
    people = {group: tentative[analysis, group] for group in faces if (analysis, group) in tentative}
    shown = tentative_queries.one_face_each({group: (who.pk, value) for group, (who, value) in people.items()}, moments)
    known = []
    for group, person in shown.items():
        if person is not None:
            who, face = people[group][0], faces[group]
            known.append(replace(face, person=who.pk, label=str(who), hue=who.hue, is_probable=True))
    known.sort(key=lambda face: face.time_s)
    everybody = known + [face for group, face in faces.items() if group not in shown]
    hues = colour_queries.told_apart([face.hue for face in everybody])
    return [replace(face, hue=hue) for face, hue in zip(everybody, hues, strict=True)]


def people_of_cards(finished: Sequence[uuid.UUID], running: Sequence[uuid.UUID]) -> dict[uuid.UUID, CardPeople]:
    """Returns faces for library cards by analysis: people of `finished` analyses, faces found so far of `running` ones.

    A constant number of queries, however many cards; of each video only the people who are shown are read.
    """
    present = Presence.objects.filter(analysis=OuterRef("pk")).order_by("-screen_s", "person")
    of_rank = {
        f"person{rank}": Subquery(present.values("person")[rank : rank + 1], output_field=UUIDField())
        for rank in range(CARD_FACES)
    }
    everybody = present.order_by().values("analysis").annotate(n=Count("pk")).values("n")
    counted = Analysis.objects.filter(pk__in=finished).annotate(count=Subquery(everybody), **of_rank)
    rows = [(pk, count, list(filter(None, ids))) for pk, count, *ids in counted.values_list("pk", "count", *of_rank)]
    people = Person.objects.in_bulk({person for _, _, ids in rows for person in ids})
    cards = {
        pk: CardPeople(_small_faces([people[key] for key in ids if key in people]), count or 0)
        for pk, count, ids in rows
    }
    for analysis, faces in _found_so_far(running, 0.0, STRIP_FACES).items():
        cards.setdefault(analysis, CardPeople(faces[:CARD_FACES], len(faces)))
    return cards


def _small_faces(people: Iterable[Person]) -> list[SmallFace]:
    return [SmallFace(p.portrait_id, p.pk, str(p), p.hue, 0.0) for p in people if p.portrait_id]


ORDERS: dict[str, tuple[str, ...]] = {
    "": ("is_unnamed", "-screen_s", "number"),
    "name": ("is_unnamed", "folded_name", "number"),
    "time": ("-screen_s", "number"),
    "seen": ("-last_seen_at", "-screen_s", "number"),
}
"""How people may be listed. An index holds the first, the usual one: named people first, then those seen most."""


def in_order(people: QuerySet[Person], sort: str = "") -> QuerySet[Person]:
    """Returns those who are seen somewhere, in one of `ORDERS`."""
    return people.filter(STANDING, appearances__gt=0).order_by(*ORDERS[sort])


@dataclass(frozen=True, slots=True)
class NameRow:
    """What `people/_name.html` needs of a person."""

    id: uuid.UUID
    label: str
    name: str
    is_named: bool


def name_row(person: Person) -> NameRow:
    """Returns what `people/_name.html` shows of a person."""
    return NameRow(person.pk, str(person), person.name, bool(person.name))


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How many people a list has; hidden ones are in neither of the others."""

    named: int
    unnamed: int
    hidden: int

    @property
    def has_any(self) -> bool:
        return bool(self.named or self.unnamed or self.hidden)


def people_counts(people: QuerySet[Person]) -> PeopleCounts:
    """Counts people, by an index that holds everything this reads."""
    rows = people.order_by().values_list("is_hidden", "is_unnamed").annotate(n=Count("*"))
    found = {(is_hidden, is_unnamed): n for is_hidden, is_unnamed, n in rows}
    hidden = sum(n for (is_hidden, _), n in found.items() if is_hidden)
    return PeopleCounts(found.get((False, False), 0), found.get((False, True), 0), hidden)


def called(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Returns those whose name contains all words of `text`, and whom it calls by their number ("Person 24")."""
    # As a comparison, so that SQLite skips those without a name.
    named = Q(is_unnamed=Value(False)) & containing(text, *NAME_COLUMNS)
    numbered = _numbered(people, text)
    return people.filter(named | Q(pk__in=numbered)) if numbered else people.filter(named)


def count_called(people: QuerySet[Person], text: str) -> int:
    """Returns how many `called` finds, by an index, without reading the others."""
    named = people.order_by().filter(containing(text, *NAME_COLUMNS), folded_name__gt="").count()
    return named + len(_numbered(people, text))


def number_in(text: str) -> int | None:
    """Returns the number by which a text calls somebody without a name: "Person 24", in English or as the page says."""
    for pattern in ("Person 0", title_without_name(0)):
        before, _zero, after = fold(pattern).partition("0")
        found = re.fullmatch(rf"{re.escape(before.strip())}\s*(\d{{1,9}})\s*{re.escape(after.strip())}", fold(text))
        if found:
            return int(found[1])
    return None


def _numbered(people: QuerySet[Person], text: str) -> list[uuid.UUID]:
    number = number_in(text)
    if number is None:
        return []
    return list(people.order_by().filter(number=number, is_unnamed=True).values_list("pk", flat=True))


def suggestions(people: QuerySet[Person], typed: str, limit: int = 8) -> list[dict[str, str | None]]:
    """Returns named people whose name contains what was typed, for autocompletion; those that start with it first.

    Somebody who is hidden comes with a note that says so.
    """
    named = people.filter(STANDING, containing(typed, *NAME_COLUMNS), folded_name__gt="")
    found = named.order_by("folded_name", "number")[: limit * 4]
    ordered = sorted(found, key=lambda person: not person.folded_name.startswith(fold(typed)))
    return [
        {
            "id": str(p.pk),
            "label": p.name,
            "portrait": str(p.portrait_id) if p.portrait_id else None,
            "note": _("hidden from People") if p.is_hidden else "",
        }
        for p in ordered[:limit]
    ]


def same_name(person: Person, name: str) -> Person | None:
    """Returns another person of the team with this name, whatever its accents and case."""
    return with_name(person.team_id, name).exclude(pk=person.pk).first()


def with_name(team_id: uuid.UUID, name: str) -> QuerySet[Person]:
    """Returns the people of a team with this name, whatever its accents and case.

    Those whose name is written the same come first, then the eldest.
    """
    named = Person.objects.filter(STANDING, team=team_id, folded_name=fold(name), is_unnamed=False)
    return named.order_by(Case(When(name=name, then=0), default=1), "created_at", "number")
