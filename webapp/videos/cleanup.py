"""Periodic cleanup: finishes uploads that are complete, removes expired ones, refused files and deleted videos."""

import logging
import time
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from webapp import storage
from webapp.jobs.models import ACTIVE, Job, JobKind
from webapp.team_scope import across_teams
from webapp.undo_period import UNDO_PERIOD
from webapp.uploads import partial_files
from webapp.uploads.models import PartialUpload
from webapp.videos import signals, upload_queries, upload_services
from webapp.videos.models import Playback, Tag, Upload, Video

logger = logging.getLogger(__name__)

IDLE_AFTER = timedelta(minutes=5)
"""So long without a piece; 8 MiB in that time are 220 kbit/s."""
STRAY_AFTER = timedelta(days=1)


def clean_up(**_: object) -> None:
    """Runs one round; a few cheap queries when there is nothing to do."""
    purge_deleted()  # first: it frees room, which on a full disk all others need
    finish_arrived()
    stop_idle()
    give_up_expired()
    clear_refused()
    give_up_copies()
    discard_strays()


def finish_arrived() -> None:
    """Finishes uploads whose last byte arrived just before the server died."""
    complete = Upload.objects.filter(offset_bytes=F("size_bytes"), video__deleted_at=None)
    for upload in complete.select_related("video__team", "user"):
        upload_services.finish_upload(upload)


def give_up_copies() -> None:
    """Marks videos as impossible to play whose copy for the browser failed."""
    at_work = Job.objects.filter(kind=JobKind.WEB_COPY, subject_id=OuterRef("pk"), status__in=ACTIVE)
    failed = Video.objects.filter(playback=Playback.PENDING, deleted_at=None).exclude(Exists(at_work))
    if failed.exists():  # an UPDATE takes SQLite's lock for writing also where it finds nothing
        failed.update(playback=Playback.IMPOSSIBLE)


def stop_idle() -> None:
    """Says of uploads whose sender went without a word, as in a power cut, that they have stopped."""
    idle = Upload.objects.filter(stopped_at=None, updated_at__lt=timezone.now() - IDLE_AFTER)
    for upload in idle.filter(offset_bytes__lt=F("size_bytes")).select_related("video"):
        upload_services.stop_upload(upload)


def give_up_expired() -> None:
    """Gives up what nobody continues: neither for a long time, nor any more since an account is gone."""
    ended = Q(expires_at__lt=timezone.now()) | Q(user=None)
    for upload in Upload.objects.filter(ended).select_related("video"):
        upload_services.give_up_upload(upload)


@across_teams()
def clear_refused() -> None:
    """Deletes the files of videos that the check refused; they lie in a tray, with the reason, until deleted."""
    for video in upload_queries.refused(Video.objects.all()).exclude(original_key=""):
        storage.delete_prefix(video.files_prefix)
        Video.objects.filter(pk=video.pk).update(original_key="", poster_key="")


def purge_deleted() -> None:
    """Purges tags and videos whose undo period is over; not videos that a worker is busy with."""
    Tag.objects.filter(deleted_at__lt=timezone.now() - UNDO_PERIOD).delete()
    for video in Video.objects.filter(deleted_at__lt=timezone.now() - UNDO_PERIOD):
        if Job.objects.filter(subject_id=video.pk, parent=None, status__in=ACTIVE).exists():
            continue
        purge(video)


def purge(video: Video) -> None:
    """Deletes everything of a video; files first, since after a crash the rows still say what has to go."""
    partial_files.discard(video.pk)
    storage.delete_prefix(video.files_prefix)
    with transaction.atomic():
        signals.video_purging.send(Video, video=video)
        Video.objects.filter(pk=video.pk).update(current_job=None, current_analysis=None)
        Video.objects.filter(pk=video.pk).delete()
        Job.objects.filter(subject_id=video.pk, parent__isnull=False).delete()
        Job.objects.filter(subject_id=video.pk).delete()
    logger.info("Video %s is purged", video.pk)


def discard_strays() -> None:
    """Deletes upload files that nobody waits for, left by a server that died while it gave an upload up."""
    long_ago = time.time() - STRAY_AFTER.total_seconds()
    for path in partial_files.every_file():
        try:
            upload_id = uuid.UUID(hex=path.stem)
        except ValueError:
            continue
        if path.stat().st_mtime < long_ago and not _has_row(upload_id):
            path.unlink(missing_ok=True)


def _has_row(upload_id: uuid.UUID) -> bool:
    """Returns whether somebody may go on with an upload, or a worker still has to move it into the store."""
    video = Video.objects.filter(pk=upload_id).exclude(original_key="").first()
    if video is not None and not storage.exists(video.original_key):
        return True
    return any(kind._default_manager.filter(pk=upload_id).exists() for kind in PartialUpload.every_kind())
