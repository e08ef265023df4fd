"""Asks for explanations: of a sample, a frame of a video, an uploaded file, or the average of a label."""

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from analysis.errors import PictureTooLarge
from analysis.images.read import read_header
from analysis.training.data.samples import CLIP_SUFFIXES
from webapp import storage
from webapp.accounts.models import User
from webapp.datasets.models import Sample
from webapp.jobs import lifecycle
from webapp.jobs.models import ACTIVE, JobKind, Status
from webapp.training.models import Explanation, TrainingRun
from webapp.videos.models import Video

KEPT_FOR = timedelta(days=1)
"""How long an uploaded file is kept, for privacy."""
MOST_BYTES = 15_000_000
"""As for other single pictures; a whole request may have 16 MiB."""
MOST_WAITING = 60
"""Explanations of one run that may wait at once; a page asks for some two dozen."""
PICTURE_FILE = "picture"
NAME_LENGTH = 255


class TooManyWaiting(Exception):
    """Too many explanations of this run are waiting to take another."""


def explain_sample(run: TrainingRun, sample: Sample, *, label: str = "", user: User | None) -> Explanation:
    """Explains a sample, reusing an earlier explanation. Raises TooManyWaiting."""
    return _reused(run, label, sample=sample) or _made(run, label, user, sample=sample)


def explain_frame(run: TrainingRun, video: Video, time_s: float, *, label: str = "", user: User | None) -> Explanation:
    """Explains a frame of a video at `time_s` (container time). Raises TooManyWaiting."""
    frame = {"video": video, "time_s": round(time_s, 3)}
    return _reused(run, label, **frame) or _made(run, label, user, **frame)


def explain_label(run: TrainingRun, label: str, *, user: User | None) -> Explanation:
    """Explains a label by the average heat map over its right held-out predictions. Raises TooManyWaiting."""
    return _reused(run, label, file_key="", sample=None, video=None) or _made(run, label, user)


def explain_file(run: TrainingRun, name: str, content: bytes, *, user: User | None) -> Explanation:
    """Keeps and explains a picture or clip. Raises PictureTooLarge, UnreadablePicture or TooManyWaiting."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in CLIP_SUFFIXES:
        check_picture(content)
        suffix = ""
    elif len(content) > MOST_BYTES:
        raise PictureTooLarge(f"{len(content)} bytes")
    pk = uuid4()
    key = f"{folder_of(run)}/{pk}/{PICTURE_FILE}{suffix}"
    _expect_room(run)
    storage.put_bytes(key, content)
    kept = {"file_key": key, "file_name": name[-NAME_LENGTH:], "expires_at": timezone.now() + KEPT_FOR}
    return _made(run, "", user, pk=pk, **kept)


def explain_again(explanation: Explanation, label: str, *, user: User | None) -> Explanation:
    """Explains the same picture, but what speaks for another label. Raises TooManyWaiting."""
    same: dict[str, Any] = {
        "sample": explanation.sample,
        "video": explanation.video,
        "time_s": explanation.time_s,
        "file_key": explanation.file_key,
        "file_name": explanation.file_name,
        "expires_at": explanation.expires_at,
    }
    return _reused(explanation.run, label, **same) or _made(explanation.run, label, user, **same)


def check_picture(content: bytes) -> None:
    """Checks a picture by its header only. Raises PictureTooLarge or UnreadablePicture."""
    if len(content) > MOST_BYTES:
        raise PictureTooLarge(f"{len(content)} bytes")
    read_header(content, "the picture")


def is_average(explanation: Explanation) -> bool:
    """Returns whether it is the average of a label, not of one picture."""
    return explanation.sample_id is None and explanation.video_id is None and not explanation.file_key


def files_prefix(explanation: Explanation) -> str:
    """Returns the storage folder of its pictures."""
    return f"{folder_of(explanation.run)}/{explanation.pk}"


def folder_of(run: TrainingRun) -> str:
    """Returns the storage folder of all explanations of a run."""
    return f"{run.files_prefix}/looks"


def _reused(run: TrainingRun, label: str, **of: Any) -> Explanation | None:
    """Returns an earlier explanation of the same; none that failed, so that asking again tries again."""
    same = run.explanations.filter(label=label, job__status__in=(*ACTIVE, Status.DONE), **of)
    return same.select_related("job").order_by("-created_at").first()


def _expect_room(run: TrainingRun) -> None:
    if run.explanations.filter(job__status__in=ACTIVE).count() >= MOST_WAITING:
        raise TooManyWaiting


def _made(run: TrainingRun, label: str, user: User | None, **of: Any) -> Explanation:
    _expect_room(run)
    with transaction.atomic():
        job = lifecycle.create(JobKind.EXPLAIN, team=run.team, subject_id=run.pk, created_by=user)
        return Explanation.objects.create(run=run, job=job, label=label, created_by=user, **of)
