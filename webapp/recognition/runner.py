"""Runs a recognition in the worker: loads the verified model, runs it over the video, stores what it finds."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Avg, QuerySet
from django.utils import timezone

from analysis.errors import Cancelled
from analysis.images.encode import encode_jpeg
from analysis.recognition.spans import most_uncertain, spans_of
from analysis.recognition.types import FaceTrack, FaceView, TrainedOn, WindowPrediction
from analysis.types import EXACT_TOLERANCE_S, OnProgress, Progress
from analysis.video.frames_at import frames_at, whole_picture
from webapp import storage
from webapp.datasets.models import VersionSample
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.people.models import Face, Track
from webapp.recognition.batches import services as batches
from webapp.recognition.models import Observation, Recognition, Span
from webapp.training.models import TrainingRun
from webapp.training.registry import model_loading
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Video

if TYPE_CHECKING:
    from analysis.training.predict import LoadedModel

STAGE = "recognise"
USUAL_CLIP_S = 3.0
"""The default length of a dataset's clips."""
MOST_UNCERTAIN = 24
"""Moments of one video, so that it does not fill the queue alone."""
LEAST_UNCERTAINTY = 0.4
"""With two labels: a score between 0.3 and 0.7."""
APART_S = 3.0
PICTURE_LONG_SIDE = 640
PICTURE_QUALITY = 85
BATCH = 500


class _AnalysedAgain(Exception):
    """The faces that were classified have been replaced meanwhile by a new analysis."""


def recognise_in_video(job: Job) -> None:
    """Runs a recognition and stores it with the end of its job, in one transaction; a repeat replaces it.

    Raises DamagedModel, MissingWeights, FileGone, UnreadableVideo, Cancelled.
    """
    recognition = (
        Recognition.objects.select_related("video", "run")
        .filter(job=job, video__deleted_at=None, run__deleted_at=None)
        .first()
    )
    if recognition is None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    analysis_id = recognition.video.current_analysis_id

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, STAGE, progress.done, progress.total)

    lifecycle.report(job, STAGE, 0, job.total)
    found = _Found(recognition, analysis_id, model_loading.loaded_model(recognition.run), on_progress)
    try:
        _store(job, recognition, analysis_id, found)
    except (_AnalysedAgain, IntegrityError) as error:
        if _is_shown(recognition.video_id, analysis_id) and not isinstance(error, _AnalysedAgain):
            raise
        lifecycle.put_back(job)
        raise Cancelled from error


def clip_length_s(run: TrainingRun) -> float:
    """Returns the mean length of the clips it was trained on; where these are gone, the length it used last time."""
    frozen = VersionSample.objects.filter(version=run.version_id, sample__duration_s__gt=0)
    trained_s = frozen.aggregate(mean_s=Avg("sample__duration_s"))["mean_s"] if run.version_id else None
    if trained_s is None:
        classified = Observation.objects.filter(recognition__run=run, duration_s__gt=0)
        trained_s = classified.order_by("-pk").values_list("duration_s", flat=True).first()
    return float(trained_s or USUAL_CLIP_S)


def _people_tracks(analysis_id: UUID) -> QuerySet[Track]:
    """Returns tracks of people who are not deleted: datasets have no unclear faces, so models have not learned them."""
    return Track.objects.filter(analysis=analysis_id, person__is_deleted=False)


class _Found:
    """What the model found in a video, and the rows to be stored for it."""

    def __init__(
        self, recognition: Recognition, analysis_id: UUID | None, model: "LoadedModel", on_progress: OnProgress
    ) -> None:
        self.recognition, self.on_progress = recognition, on_progress
        self.faces: dict[int, list[UUID]] = defaultdict(list)
        self.observed: list[WindowPrediction] = list(self._observe(analysis_id, model))
        self.spans = spans_of(self.observed, model.decide, model.labels)
        self.uncertain = most_uncertain(self.observed, MOST_UNCERTAIN, LEAST_UNCERTAINTY, APART_S)
        self.pictures = {} if recognition.run.kind == TrainedOn.FACES else self._pictures()

    def _observe(self, analysis_id: UUID | None, model: "LoadedModel") -> Iterator[WindowPrediction]:
        from analysis.recognition import predict_video  # deferred: loads cv2

        video, run = self.recognition.video, self.recognition.run
        if run.kind == TrainedOn.FACES:
            total = _people_tracks(analysis_id).count() if analysis_id else 0
            yield from predict_video.predict_faces(model, self._tracks(analysis_id), total, self.on_progress)
            return
        with original_of(video) as path:
            if run.kind == TrainedOn.CLIPS:
                yield from predict_video.predict_clips(
                    model, path, info_of(video), clip_length_s(run), self.on_progress
                )
            else:
                yield from predict_video.predict_frames(model, path, info_of(video), self.on_progress)

    def _tracks(self, analysis_id: UUID | None) -> Iterator[FaceTrack]:
        """Yields tracks with their stored best views, as datasets have them; one track in memory at a time."""
        if analysis_id is None:
            return
        tracks = _people_tracks(analysis_id)
        ends = {
            pk: (start_s, end_s + step_s)
            for pk, start_s, end_s, step_s in tracks.values_list("pk", "start_s", "end_s", "segment__sample_step_s")
        }
        views = Face.objects.filter(analysis=analysis_id, track__in=tracks).order_by("track", "time_s")
        rows = views.values_list("track", "pk", "time_s", "picture_key").iterator()
        for track, of_track in groupby(rows, key=itemgetter(0)):
            pictures = []
            for _track, face, time_s, key in of_track:
                with suppress(FileNotFoundError):
                    pictures.append(FaceView(time_s, storage.read_bytes(key)))
                    self.faces[track].append(face)
            yield FaceTrack(track, *ends[track], tuple(pictures))

    def _pictures(self) -> dict[int, str]:
        """Stores a picture for each uncertain moment (of a clip its middle). Returns keys by observation index."""
        kind, prefix = self.recognition.run.kind, self.recognition.files_prefix
        moments = sorted((_picture_s(self.observed[at], kind), at) for at in self.uncertain)
        wanted = [(time_s, f"{prefix}/{index}.jpg") for index, (time_s, _at) in enumerate(moments)]
        stored = store_pictures(self.recognition.video, wanted, partial(self.on_progress, Progress(STAGE, 1, 1)))
        keys = zip((key for _time_s, key in wanted), (at for _time_s, at in moments), strict=True)
        return {at: key for key, at in keys if key in stored}

    def rows(self) -> Iterator[Observation]:
        """Yields the observations as rows."""
        queued = set(self.uncertain)
        is_clip = self.recognition.run.kind == TrainedOn.CLIPS
        for at, each in enumerate(self.observed):
            window = each.window
            yield Observation(
                recognition=self.recognition,
                time_s=window.time_s,
                duration_s=window.end_s - window.start_s if is_clip else 0.0,
                track_id=window.track,
                face_id=self.faces[window.track][window.view] if window.track is not None else None,
                label=each.label[:80],
                certainty=each.confidence,
                doubt=each.uncertainty,
                scores=list(each.scores),
                in_queue=at in queued and (window.track is not None or at in self.pictures),
                picture_key=self.pictures.get(at, ""),
            )


def store_pictures(
    video: Video, wanted: Sequence[tuple[float, str]], heartbeat: Callable[[], None] = lambda: None
) -> set[str]:
    """Stores a small picture of each of the rising moments (container time) under its key; returns the keys stored."""
    stored: set[str] = set()
    if not wanted:
        return stored
    with original_of(video) as path:
        times_s = [time_s for time_s, _key in wanted]
        for index, frame in frames_at(path, info_of(video), times_s, heartbeat, tolerance_s=EXACT_TOLERANCE_S):
            key = wanted[index][1]
            storage.put_bytes(key, encode_jpeg(whole_picture(frame, PICTURE_LONG_SIDE), PICTURE_QUALITY))
            stored.add(key)
    return stored


def _picture_s(observed: WindowPrediction, kind: str) -> float:
    window = observed.window
    return (window.start_s + window.end_s) / 2 if kind == TrainedOn.CLIPS else window.time_s


def _store(job: Job, recognition: Recognition, analysis_id: UUID | None, found: _Found) -> None:
    with transaction.atomic():
        lifecycle.report(job, STAGE, job.total, job.total, new_results=True)
        lifecycle.finish(job)
        if not _is_shown(recognition.video_id, analysis_id):
            raise _AnalysedAgain
        recognition.observations.all().delete()
        recognition.spans.all().delete()
        Observation.objects.bulk_create(found.rows(), batch_size=BATCH)
        Span.objects.bulk_create(
            (
                Span(
                    recognition=recognition,
                    track_id=span.track,
                    label=span.label[:80],
                    start_s=span.start_s,
                    end_s=span.end_s,
                    score=span.score,
                )
                for span in found.spans
            ),
            batch_size=BATCH,
        )
        Recognition.objects.filter(pk=recognition.pk).update(ended_at=timezone.now(), analysis=analysis_id)
        if recognition.batch is None:
            batches.apply_automatically(recognition)


def _is_shown(video_id: UUID, analysis_id: UUID | None) -> bool:
    return Video.objects.filter(pk=video_id, current_analysis=analysis_id).exists()
