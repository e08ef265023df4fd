"""Uploads from the first byte to the stored original: begin, receive, finish, give up."""

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs import lifecycle, progress
from webapp.jobs.models import Kind, Status
from webapp.jobs.progress import JobState
from webapp.uploads import partial_files
from webapp.uploads import rules as uploads_rules
from webapp.videos.models import Arriving, Upload, Video

logger = logging.getLogger(__name__)

EXPIRES_AFTER = timedelta(days=7)
"""An upload that nobody continues for so long is given up."""
CHECKSUMS = ("sha1", "sha256")
PUBLISH_EVERY_S = 0.25


class WrongOffset(Exception):
    """The bytes do not continue what has arrived."""


class WrongChecksum(Exception):
    """The bytes are not those that the sender meant."""


class TooMuch(Exception):
    """More bytes than were announced for the whole file."""


def start_upload(
    *,
    team: Team,
    user: User,
    name: str,
    size_bytes: int,
    media_type: str = "",
    thoroughness: str,
    fingerprint: str = "",
) -> Upload:
    """A video whose bytes are awaited. Raises `upload_rules.Refused`."""
    name = uploads_rules.clean_name(name)
    uploads_rules.check(name=name, size_bytes=size_bytes, media_type=media_type)
    with transaction.atomic():
        video = Video.objects.create(
            team=team,
            title=uploads_rules.title_of(name),
            file_name=name,
            uploaded_by=user,
            size_bytes=size_bytes,
            thoroughness=thoroughness,
        )
        upload = Upload.objects.create(
            id=video.pk,
            video=video,
            user=user,
            size_bytes=size_bytes,
            fingerprint=uploads_rules.clean_fingerprint(fingerprint),
            expires_at=timezone.now() + EXPIRES_AFTER,
        )
    publish(upload)
    return upload


def receive(
    upload: Arriving, *, offset: int, chunks: Iterable[bytes], checksum: tuple[str, bytes] | None = None
) -> None:
    """Writes bytes at `offset` and notes the new one in `upload`; a crash in between is mended by sending them again.

    Raises WrongOffset, WrongChecksum, TooMuch (after which nothing counts as arrived) and `arriving.Busy`.
    """
    with partial_files.opened(upload.pk) as file:
        upload.refresh_from_db(fields=["offset_bytes", "updated_at"])
        if offset != upload.offset_bytes:
            raise WrongOffset
        digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
        file.seek(offset)
        written = 0
        for chunk in chunks:
            written += len(chunk)
            if offset + written > upload.size_bytes:
                file.truncate(offset)
                raise TooMuch
            file.write(chunk)
            if digest:
                digest.update(chunk)
        file.flush()
        if checksum and digest and digest.digest() != checksum[1]:
            file.truncate(offset)
            raise WrongChecksum
        now = timezone.now()
        rows = type(upload)._default_manager.filter(pk=upload.pk, offset_bytes=offset)
        if not rows.update(offset_bytes=offset + written, updated_at=now, expires_at=now + EXPIRES_AFTER):
            raise WrongOffset
        upload.offset_bytes = offset + written
        upload.expires_at = now + EXPIRES_AFTER
    is_time = _tick(now) != _tick(upload.updated_at) or upload.offset_bytes == upload.size_bytes
    if is_time and isinstance(upload, Upload):
        publish(upload)


def _tick(moment: datetime) -> int:
    """Pieces that arrive within one tick are told once, so that a fast line does not flood the pages."""
    return int(moment.timestamp() / PUBLISH_EVERY_S)


def mend_offset(upload: Arriving) -> None:
    """After a power cut the file may be shorter than the row says: what is missing is asked for again.

    Not to be called for a file that has been moved into the store already.
    """
    there = partial_files.arrived_bytes(upload.pk)
    if there >= upload.offset_bytes:
        return
    logger.warning("Upload %s: %d bytes noted, %d there", upload.pk, upload.offset_bytes, there)
    type(upload)._default_manager.filter(pk=upload.pk, offset_bytes=upload.offset_bytes).update(offset_bytes=there)
    upload.refresh_from_db(fields=["offset_bytes"])


def original_key(video: Video) -> str:
    return f"{video.files_prefix}/original"


def is_stored(upload: Upload) -> bool:
    """The file has been moved into the store already, though the row does not know it yet."""
    key = original_key(upload.video)
    return storage.exists(key) and storage.size(key) == upload.size_bytes


def finish_upload(upload: Upload) -> bool:
    """Moves a complete file into the store and queues its check; False when that had been done.

    May be repeated at any point: the move leaves its mark in the store, the row goes with the job in one transaction.
    """
    key = original_key(upload.video)
    try:
        storage.put_file(key, partial_files.path_of(upload.pk))
    except FileNotFoundError:
        if not is_stored(upload):
            return False
    with transaction.atomic():
        deleted, _rows = Upload.objects.filter(pk=upload.pk, offset_bytes=upload.size_bytes).delete()
        if not deleted:
            return False
        job = lifecycle.create(Kind.CHECK, team=upload.video.team, subject_id=upload.video_id, created_by=upload.user)
        Video.objects.filter(pk=upload.video_id).update(original_key=key, current_job=job)
    return True


def give_up_upload(upload: Upload) -> None:
    """Cancelled or expired: the bytes and the video, of which nothing was ever seen, go."""
    team_id, video_id = upload.video.team_id, upload.video_id
    with transaction.atomic():
        deleted, _rows = Upload.objects.filter(pk=upload.pk, offset_bytes__lt=upload.size_bytes).delete()
        if not deleted:
            return
        Video.objects.filter(pk=video_id).delete()
    partial_files.discard(upload.pk)
    progress.publish_gone(team_id=team_id, subject_id=video_id)


def resumable(user: User, team: Team, *, size_bytes: int, fingerprint: str) -> Upload | None:
    """The upload that this person began with the same file."""
    if not fingerprint:
        return None
    same = Upload.objects.filter(user=user, video__team=team, video__deleted_at=None, expires_at__gt=timezone.now())
    return (
        same.filter(size_bytes=size_bytes, fingerprint=uploads_rules.clean_fingerprint(fingerprint))
        .order_by("-updated_at")
        .first()
    )


def state_of(upload: Upload) -> JobState:
    """An upload as the page's progress shows it; its offset serves as the rising sequence."""
    return JobState(
        id=str(upload.pk),
        kind="upload",
        subject=str(upload.video_id),
        team=str(upload.video.team_id),
        status=Status.RUNNING,
        stage="upload",
        done=upload.offset_bytes,
        total=upload.size_bytes,
        sequence=upload.offset_bytes + 1,
        created=upload.created_at.timestamp(),
        started=True,
    )


def publish(upload: Upload) -> None:
    progress.publish_state(state_of(upload))
