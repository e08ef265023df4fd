"""Reads the videos that a person keeps at hand."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from webapp.access import Visitor
from webapp.videos.models import Favourite, Video


def favourites(videos: QuerySet[Video], user: Visitor) -> QuerySet[Video]:
    """Returns those of these videos that the person keeps at hand."""
    return videos.filter(pk__in=Favourite.objects.filter(user=user.pk).values("video"))


def how_many(videos: QuerySet[Video], user: Visitor) -> int:
    """Returns how many of these videos that is; by the few of one person, not by all videos."""
    mine = Favourite.objects.filter(user=user.pk)
    return mine.filter(Exists(videos.filter(pk=OuterRef("video")))).count()


def starred(videos: Iterable[UUID], user: Visitor) -> set[UUID]:
    """Returns which of these are among them."""
    mine = Favourite.objects.filter(user=user.pk, video__in=list(videos))
    return set(mine.values_list("video", flat=True))
