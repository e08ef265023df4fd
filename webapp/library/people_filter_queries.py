"""Filters of the library by who is in a video, who put it there, and when."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from webapp.accounts.models import Team, User
from webapp.people import constraint_queries
from webapp.people import queries as people
from webapp.people.models import Person, Track
from webapp.videos.models import Video

OFFERED = 24
"""How many people the filter shows at once; the next ones, and whoever is searched for, are a request away."""


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """All of `people` (or any), none of `without`, anyone unnamed; uploaded by whom and when (both days included)."""

    people: tuple[UUID, ...] = ()
    without: tuple[UUID, ...] = ()
    is_any: bool = False
    has_unnamed: bool = False
    uploader: int | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None

    def __bool__(self) -> bool:
        return self != PeopleFilter()


@dataclass(frozen=True, slots=True)
class PeopleChoices:
    """A page of people who can be chosen."""

    people: list[Person]
    next_number: int | None
    """Of the page behind this one; None where this is the last."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the filter's form shows."""

    chosen: list[Person]
    without: list[Person]
    others: PeopleChoices
    uploaders: list[User]


def as_today(wanted: PeopleFilter, team: Team | None) -> PeopleFilter:
    """Returns the filter with people who were merged as those they were merged into; one query where it names any."""
    if team is None or not (wanted.people or wanted.without):
        return wanted
    family = constraint_queries.family_of(team.pk)

    def roots(ids: Sequence[UUID]) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys(family.root(person) for person in ids))

    return replace(wanted, people=roots(wanted.people), without=roots(wanted.without))


def apply(videos: QuerySet[Video], wanted: PeopleFilter, team: Team | None) -> QuerySet[Video]:
    """Filters videos by a filter `as_today`."""
    if team is None:
        return videos
    people, without = wanted.people, wanted.without
    if people and wanted.is_any:
        videos = videos.filter(_shows(person__in=people))
    else:
        for person in people:
            videos = videos.filter(_shows(person=person))
    if without:
        videos = videos.exclude(_shows(person__in=without))
    if wanted.has_unnamed:
        videos = videos.filter(_shows(person__is_unnamed=True, person__is_deleted=False))
    if wanted.uploader:
        videos = videos.filter(uploaded_by=wanted.uploader)
    days = Q()
    if wanted.since:
        days &= Q(created_at__date__gte=wanted.since)
    if wanted.until:
        days &= Q(created_at__date__lte=wanted.until)
    return videos.filter(days)


def offer(wanted: PeopleFilter, team: Team | None, *, who: str = "") -> Offer:
    """Returns what the form offers, other people by name if `who` is given; four queries at most."""
    if team is None:
        return Offer([], [], PeopleChoices([], None), [])
    by_id = Person.objects.filter(team=team).in_bulk([*wanted.people, *wanted.without])
    return Offer(
        [by_id[key] for key in wanted.people if key in by_id],
        [by_id[key] for key in wanted.without if key in by_id],
        _others([*by_id], team, who, 1),
        list(team.members.order_by("name", "email")),
    )


def choices(wanted: PeopleFilter, team: Team | None, *, who: str, number: int) -> PeopleChoices:
    """Returns a page of everybody whom the filter does not name yet, or of those called `who`."""
    if team is None:
        return PeopleChoices([], None)
    return _others([*wanted.people, *wanted.without], team, who, number)


def _others(named: Sequence[UUID], team: Team, who: str, number: int) -> PeopleChoices:
    everybody = people.in_order(Person.objects.filter(team=team, is_hidden=False)).exclude(pk__in=named)
    if who.strip():
        everybody = people.called(everybody, who.strip())
    start = OFFERED * (number - 1)
    found = list(everybody[start : start + OFFERED + 1])
    return PeopleChoices(found[:OFFERED], number + 1 if len(found) > OFFERED else None)


def _shows(**person: object) -> Exists:
    return Exists(Track.objects.filter(analysis=OuterRef("current_analysis"), **person))
