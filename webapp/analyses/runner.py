"""What the worker does for an analysis: first faces, segments as tasks of their own, then joining and grouping.

`run_analysis` is a machine that looks at what is there and does the next step, so that it can be called again at any
point: after its segments have ended, after a crash, or twice.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from analysis import pipeline
from analysis.errors import Cancelled
from analysis.faces.seen_spans import seen_spans
from analysis.pipeline import AnalysisOptions
from analysis.types import FoundFace, FoundTrack, Progress, SegmentResult, Thoroughness
from webapp import storage
from webapp.analyses import earlier_answers_runner, people_runner, stored_results_queries
from webapp.analyses.first_faces_runner import RoughGroups
from webapp.analyses.introduction import catch_up_runner
from webapp.analyses.network_loading import models
from webapp.jobs import lifecycle, live_updates
from webapp.jobs.models import ACTIVE, Job, JobKind, Status
from webapp.people import sample_codec, upkeep_services
from webapp.people.batches import BATCH
from webapp.people.identification import tentative_runner
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Face, Track
from webapp.videos import media_info, sample_runner
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Analysis, Segment, Video
from webapp.videos.signals import video_analysed


def run_analysis(job: Job) -> None:
    """Does the next step of an analysis: hands over to the segments, or groups their faces and ends the job."""
    analysis = Analysis.objects.select_related("video__team", "job").filter(job=job).first()
    if analysis is None or analysis.video.deleted_at is not None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    if not analysis.segments.exists() and not _adopt(job, analysis):
        with original_of(analysis.video) as path:
            if analysis.scanned_at is None:
                _scan(job, analysis, path)
            _make_segments(job, analysis)
    parts = set(Job.objects.filter(parent=job).values_list("status", flat=True))
    if parts & set(ACTIVE):
        lifecycle.hand_over(job)
    elif parts <= {Status.DONE}:
        catch_up_runner.catch_up(analysis, lambda: lifecycle.report(job, "views", 0, 0))
        store_people(job, analysis, group(job, analysis))
    else:  # a part was cancelled, and so was this job
        raise Cancelled


def options_of(analysis: Analysis) -> AnalysisOptions:
    """Returns the options that the analysis was asked for with."""
    return AnalysisOptions(thoroughness=Thoroughness(analysis.thoroughness))


def _adopt(job: Job, analysis: Analysis) -> bool:
    """Takes what the installation found in its sample as the one segment; returns False where that does not apply."""
    video = analysis.video
    ahead = sample_runner.analysed_ahead(video, video.sha256)
    if ahead is None or ahead.embedder != introduction_queries.current_embedder(video.team_id):
        return False
    analysis.detector, analysis.embedder, analysis.scanned_at = ahead.detector, ahead.embedder, timezone.now()
    with transaction.atomic():  # until its end no other worker sees the part, which is done by then
        analysis.save(update_fields=["detector", "embedder", "scanned_at"])
        _make_segments(job, analysis)
        segment = analysis.segments.select_related("analysis__video").get()
        with lifecycle.working(segment.job_id) as part:
            if part is not None:
                store_segment(part, segment, ahead.segment)
    return True


def _scan(job: Job, analysis: Analysis, path: Path) -> None:
    """Stores and shows faces as the keyframes give them; a repeat replaces those of the attempt before."""
    options, video = options_of(analysis), analysis.video
    Face.objects.filter(analysis=analysis, track=None).delete()
    tentative_runner.discard(analysis)
    groups, count = RoughGroups(), 0

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, progress.stage, 0, video.duration_s)

    lifecycle.report(job, "scan", 0, video.duration_s)
    loaded = models(introduction_queries.current_embedder(video.team_id))
    analysis.detector, analysis.embedder = loaded.detector_name, loaded.embedder_name
    analysis.save(update_fields=["detector", "embedder"])
    for batch in pipeline.scan_keyframes(path, info_of(video), options, loaded, on_progress):
        rows = []
        for found in batch:
            row = _face(analysis, found, f"scan/{count}")
            row.preliminary_group = groups.add(found.embedding, found.time_s)
            rows.append(row)
            count += 1
        if rows:
            tentative = _tentative_matches(analysis, rows)
            with transaction.atomic():
                Face.objects.bulk_create(rows)
                tentative_runner.store(analysis, tentative)
                lifecycle.report(job, "scan", 0, video.duration_s, new_results=True)
    Analysis.objects.filter(pk=analysis.pk).update(scanned_at=timezone.now())


def _make_segments(job: Job, analysis: Analysis) -> None:
    """Creates all segments with their jobs, or none."""
    video = analysis.video
    with transaction.atomic():
        lifecycle.report(job, "detect", 0, video.duration_s)
        info = info_of(video)
        for span in pipeline.plan_segments(info, options_of(analysis)):
            part = lifecycle.create(
                JobKind.SEGMENT,
                team=video.team,
                subject_id=video.pk,
                created_by=job.created_by,
                parent=job,
                total=stored_results_queries.length_s(span, info),
            )
            Segment.objects.create(
                analysis=analysis, job=part, index=span.index, start_s=span.start_s, end_s=span.end_s
            )


def analyse_segment(job: Job) -> None:
    """Finds the tracks of one segment and stores them together with the end of the job."""
    segment = Segment.objects.select_related("analysis__video").filter(job=job).first()
    if segment is None or segment.analysis.video.deleted_at is not None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    analysis, length_s = segment.analysis, job.total

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, "detect", min(progress.done, length_s), length_s)

    lifecycle.report(job, "detect", 0, length_s)
    with original_of(analysis.video) as path:
        result = pipeline.analyse_segment(
            path,
            info_of(analysis.video),
            stored_results_queries.span_of(segment),
            options_of(analysis),
            models(analysis.embedder or introduction_queries.BUILT_IN),
            on_progress,
        )
    store_segment(job, segment, result)


def store_segment(job: Job, segment: Segment, result: SegmentResult) -> None:
    """Stores pictures, then rows and the end of the job in one transaction. Raises Cancelled if the job is not ours."""
    analysis = segment.analysis
    groups = RoughGroups.of_analysis(analysis.pk)
    tracks = [_track(segment, found, result.sample_step_s) for found in result.tracks]
    faces = [_faces(analysis, found, f"{segment.index}/{number}", groups) for number, found in enumerate(result.tracks)]
    tentative = _tentative_matches(analysis, [face for of_track in faces for face in of_track])
    with transaction.atomic():
        lifecycle.report(job, "detect", job.total, job.total, new_results=True)
        lifecycle.finish(job)
        Track.objects.filter(segment=segment).delete()
        for track, of_track in zip(Track.objects.bulk_create(tracks), faces, strict=True):
            for face in of_track:
                face.track = track
        Face.objects.bulk_create([face for of_track in faces for face in of_track], batch_size=BATCH)
        tentative_runner.store(analysis, tentative)
        Segment.objects.filter(pk=segment.pk).update(
            cut_at_start=result.cut_at_start,
            cut_at_end=result.cut_at_end,
            sample_step_s=result.sample_step_s,
            timings_s=result.timings_s,
        )
        Analysis.objects.filter(pk=analysis.pk).update(
            frames_decoded=F("frames_decoded") + result.frames_decoded,
            frames_sampled=F("frames_sampled") + result.frames_sampled,
            frames_damaged=F("frames_damaged") + result.frames_damaged,
        )


def _tentative_matches(analysis: Analysis, faces: Sequence[Face]) -> dict[int, tentative_runner.TentativeMatch]:
    """Returns tentative identities; none for a repeated analysis, as pages show the people of the former one."""
    if analysis.video.current_analysis_id is not None:
        return {}
    return tentative_runner.identify(faces, analysis.video.team_id, analysis.embedder)


def _track(segment: Segment, found: FoundTrack, step_s: float) -> Track:
    end_s = media_info.end_s(segment.analysis.video)
    spans = [(start, max(min(end, end_s), start)) for start, end in seen_spans(found.times_s, step_s)]
    return Track(
        analysis=segment.analysis,
        segment=segment,
        start_s=found.start_s,
        end_s=found.end_s,
        samples=sample_codec.pack(found.times_s, found.boxes_xyxy, found.scores, found.start_s),
        reaches_start=found.reaches_start,
        reaches_end=found.reaches_end,
        seen=sample_codec.pack_spans(spans, found.start_s),
    )


def _faces(analysis: Analysis, found: FoundTrack, place: str, groups: RoughGroups) -> list[Face]:
    """The best view takes part in the found-so-far strip."""
    faces = [_face(analysis, view, f"{place}/{number}") for number, view in enumerate(found.faces)]
    if faces:
        faces[0].preliminary_group = groups.add(found.faces[0].embedding, found.faces[0].time_s)
    return faces


def _face(analysis: Analysis, found: FoundFace, place: str) -> Face:
    """Stores the picture. The id follows from the place, so that a repeated attempt writes the same files again."""
    face_id = uuid.uuid5(analysis.pk, place)
    key = f"{files_prefix(analysis.video, analysis.pk)}/{place.partition('/')[0]}/{face_id}.jpg"
    storage.put_bytes(key, found.picture_jpeg)
    x1, y1, x2, y2 = (float(side) for side in found.box_xyxy)
    return Face(
        id=face_id,
        analysis=analysis,
        time_s=found.time_s,
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        score=found.score,
        quality=found.quality,
        presence=found.measures.presence,
        yaw_deg=found.measures.yaw_deg,
        pitch_deg=found.measures.pitch_deg,
        sharpness=found.measures.sharpness,
        embedding=sample_codec.pack_vector(found.embedding),
        picture_key=key,
        picture_landmarks=None
        if found.picture_landmarks is None
        else sample_codec.pack_vector(found.picture_landmarks),
    )


def files_prefix(video: Video, analysis_id: uuid.UUID) -> str:
    """Returns the prefix of the storage keys of an analysis."""
    return f"{video.files_prefix}/analyses/{analysis_id}"


def grouping_embedder(analysis: Analysis) -> str:
    """Returns whose thresholds the tracks of an analysis are grouped by."""
    return introduction_queries.known_or_built_in(analysis.embedder)


@dataclass(frozen=True, slots=True)
class GroupedTracks:
    """Everything that is computed before anything is written."""

    plan: people_runner.Plan
    replaced: list[uuid.UUID]
    """Earlier analyses of the video, which this one replaces."""
    seen_before: list[uuid.UUID]
    """Their people."""


def group(job: Job, analysis: Analysis) -> GroupedTracks:
    """Groups tracks into people: the long part, which writes nothing."""
    video, total_s = analysis.video, analysis.video.duration_s

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, "group", total_s, total_s)

    lifecycle.report(job, "group", total_s, total_s)
    segments, tracks = stored_results_queries.segments_of(analysis)
    replaced = list(Analysis.objects.filter(video=video).exclude(pk=analysis.pk).values_list("pk", flat=True))
    answers = earlier_answers_runner.of_video(video.pk, video.team_id, tracks, replaced)
    grouping = pipeline.stitch_and_group(segments, on_progress, answers.constraints, grouping_embedder(analysis))
    plan = people_runner.plan(tracks, grouping, replaced, answers, video.team)
    return GroupedTracks(plan, replaced, people_runner.people_seen_in(replaced))


def store_people(job: Job, analysis: Analysis, found: GroupedTracks) -> None:
    """Stores people, the end of the job and the removal of earlier analyses in one transaction."""
    video, total_s = analysis.video, analysis.video.duration_s
    with transaction.atomic():
        lifecycle.report(job, "group", total_s, total_s, new_results=True)
        lifecycle.finish(job)
        people = people_runner.store(found.plan, team=video.team)
        _make_shown(analysis)
        Face.objects.filter(analysis=analysis, track=None).delete()
        tentative_runner.discard(analysis)
        Analysis.objects.filter(pk__in=found.replaced).delete()
        upkeep_services.finish([*people, *found.seen_before])
        upkeep_services.remove_unseen(video.team, found.seen_before)
        live_updates.publish_people(video.team_id)
        video_analysed.send(Analysis, analysis=analysis)
    _delete_pictures(video, analysis.pk, found.replaced)


def _make_shown(analysis: Analysis) -> None:
    damaged = Analysis.objects.values_list("frames_damaged", flat=True).get(pk=analysis.pk)
    timings_s = stored_results_queries.timings_of(analysis)
    Analysis.objects.filter(pk=analysis.pk).update(timings_s=timings_s)
    Video.objects.filter(pk=analysis.video_id).update(current_analysis=analysis, frames_damaged=damaged)


def _delete_pictures(video: Video, done: uuid.UUID, replaced: Sequence[uuid.UUID]) -> None:
    """After the commit: nothing points to them any more."""
    storage.delete_prefix(f"{files_prefix(video, done)}/scan")
    for analysis_id in replaced:
        storage.delete_prefix(files_prefix(video, analysis_id))
