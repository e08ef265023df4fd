"""Filters of the library by who is in a video, who put it there, and when."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from webapp.accounts.models import Team, User
from webapp.people import constraint_queries
from webapp.people import queries as people
from webapp.people.models import Person, Track
from webapp.videos.models import Video

OFFERED = 24
"""How many people the filter offers; anybody else can be chosen on their own page."""


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
class Offer:
    """What the filter's form shows."""

    chosen: list[Person]
    without: list[Person]
    others: list[Person]
    uploaders: list[User]


def apply(videos: QuerySet[Video], wanted: PeopleFilter, team: Team | None) -> QuerySet[Video]:
    """Filters videos; somebody who was merged is found as the person they were merged into."""
    if team is None:
        return videos
    people, without = _as_today(wanted.people, team), _as_today(wanted.without, team)
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


def offer(wanted: PeopleFilter, team: Team | None) -> Offer:
    """Returns what the form offers; six queries at most, however many people."""
    if team is None:
        return Offer([], [], [], [])
    chosen, without = _as_today(wanted.people, team), _as_today(wanted.without, team)
    by_id = Person.objects.filter(team=team).in_bulk([*chosen, *without])
    everybody = people.in_order(Person.objects.filter(team=team, is_hidden=False))
    others = list(everybody.exclude(pk__in=by_id)[:OFFERED])
    return Offer(
        [by_id[key] for key in chosen if key in by_id],
        [by_id[key] for key in without if key in by_id],
        others,
        list(team.members.order_by("name", "email")),
    )


def _shows(**person: object) -> Exists:
    return Exists(Track.objects.filter(analysis=OuterRef("current_analysis"), **person))


def _as_today(ids: Sequence[UUID], team: Team) -> list[UUID]:
    if not ids:
        return []
    family = constraint_queries.family_of(team.pk)
    return list(dict.fromkeys(family.root(person) for person in ids))
