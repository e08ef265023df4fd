"""Periodic cleanup of explanations, and what goes with a video: no frame outlives the video that it shows."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from webapp import storage
from webapp.http.ids import uuid_or_none
from webapp.training.explanations import services
from webapp.training.models import Explanation, TrainingRun
from webapp.videos.models import Video

logger = logging.getLogger(__name__)

STRAYS_EVERY_S = 3600
STRAY_AFTER = timedelta(hours=1)
"""A file is stored before its row is made; a younger folder may just be waiting for it."""
_next_search_s = 0.0


def clean_up(**_: object) -> None:
    """Deletes expired uploads with their explanations; a job that comes later finds nothing and ends."""
    for explanation in Explanation.objects.filter(expires_at__lt=timezone.now()).select_related("run"):
        _delete_files(explanation)
        explanation.delete()
    _discard_strays_now_and_then()


def forget_video(*, video: Video, **_: object) -> None:
    """Deletes the explanations of a purged video's frames, files first: the rows still say what has to go."""
    frames = Explanation.objects.filter(video=video)
    for explanation in frames.select_related("run"):
        _delete_files(explanation)
    frames.delete()


def discard_strays(older_than: timedelta = STRAY_AFTER) -> int:
    """Deletes the pictures of explanations that have no row any more; returns of how many."""
    strays = 0
    for run in TrainingRun.objects.only("pk", "team_id").iterator():
        for prefix in _folders_without_row(run):
            if storage.age_s(prefix) > older_than.total_seconds():
                storage.delete_prefix(prefix)
                strays += 1
    if strays:
        logger.info("Deleted the pictures of %d explanations that were gone", strays)
    return strays


def _folders_without_row(run: TrainingRun) -> Iterator[str]:
    folder = services.folder_of(run)
    names = [name for name in storage.names(folder) if uuid_or_none(name)]
    if names:  # most runs have none, and need no query
        kept = {str(pk) for pk in Explanation.objects.filter(run=run).values_list("pk", flat=True)}
        yield from (f"{folder}/{name}" for name in names if name not in kept)


def _discard_strays_now_and_then() -> None:
    """Cleanups come every few seconds, which is too often to look into every folder."""
    global _next_search_s
    if time.monotonic() >= _next_search_s:
        _next_search_s = time.monotonic() + STRAYS_EVERY_S
        discard_strays()


def _delete_files(explanation: Explanation) -> None:
    storage.delete_prefix(services.files_prefix(explanation))
    if explanation.file_key:
        storage.delete(explanation.file_key)
