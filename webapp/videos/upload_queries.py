"""What is asked about files before their first byte comes, and while they come."""

from collections.abc import Collection

from django.db.models import QuerySet

from webapp.jobs.job_state import JobState
from webapp.jobs.models import JobKind, Status
from webapp.uploads.rules import clean_name
from webapp.videos.errors import MAY_PASS_ANOTHER_TIME
from webapp.videos.models import Upload, Video


def refused(videos: QuerySet[Video]) -> QuerySet[Video]:
    """Returns the videos whose files the check refused for good, as `Video.is_refused` says of one."""
    failed = videos.filter(current_job__kind=JobKind.CHECK, current_job__status=Status.FAILED)
    return failed.exclude(current_job__error_code__in=MAY_PASS_ANOTHER_TIME)


def same_files(videos: QuerySet[Video], files: Collection[tuple[str, int]]) -> dict[tuple[str, int], Video]:
    """Returns, by name and size, the latest video that has the same ones and has arrived; in one query."""
    wanted = {file: (clean_name(file[0]), file[1]) for file in files}
    arrived = videos.filter(current_job__isnull=False, size_bytes__in={size for _name, size in files})
    arrived = arrived.exclude(pk__in=refused(videos).values("pk")).order_by("created_at")
    found = {(video.file_name, video.size_bytes): video for video in arrived}
    return {file: found[same] for file, same in wanted.items() if same in found}


def state_of(upload: Upload) -> JobState:
    """Returns an upload as progress for pages; its offset serves as the rising sequence, and a stop counts in it."""
    is_stopped = upload.stopped_at is not None
    return JobState(
        id=str(upload.pk),
        kind="upload",
        subject=str(upload.video_id),
        team=str(upload.video.team_id),
        status=Status.RUNNING,
        stage="upload_stopped" if is_stopped else "upload",
        done=upload.offset_bytes,
        total=upload.size_bytes,
        sequence=2 * upload.offset_bytes + 1 + is_stopped,
        revision=int(is_stopped),
        created=upload.created_at.timestamp(),
        started=not is_stopped,
    )
