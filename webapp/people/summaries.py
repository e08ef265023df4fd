"""Keeps what a person's row says about their tracks: counts, first and last seen, portrait.

Call `refresh` in every transaction that changes whose a track is, or which tracks are shown.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Greatest

from webapp.people.models import Face, Person, Track

BATCH = 500
"""Rows named in one statement: databases limit the number of values."""
Item = TypeVar("Item")


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Of at most `BATCH`."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def shown_tracks() -> QuerySet[Track]:
    """Tracks of the analysis that is shown, of videos that are not deleted."""
    return Track.objects.filter(
        analysis=F("analysis__video__current_analysis"), analysis__video__deleted_at=None, person__isnull=False
    )


def refresh(person_ids: Collection[UUID]) -> None:
    """Counts again, and gives a portrait to whoever's is missing or shows somebody else by now."""
    for ids in batches(sorted(set(person_ids))):
        _count(ids)
        _find_portraits(ids)


def _count(ids: list[UUID]) -> None:
    counted = (
        shown_tracks()
        .filter(person__in=ids)
        .values("person")
        .annotate(
            n=Count("pk", filter=Q(joined_to=None)),
            in_videos=Count("analysis__video", distinct=True),
            length_s=Sum(Greatest(F("end_s") - F("start_s"), 0.0)),
            first=Min("analysis__video__created_at"),
            last=Max("analysis__video__created_at"),
        )
    )
    by_person = {row["person"]: row for row in counted}
    people = list(Person.objects.filter(pk__in=ids).only("pk"))
    for person in people:
        row = by_person.get(person.pk)
        person.appearances = row["n"] if row else 0
        person.videos = row["in_videos"] if row else 0
        person.screen_s = row["length_s"] if row else 0.0
        person.first_seen_at = row["first"] if row else None
        person.last_seen_at = row["last"] if row else None
    Person.objects.bulk_update(people, ["appearances", "videos", "screen_s", "first_seen_at", "last_seen_at"])


def _find_portraits(ids: list[UUID]) -> None:
    """A chosen one counts as long as it shows this person; else the present one, else the best view.

    Somebody merged away or deleted keeps theirs, for the day when that is undone.
    """
    own = Face.objects.filter(
        track__person=OuterRef("pk"),
        analysis=F("analysis__video__current_analysis"),
        analysis__video__deleted_at=None,
    )
    standing = Person.objects.filter(pk__in=ids, merged_into=None, is_deleted=False)
    people = list(
        standing.annotate(
            wished=Subquery(own.filter(pk=OuterRef("chosen_portrait")).values("pk")[:1]),
            present=Subquery(own.filter(pk=OuterRef("portrait")).values("pk")[:1]),
        ).only("pk", "portrait")
    )
    missing = [person.pk for person in people if not (person.wished or person.present)]
    best = dict(
        Person.objects.filter(pk__in=missing)
        .annotate(best=Subquery(own.order_by("-quality", "pk").values("pk")[:1]))
        .values_list("pk", "best")
    )
    changed = []
    for person in people:
        portrait = person.wished or person.present or best[person.pk]
        if person.portrait_id != portrait:
            person.portrait_id = portrait
            changed.append(person)
    Person.objects.bulk_update(changed, ["portrait"])
