"""What is asked about files before their first byte comes."""

from collections.abc import Collection

from django.db.models import QuerySet

from webapp.jobs.models import JobKind, Status
from webapp.uploads.rules import clean_name
from webapp.videos.errors import MAY_PASS_ANOTHER_TIME
from webapp.videos.models import Video


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
