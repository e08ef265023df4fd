"""Which videos, appearances and views an import takes from, read alike by its page and by the worker."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from webapp.datasets.importing.option_types import ANY, ImportOptions
from webapp.people.models import Face, Track
from webapp.videos.models import Video

LEAST_CLIP_S = 0.2
"""What is left at the end of a video and shorter than this is no clip."""


def chosen_videos(team_id: Any, options: ImportOptions) -> QuerySet[Video]:
    """Returns the chosen videos that are checked, and analysed where faces are asked for."""
    videos = Video.objects.filter(team=team_id, deleted_at=None, pk__in=options.videos).exclude(sha256="")
    return videos if options.faces == ANY else videos.filter(current_analysis__isnull=False)


def chosen_tracks(team_id: Any, options: ImportOptions) -> QuerySet[Track]:
    """Returns tracks of current analyses: of chosen people (or everyone) in the chosen (or all) videos."""
    tracks = Track.objects.filter(
        analysis=F("analysis__video__current_analysis"),
        analysis__video__team=team_id,
        analysis__video__deleted_at=None,
        person__isnull=False,
    )
    if options.people:
        tracks = tracks.filter(person__in=[UUID(each) for each in options.people])
    if options.videos:
        tracks = tracks.filter(analysis__video__in=[UUID(each) for each in options.videos])
    return tracks if options.people or options.videos else tracks.none()


def chosen_views(team_id: Any, options: ImportOptions) -> QuerySet[Face]:
    return Face.objects.filter(track__in=chosen_tracks(team_id, options))
