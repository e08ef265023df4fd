"""Reads tracks that count, those of the analysis that a video shows, and whole appearances."""

from collections.abc import Iterable

from django.db.models import F, Q, QuerySet

from webapp.people.models import Track


def shown_tracks() -> QuerySet[Track]:
    """Returns the tracks of current analyses, of videos that are not deleted."""
    return Track.objects.filter(
        analysis=F("analysis__video__current_analysis"), analysis__video__deleted_at=None, person__isnull=False
    )


def of_appearances(firsts: Iterable[int]) -> Q:
    """Finds all tracklets of appearances, each named by its first one."""
    keys = list(firsts)
    return Q(pk__in=keys) | Q(joined_to__in=keys)
