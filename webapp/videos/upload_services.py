"""Uploads of videos from the first byte to the stored original: start, find again, finish, give up."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from webapp import storage
from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.jobs import lifecycle, live_updates
from webapp.jobs.models import JobKind
from webapp.uploads import partial_files, quota_services, receive_services, store_services
from webapp.uploads import rules as uploads_rules
from webapp.uploads.receive_services import EXPIRES_EMPTY_AFTER
from webapp.videos import upload_queries
from webapp.videos.models import Upload, Video


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
    """Creates a video whose bytes are to arrive. Raises `rules.Refused`."""
    name = uploads_rules.clean_name(name)
    uploads_rules.check(name=name, size_bytes=size_bytes, media_type=media_type)
    with transaction.atomic():
        quota_services.announce(team=team, user=user, name=name, size_bytes=size_bytes)
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
            expires_at=timezone.now() + EXPIRES_EMPTY_AFTER,
        )
    publish(upload)
    return upload


def original_key(video: Video) -> str:
    return f"{video.files_prefix}/original"


def is_stored(upload: Upload) -> bool:
    """Returns whether the file has been moved into the store already, although its row says otherwise."""
    key = original_key(upload.video)
    return storage.exists(key) and storage.size(key) == upload.size_bytes


def has_original(video: Video) -> bool:
    """Returns whether the file of a video is there, in the store or on its way there."""
    return storage.exists(video.original_key) or (
        video.original_key != "" and store_services.awaits_move(video.pk, video.size_bytes)
    )


def finish_upload(upload: Upload) -> bool:
    """Moves a complete file into the store and queues its check; returns False when that had been done.

    May be repeated at any point: the move leaves its mark in the store, the row goes with the job in one transaction.
    Where the store is on another file system, the check begins with the move.
    """
    key = original_key(upload.video)
    if not store_services.hand_in(upload, key):
        return False
    with transaction.atomic():
        deleted, _rows = Upload.objects.filter(pk=upload.pk, offset_bytes=upload.size_bytes).delete()
        if not deleted:
            return False
        job = lifecycle.create(
            JobKind.CHECK, team=upload.video.team, subject_id=upload.video_id, created_by=upload.user
        )
        Video.objects.filter(pk=upload.video_id).update(original_key=key, current_job=job)
        quota_services.note_stored(upload.team, upload.size_bytes)
        video = subject_of(SubjectKind.VIDEO, upload.video)
        record(upload.user, Action.UPLOADED, video, team_id=upload.video.team_id)
    return True


def stop_upload(upload: Upload) -> None:
    """Notes that the sender has left or paused, and says so on all pages."""
    if receive_services.set_stopped(upload, is_stopped=True):
        publish(upload)


def give_up_upload(upload: Upload) -> None:
    """Deletes a cancelled or expired upload with its bytes and its video, which has no content yet."""
    team_id, video_id = upload.video.team_id, upload.video_id
    with transaction.atomic():
        deleted, _rows = Upload.objects.filter(pk=upload.pk, offset_bytes__lt=upload.size_bytes).delete()
        if not deleted:
            return
        Video.objects.filter(pk=video_id).delete()
    partial_files.discard(upload.pk)
    live_updates.publish_gone(team_id=team_id, subject_id=video_id)


def end_uploads_of(user: User, **_: object) -> None:
    """Receives `account_ends`: what has not arrived completely never will."""

    def give_up_all() -> None:
        for upload in Upload.objects.filter(user=user.pk).select_related("video"):
            give_up_upload(upload)

    transaction.on_commit(give_up_all)


def give_up_of_former_member(act: str, team_id: UUID, about: object, **_: object) -> None:
    """Receives `team_act`: nobody can continue the uploads of somebody who is no longer in the team."""
    if act not in ("removed_member", "left") or not isinstance(about, User):
        return
    for upload in Upload.objects.filter(user=about, video__team=team_id).select_related("video"):
        transaction.on_commit(partial(give_up_upload, upload))


def resumable(user: User, team: Team, *, size_bytes: int, fingerprint: str) -> Upload | None:
    """Returns the latest upload that this person started with the same file, if there is one."""
    if not fingerprint:
        return None
    same = Upload.objects.filter(user=user, video__team=team, video__deleted_at=None, expires_at__gt=timezone.now())
    same = same.filter(size_bytes=size_bytes, fingerprint=uploads_rules.clean_fingerprint(fingerprint))
    return same.order_by("-updated_at").first()


def publish(upload: Upload) -> None:
    live_updates.publish_state(upload_queries.state_of(upload))


def bytes_stored_by(*, user: User, **_: object) -> int:
    """Answers `stored_by_person`: the originals of this person's videos."""
    stored = Video.objects.filter(uploaded_by=user).exclude(original_key="")
    return stored.aggregate(size=Sum("size_bytes"))["size"] or 0
