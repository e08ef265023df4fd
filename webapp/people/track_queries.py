"""Reads tracks that count: those of the analysis that a video shows."""

from django.db.models import F, QuerySet

from webapp.people.models import Track


def shown_tracks() -> QuerySet[Track]:
    """Returns the tracks of current analyses, of videos that are not deleted."""
    return Track.objects.filter(
        analysis=F("analysis__video__current_analysis"), analysis__video__deleted_at=None, person__isnull=False
    )
