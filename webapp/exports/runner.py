"""Makes the files of exports in the worker: reads what is known of the videos, has the library write, stores it."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from analysis.errors import AnalysisError, Cancelled, NothingToShow
from analysis.exports.appearances import chapters_of
from analysis.exports.blur_picture import blur_picture_file
from analysis.exports.blur_video import blur_video
from analysis.exports.chapters_copy import write_with_chapters
from analysis.exports.choice import BlurOptions, HideChoice, HidingStyle, Sound
from analysis.exports.moments import ReelMoment, ReelSource, choose_moments, count_short
from analysis.exports.people import expect_known
from analysis.exports.picture_people import FramePerson, people_at
from analysis.exports.reel import write_reel
from analysis.images.encode import encode_jpeg
from analysis.types import OnProgress, Progress
from analysis.video.frames_at import frames_at, whole_picture
from webapp import storage
from webapp.analyses import network_loading
from webapp.exports import reel_queries, seen_people_queries, services, words
from webapp.exports.appearance_queries import screen_appearances
from webapp.exports.choices import Whom
from webapp.exports.models import Export, ExportKind
from webapp.http.list_words import separator
from webapp.jobs import lifecycle
from webapp.jobs.errors import DiskFull, QuotaFull
from webapp.jobs.models import Job
from webapp.people.introduction.queries import BUILT_IN
from webapp.uploads import quota_services, rules
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Video

Report = dict[str, Any]
PICTURE_SIDE, PICTURE_QUALITY = 4096, 95


def make_export(job: Job) -> None:
    """Makes an export and stores it with the end of its job; an attempt after a crash starts anew.

    Raises DiskFull, QuotaFull, FileGone, NothingToShow, UnknownPerson, UnreadableVideo, MissingWeights,
    BadEmbedder, Cancelled.
    """
    export = Export.objects.select_related("team", "created_by").filter(job=job).first()
    if export is None or export.videos.filter(deleted_at__isnull=False).exists():
        lifecycle.cancel(job.pk)
        raise Cancelled
    if rules.room_bytes() <= 0:
        raise DiskFull

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, progress.stage, progress.done, progress.total)

    with storage.scratch_dir() as scratch, lifecycle.beating(job):
        target = scratch / f"export{export.suffix}"
        try:
            with translation.override(export.options.get("language") or settings.LANGUAGE_CODE):
                report = MAKERS[export.kind](export, target, on_progress)
        except AnalysisError as error:
            if storage.is_full():
                raise DiskFull from error
            raise
        _store(job, export, target, report)


def _store(job: Job, export: Export, target: Path, report: Report) -> None:
    key, size_bytes = f"{export.files_prefix}/{job.claim_id}{export.suffix}", target.stat().st_size
    try:
        quota_services.expect_team_room(export.team, words.title_of_export(export), size_bytes)
    except rules.Refused as error:
        raise QuotaFull from error
    storage.put_file(key, target)
    try:
        with transaction.atomic():
            values = {"file_key": key, "size_bytes": size_bytes, "report": report}
            values["expires_at"] = max(services.expiry(), _kept_until(export))
            if not Export.objects.filter(pk=export.pk, job=job).update(**values):
                raise Cancelled
            lifecycle.report(job, job.stage or "join", job.total, job.total, new_results=True)
            lifecycle.finish(job)
            quota_services.note_stored(export.team, size_bytes)
    except BaseException:
        with suppress(OSError):
            storage.delete(key)
        raise


def _kept_until(export: Export) -> datetime:
    """Returns until when it is to be kept now: a link that shows it may have been made meanwhile."""
    kept = Export.objects.filter(pk=export.pk).values_list("expires_at", flat=True).first()
    return kept or export.expires_at


def _reel(export: Export, target: Path, on_progress: OnProgress) -> Report:
    options, chosen = reel_queries.reel_options(export.options), [person.pk for person in export.people_now()]
    videos = list(export.videos.order_by("created_at", "pk"))
    by_key = {str(video.pk): video for video in videos}
    with ExitStack() as open_files:
        sources = {
            key: replace(source, path=open_files.enter_context(original_of(by_key[key])))
            for key, source in reel_queries.reel_sources(videos, chosen, together=options.together).items()
        }
        used = list(sources.values())
        moments = choose_moments(used, options)
        made = _cut(used, moments, target, on_progress, options.captions)
        return made | {"videos": list(sources), "too_short": count_short(used, options)}


def _clip(export: Export, target: Path, on_progress: OnProgress) -> Report:
    video, wish = _only_video(export), export.options
    info = info_of(video)
    start_s, end_s = (wish[key] + video.playback_offset_s for key in ("start_s", "end_s"))
    first_s, last_s = info.start_s, info.start_s + info.duration_s
    padding_s = wish["padding_s"]
    seen = tuple((str(person), start_s, end_s) for person in export.people_now())
    moment = ReelMoment(0, max(start_s - padding_s, first_s), min(end_s + padding_s, last_s), seen)
    with original_of(video) as path:
        source = ReelSource(path, info, video.title, ())
        return _cut([source], [moment], target, on_progress, wish["captions"])


def _cut(
    sources: list[ReelSource], moments: list[ReelMoment], target: Path, on_progress: OnProgress, captions: bool
) -> Report:
    report = write_reel(sources, moments, target, on_progress, captions=captions, between_names=separator())
    return asdict(report)


def _blur(export: Export, target: Path, on_progress: OnProgress) -> Report:
    video, wish = _only_video(export), export.options
    options = BlurOptions(
        _choice(export), margin=wish["margin"], style=HidingStyle(wish["style"]), sound=Sound(wish["sound"])
    )
    embedder = video.current_analysis.embedder if video.current_analysis else ""
    models = network_loading.models(embedder or BUILT_IN)
    people = seen_people_queries.seen_people(video)
    with original_of(video) as path:
        return asdict(blur_video(path, target, info_of(video), people, models, options, on_progress))


def _choice(export: Export) -> HideChoice:
    """Returns whom the export hides; people selected for another choice count for nothing."""
    numbers = frozenset(person.number for person in export.people_now())
    whom = export.options.get("whom", Whom.EVERYBODY)
    return HideChoice(
        hide=numbers if whom == Whom.CHOSEN else frozenset(), keep=numbers if whom == Whom.OTHERS else frozenset()
    )


def _chapters(export: Export, target: Path, on_progress: OnProgress) -> Report:
    video = _only_video(export)
    info = info_of(video)
    seen = screen_appearances(video, shift_s=video.playback_offset_s - info.start_s)
    chapters = chapters_of(seen, info.duration_s)
    with original_of(video) as path:
        write_with_chapters(path, target, info, chapters, on_progress, separator())
    return {"chapters": len(chapters)}


def _picture(export: Export, target: Path, on_progress: OnProgress) -> Report:
    video, wish = _only_video(export), export.options
    info = info_of(video)
    on_progress(Progress("read", 0, 1))
    source = target.with_name("frame.jpg")
    time_s = wish["time_s"] + video.playback_offset_s
    with original_of(video) as path:
        for _index, frame in frames_at(path, info, [time_s], lambda: on_progress(Progress("read", 0, 1))):
            picture, time_s = whole_picture(frame, PICTURE_SIDE), frame.time_s
            source.write_bytes(encode_jpeg(picture, PICTURE_QUALITY))
    if not source.exists():
        raise NothingToShow(f"{video.title}: no frame at {time_s:.3f} s")
    options = BlurOptions(_choice(export), margin=wish["margin"], style=HidingStyle(wish["style"]))
    scale = picture.shape[1] / info.width, picture.shape[0] / info.height
    return asdict(blur_picture_file(source, target, options, _people_in_frame(video, options.whom, time_s, scale)))


def _people_in_frame(
    video: Video, choice: HideChoice, time_s: float, scale: tuple[float, float]
) -> list[FramePerson] | None:
    """Returns the video's people as of a frame, None if nobody is chosen: then all faces are hidden."""
    if not choice.hide and not choice.keep:
        return None
    people = seen_people_queries.seen_people(video)
    expect_known(choice.hide | choice.keep, people)
    in_frame = people_at(people, choice, time_s, scale)
    if video.current_analysis and video.current_analysis.embedder not in ("", BUILT_IN):
        # The child reads the picture with the built-in embedder, to which these vectors mean nothing.
        return [replace(person, vectors=person.vectors[:0]) for person in in_frame]
    return in_frame


MAKERS: dict[str, Callable[[Export, Path, OnProgress], Report]] = {
    ExportKind.CLIP: _clip,
    ExportKind.REEL: _reel,
    ExportKind.BLUR: _blur,
    ExportKind.CHAPTERS: _chapters,
    ExportKind.PICTURE: _picture,
}


def _only_video(export: Export) -> Video:
    return export.videos.select_related("current_analysis").get()
