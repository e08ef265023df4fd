"""Reads the videos that a person keeps at hand."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from webapp.access import Visitor
from webapp.videos.models import Favourite, Video


def favourites(videos: QuerySet[Video], user: Visitor) -> QuerySet[Video]:
    """Returns those of these videos that the person keeps at hand."""
    return videos.filter(pk__in=Favourite.objects.filter(user=user.pk).values("video"))


def starred(videos: Iterable[UUID], user: Visitor) -> set[UUID]:
    """Returns which of these are among them."""
    mine = Favourite.objects.filter(user=user.pk, video__in=list(videos))
    return set(mine.values_list("video", flat=True))
