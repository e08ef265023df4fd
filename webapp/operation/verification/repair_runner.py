"""Repairs what a verification found: makes derived files again, moves files without a row aside, sets uploads right.

Nothing that cannot be made again is deleted, nor is a row.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from analysis.errors import AnalysisError
from analysis.images.limited_read import PicturePreparation
from webapp import storage
from webapp.accounts.models import User
from webapp.datasets.importing.candidate_types import Candidate
from webapp.datasets.importing.prepare_runner import PreparedSample, prepare_clip, prepare_picture
from webapp.datasets.models import Sample
from webapp.jobs import lifecycle
from webapp.jobs.errors import JobError
from webapp.jobs.models import ACTIVE, Job, JobKind
from webapp.operation.verification import stored_file_rules as rules
from webapp.operation.verification.queries import Fault, FaultKind, Verification
from webapp.people.models import Face
from webapp.recognition import runner as recognition_runner
from webapp.recognition.models import Observation
from webapp.training.explanations import services as explanations
from webapp.training.models import Explanation
from webapp.uploads import partial_files
from webapp.uploads.models import PartialUpload
from webapp.videos import services as videos
from webapp.videos.models import Playback, Video

logger = logging.getLogger(__name__)

MOST_MISSING_SHARE = 0.5
FEW_ROWS = 50
"""With fewer rows any share may be missing."""

Remedy = Callable[[Sequence[Fault]], Iterable[Fault]]
"""Repairs faults, and yields those that it has repaired."""


class WrongFolder(Exception):
    """So many files are missing that the folder of media is another one, or not mounted: repairing would do harm."""


def repair(found: Verification) -> set[Fault]:
    """Repairs what can be repaired; returns these faults. Raises WrongFolder.

    Copies for browsers and pictures of faces are made by jobs, which begin when a worker has time.
    """
    if found.rows >= FEW_ROWS and found.counts[FaultKind.MISSING] > MOST_MISSING_SHARE * found.rows:
        raise WrongFolder
    by_remedy: dict[Remedy, list[Fault]] = defaultdict(list)
    for fault in found.faults:
        rule = fault.file.rule if fault.kind in (FaultKind.MISSING, FaultKind.CHANGED) else fault.kind
        if rule in REMEDIES:
            by_remedy[REMEDIES[rule]].append(fault)
    return {fault for remedy, faults in by_remedy.items() for fault in remedy(faults)}


def _make_for_browsers(faults: Sequence[Fault]) -> Iterable[Fault]:
    for row, of_video in groupby(sorted(faults, key=lambda fault: fault.file.row), key=lambda fault: fault.file.row):
        lost = list(of_video)
        video = Video.objects.filter(pk=row, deleted_at=None).select_related("team").first()
        if video is None or not storage.exists(video.original_key):
            continue
        lacking = {fault.file.rule.rpartition(".")[2]: "" for fault in lost}
        with transaction.atomic():
            if Job.objects.filter(kind=JobKind.WEB_COPY, subject_id=video.pk, status__in=ACTIVE).exists():
                continue  # it may have made this one already, or be about to
            again = {"playback": Playback.PENDING} if "copy_key" in lacking else {}
            Video.objects.filter(pk=video.pk).update(**lacking, **again)
            lifecycle.create(JobKind.WEB_COPY, team=video.team, subject_id=video.pk, total=video.duration_s)
        yield from lost


def _analyse_again(faults: Sequence[Fault]) -> Iterable[Fault]:
    """Pictures of faces come with an analysis, which keeps names and decisions of the one that it replaces."""
    by_video: dict[UUID, list[Fault]] = defaultdict(list)
    for fault in faults:
        face = Face.objects.filter(pk=fault.file.row).values_list("analysis__video").first()
        if face is not None:
            by_video[face[0]].append(fault)
    for video in Video.objects.filter(pk__in=by_video, deleted_at=None).select_related("current_job", "team"):
        try:
            videos.analyse_again(video, thoroughness=video.thoroughness, user=video.uploaded_by)
        except videos.CannotAnalyse as error:
            logger.info("Cannot be analysed again: %s", error)
            continue
        yield from by_video[video.pk]


def _make_thumbnails(faults: Sequence[Fault]) -> Iterable[Fault]:
    preparing = PicturePreparation()
    try:
        for fault in faults:
            sample = Sample.objects.filter(pk=fault.file.row).first()
            if sample is not None and storage.exists(sample.key) and (made := _prepared(sample, preparing)):
                storage.put_bytes(fault.file.key, made.thumbnail)
                yield fault
    finally:
        preparing.process.close()


def _prepared(sample: Sample, preparing: PicturePreparation) -> PreparedSample | None:
    name = Path(sample.key).name
    if sample.media_type.startswith("image/"):
        made = prepare_picture(Candidate(name, storage.read_bytes(sample.key)), 0, preparing)
    else:
        with storage.scratch_dir() as scratch:
            storage.copy_out(sample.key, scratch / name)
            made = prepare_clip(Candidate(name, scratch / name), scratch, lambda: None)
    return made if isinstance(made, PreparedSample) else None


def _make_moments(faults: Sequence[Fault]) -> Iterable[Fault]:
    by_key = {fault.file.key: fault for fault in faults}
    lost = Observation.objects.filter(pk__in=[fault.file.row for fault in faults])
    by_video: dict[UUID, list[tuple[float, str]]] = defaultdict(list)
    for video_id, time_s, duration_s, key in lost.values_list(
        "recognition__video", "time_s", "duration_s", "picture_key"
    ):
        by_video[video_id].append((time_s + duration_s / 2, key))
    for video in Video.objects.filter(pk__in=by_video, deleted_at=None):
        try:
            stored = recognition_runner.store_pictures(video, sorted(by_video[video.pk]))
        except (AnalysisError, JobError) as error:
            logger.info("No pictures of uncertain moments of video %s: %s", video.pk, error)
            continue
        yield from (by_key[key] for key in stored if key in by_key)


def _forget_explanations(faults: Sequence[Fault]) -> Iterable[Fault]:
    """A page that shows one asks for it anew; one of a picture that was brought goes within the day by itself."""
    for fault in faults:
        lost = Explanation.objects.filter(pk=fault.file.row, file_key="").select_related("run").first()
        if lost is not None:
            storage.delete_prefix(explanations.files_prefix(lost))
            lost.delete()
            yield fault


def _show_initials(faults: Sequence[Fault]) -> Iterable[Fault]:
    for fault in faults:
        User.objects.filter(pk=fault.file.row, picture_key=fault.file.key).update(picture_key="")
        yield fault


def _move_aside(faults: Sequence[Fault]) -> Iterable[Fault]:
    """Out of the store, not away: after a database was put back by hand, these may be people's only copies."""
    for fault in faults:
        try:
            storage.move_out(fault.file.key, strays_folder() / fault.file.key)
        except FileNotFoundError:
            continue
        yield fault


def strays_folder() -> Path:
    """Returns where files without a row are moved today."""
    folder: Path = settings.DATA_DIR / "strays" / f"{timezone.now():%Y-%m-%d}"
    return folder


def _set_back_uploads(faults: Sequence[Fault]) -> Iterable[Fault]:
    """Its sender asks how far it is, and sends the rest."""
    kinds = {kind._meta.label: kind for kind in PartialUpload.every_kind()}
    for fault in faults:
        uploads = kinds[fault.file.rule]._default_manager.filter(pk=fault.file.row)
        uploads.update(offset_bytes=partial_files.arrived_bytes(UUID(fault.file.row)))
        yield fault


_OF_VIDEO = "videos.Video"
REMEDIES: dict[str, Remedy] = {
    f"{_OF_VIDEO}.copy_key": _make_for_browsers,
    f"{_OF_VIDEO}.poster_key": _make_for_browsers,
    f"{_OF_VIDEO}.sprites_key": _make_for_browsers,
    "people.Face.picture_key": _analyse_again,
    "datasets.Sample.thumbnail_key": _make_thumbnails,
    "recognition.Observation.picture_key": _make_moments,
    "training.Explanation.heat_key": _forget_explanations,
    "accounts.User.picture_key": _show_initials,
    FaultKind.STRAY: _move_aside,
    FaultKind.SHORT_UPLOAD: _set_back_uploads,
}
"""What repairs which kind of fault, or the loss of the file in which column."""
BY_JOBS = {rule for rule, remedy in REMEDIES.items() if remedy in (_make_for_browsers, _analyse_again)}
NO_REMEDY = {
    "videos.Video.original_key": "restore it from a backup, or delete the video and upload it again",
    "datasets.Sample.key": "restore it from a backup, or add it to the dataset again",
    "training.Explanation.file_key": "it goes by itself within a day",
    "exports.Export.file_key": "make it again on its page",
    rules.MODEL_FILE: "restore it from a backup, or train again",
    rules.MARK: "if this is the storage of this installation nevertheless, run: manage.py mark_store",
    rules.ARRIVED_FILE: "its import says that it is gone; upload it again",
}
"""What to do about files that nothing here can make again."""
