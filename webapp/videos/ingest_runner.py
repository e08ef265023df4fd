"""What the worker does with an uploaded file: probe it, refuse or accept it, and prepare it for the browser."""

import hashlib
import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from django.db import IntegrityError, transaction

from analysis.errors import Cancelled, UnreadableVideo
from analysis.types import OnProgress, Progress, VideoInfo
from analysis.video import web_copy
from analysis.video.decode import probe
from analysis.video.web_copy import PlaybackPlan
from analysis.weights import sha256_of
from webapp import storage
from webapp.jobs import lifecycle
from webapp.jobs.errors import FileGone
from webapp.jobs.models import Job, JobKind
from webapp.uploads import store_services
from webapp.videos import sample_runner, services
from webapp.videos.errors import Duplicate
from webapp.videos.media_info import columns_of, info_of
from webapp.videos.models import Playback, Video

logger = logging.getLogger(__name__)

HASH_BLOCK_BYTES = 4 * 1024**2
LISTEN_EVERY_S = 0.5


def check_video(job: Job) -> Video | None:
    """Accepts the video and queues its analysis and web copy; returns None when that had been done.

    Raises Duplicate, or the library's UnreadableVideo: then `cleanup.clear_refused` removes the file.
    """
    video = Video.objects.filter(pk=job.subject_id, deleted_at=None).select_related("team").first()
    if video is None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    if video.current_job_id != job.pk:
        return None
    store_services.bring_in(
        video.pk,
        video.original_key,
        video.size_bytes,
        lambda done: lifecycle.report(job, "store", done, video.size_bytes),
    )
    with original_of(video) as path:
        info, sha256 = _probed_ahead(path, video) or _probe_and_hash(path, job, video.size_bytes)
    duplicate = _duplicate(video, sha256)
    if duplicate is not None:
        _refuse_as_duplicate(video, duplicate)
    try:
        _accept(job, video, info, sha256)
    except IntegrityError:  # the same content was accepted a moment ago
        duplicate = _duplicate(video, sha256)
        if duplicate is None:
            raise
        _refuse_as_duplicate(video, duplicate)
    return video


@contextmanager
def original_of(video: Video) -> Iterator[Path]:
    """Yields a local path of the original; raises FileGone."""
    try:
        with storage.local_path(video.original_key) as path:
            yield path
    except FileNotFoundError as error:
        if storage.exists(video.original_key):
            raise
        raise FileGone(video.original_key) from error


def _probed_ahead(path: Path, video: Video) -> tuple[VideoInfo, str] | None:
    """Returns facts and SHA-256 of a sample that was probed when the product was installed."""
    if not video.is_sample:
        return None
    sha256 = sha256_of(path)
    found = sample_runner.analysed_ahead(video, sha256)
    return None if found is None else (found.info, sha256)


def _probe_and_hash(path: Path, job: Job, size_bytes: int) -> tuple[VideoInfo, str]:
    """Returns what the probe says and the SHA-256; probes in another process while this one reads the file."""
    with ThreadPoolExecutor(1) as beside:
        probing = beside.submit(probe, path)
        sha256 = _sha256(path, job, size_bytes, probing)
        while True:
            try:
                return probing.result(timeout=LISTEN_EVERY_S), sha256
            except TimeoutError:
                lifecycle.report(job, "probe", 0, 0)  # of unknown length, and it may end in a refusal


def _sha256(path: Path, job: Job, size_bytes: int, probing: "Future[VideoInfo]") -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        lifecycle.report(job, "hash", 0, size_bytes)
        while block := file.read(HASH_BLOCK_BYTES):
            lifecycle.report(job, "hash", file.tell() - len(block), size_bytes)
            digest.update(block)
            if probing.done():
                probing.result()  # refused: no need to read on
    return digest.hexdigest()


def _duplicate(video: Video, sha256: str) -> Video | None:
    return Video.objects.filter(team=video.team_id, sha256=sha256, deleted_at=None).exclude(pk=video.pk).first()


def _refuse_as_duplicate(video: Video, duplicate: Video) -> None:
    Video.objects.filter(pk=video.pk).update(duplicate_of=duplicate)
    raise Duplicate(f"same content as {duplicate.pk}")


def _accept(job: Job, video: Video, info: VideoInfo, sha256: str) -> None:
    """Stores facts, the end of the check and the next jobs in one transaction: a crash leaves all or nothing."""
    plan = web_copy.playback_plan(info)
    is_original = plan == PlaybackPlan.ORIGINAL
    with transaction.atomic():
        lifecycle.finish(job)
        Video.objects.filter(pk=video.pk).update(
            **columns_of(info),
            sha256=sha256,
            duplicate_of=None,
            playback=Playback.ORIGINAL if is_original else Playback.PENDING,
            playback_offset_s=web_copy.playback_offset_s(info, plan),
        )
        video.refresh_from_db()
        user = job.created_by
        services.begin_analysis(video, replacing=job.pk, thoroughness=video.thoroughness, user=user)
        lifecycle.create(JobKind.WEB_COPY, team=video.team, subject_id=video.pk, created_by=user, total=info.duration_s)


def prepare_for_browser(job: Job) -> None:
    """Makes poster, sprites, and a copy where browsers cannot play the original; a repeat replaces what was there."""
    video = Video.objects.filter(pk=job.subject_id, deleted_at=None).first()
    if video is None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    info = info_of(video)
    with original_of(video) as path, storage.scratch_dir() as scratch:
        if not video.poster_key and _make_poster(video, path, scratch):
            lifecycle.report(job, "poster", 0, info.duration_s, new_results=True)
        plan = web_copy.playback_plan(info)
        if plan != PlaybackPlan.ORIGINAL and video.playback != Playback.COPY:
            _make_copy(job, video, path, scratch, info, plan)
        _make_sprites(job, video, path, scratch, info)


def poster_early(video: Video) -> None:
    """Makes the poster right after the check, as the media queue may be busy; the job of the copy tries again."""
    try:
        with original_of(video) as path, storage.scratch_dir() as scratch:
            _make_poster(video, path, scratch)
    except FileGone:
        logger.info("Video %s went before its poster was made", video.pk)


def _make_poster(video: Video, path: Path, scratch: Path) -> bool:
    """Makes the picture on the card; returns False where no frame can be decoded, which must not stop anything else."""
    picture = scratch / "poster.jpg"
    try:
        web_copy.make_poster(path, picture, info_of(video))
    except UnreadableVideo as error:
        logger.info("No poster for video %s: %s", video.pk, error)
        return False
    key = f"{video.files_prefix}/poster.jpg"
    storage.put_file(key, picture)
    Video.objects.filter(pk=video.pk).update(poster_key=key)
    return True


def _make_copy(job: Job, video: Video, path: Path, scratch: Path, info: VideoInfo, plan: PlaybackPlan) -> None:
    target = scratch / "copy.mp4"
    try:
        web_copy.make_web_copy(path, target, info, plan, _reporter(job, info.duration_s))
    except UnreadableVideo:
        Video.objects.filter(pk=video.pk).update(playback=Playback.IMPOSSIBLE)
        raise
    key = f"{video.files_prefix}/web.mp4"
    offset_s = web_copy.copy_offset_s(info, probe(target))
    storage.put_file(key, target)
    Video.objects.filter(pk=video.pk).update(copy_key=key, playback=Playback.COPY, playback_offset_s=offset_s)
    lifecycle.report(job, "web_copy", info.duration_s, info.duration_s, new_results=True)


def _make_sprites(job: Job, video: Video, path: Path, scratch: Path, info: VideoInfo) -> None:
    target = scratch / "sprites.jpg"
    made = web_copy.make_sprites(path, target, info, _reporter(job, info.duration_s))
    key = f"{video.files_prefix}/sprites.jpg"
    storage.put_file(key, target)
    Video.objects.filter(pk=video.pk).update(sprites_key=key, sprites=asdict(made))
    lifecycle.report(job, "sprites", info.duration_s, info.duration_s, new_results=True)


def _reporter(job: Job, total_s: float) -> OnProgress:
    def report(progress: Progress) -> None:
        lifecycle.report(job, progress.stage, progress.done, progress.total or total_s)

    return report
