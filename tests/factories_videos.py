"""Plain functions that make videos, analyses and what they found; every argument has a default."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

import numpy as np
from django.utils import timezone

from analysis.types import FoundFace, FoundTrack, SegmentResult, SegmentSpan, VideoInfo, ViewMeasures
from tests.factories import make_job, make_team
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.analyses import runner
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status
from webapp.people.models import Face, Person, Track
from webapp.videos import media_info, upload_services
from webapp.videos.models import Analysis, Playback, Segment, Upload, Video

_numbers = count(1)
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


def make_info(duration_s: float = 60.0, **fields: Any) -> VideoInfo:
    usual: dict[str, Any] = {
        "duration_s": duration_s,
        "width": 640,
        "height": 360,
        "rate_fps": 25.0,
        "rotation_deg": 0,
        "start_s": 0.0,
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "video_codec": "h264",
        "pixel_format": "yuv420p",
        "audio_codec": "aac",
        "size_bytes": 1000,
        "frames_estimate": int(duration_s * 25),
    }
    return VideoInfo(**(usual | fields))


def make_video(
    *, team: Team | None = None, user: User | None = None, title: str = "", content: bytes | None = None, **fields: Any
) -> Video:
    """An accepted video with a stored original; its analysis is done unless `current_job` says otherwise."""
    number = next(_numbers)
    team = team or make_team()
    content = f"video {number}".encode() if content is None else content
    info = fields.pop("info", None) or make_info()
    usual: dict[str, Any] = {
        "title": title or f"Video {number}",
        "file_name": f"video {number}.mp4",
        "uploaded_by": user,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "playback": Playback.ORIGINAL,
        **media_info.columns_of(info),
    }
    video = Video.objects.create(team=team, **(usual | fields))
    key = upload_services.original_key(video)
    storage.put_bytes(key, content)
    video.original_key = key
    if video.current_job is None:
        video.current_job = make_ended_job(video)
    video.save()
    return video


def make_ended_job(video: Video, *, kind: str = JobKind.ANALYSIS, status: str = Status.DONE, **fields: Any) -> Job:
    now = timezone.now()
    times = {"started_at": now, "finished_at": now}
    return make_job(team=video.team, subject_id=video.pk, kind=kind, status=status, **(times | fields))


def make_upload(user: User, *, team: Team, size_bytes: int = 100, **fields: Any) -> Upload:
    names = {"name": "holiday.mp4", "thoroughness": "balanced"} | fields
    return upload_services.start_upload(team=team, user=user, size_bytes=size_bytes, **names)


def vector(seed: int, noise: float = 0.0, size: int = 32) -> np.ndarray:
    """A unit vector that stands for a person; `noise` makes other views of the same one."""
    base = np.random.default_rng(seed).normal(size=size)
    base /= np.linalg.norm(base)
    if noise:
        other = np.random.default_rng(next(_numbers) + 10_000).normal(size=size)
        base = base + noise * other / np.linalg.norm(other)
        base /= np.linalg.norm(base)
    return base.astype(np.float32)


def found_face(
    who: int = 1, *, time_s: float = 1.0, box: Sequence[float] = (10, 10, 60, 60), quality: float = 0.8
) -> FoundFace:
    return FoundFace(
        time_s=time_s,
        box_xyxy=np.array(box, np.float32),
        landmarks=np.zeros((5, 2), np.float32),
        score=0.9,
        quality=quality,
        embedding=vector(who, noise=0.2),
        picture_jpeg=JPEG,
    )


def found_track(
    who: int = 1,
    *,
    start_s: float = 1.0,
    end_s: float = 3.0,
    box: Sequence[float] = (10, 10, 60, 60),
    step_s: float = 0.2,
    views: int = 2,
    reaches_start: bool = False,
    reaches_end: bool = False,
) -> FoundTrack:
    """A face that stays in its place from `start_s` to `end_s`."""
    times_s = np.arange(start_s, end_s + step_s / 2, step_s)
    faces = [found_face(who, time_s=float(times_s[n]), box=box, quality=0.9 - 0.1 * n) for n in range(views)]
    return FoundTrack(
        times_s=times_s,
        boxes_xyxy=np.tile(np.array(box, np.float32), (len(times_s), 1)),
        scores=np.full(len(times_s), 0.9, np.float32),
        faces=tuple(faces),
        reaches_start=reaches_start,
        reaches_end=reaches_end,
    )


def unclear_track(who: int = 1, **fields: Any) -> FoundTrack:
    """A face that is seen in profile alone; firmly found, so that it is a face and not an error of the detector."""
    return without_clear_view(found_track(who, **fields))


def without_clear_view(track: FoundTrack) -> FoundTrack:
    """The same track, but turned away in each view."""
    faces = tuple(replace(face, measures=ViewMeasures(0.9, 80.0, 0.0, 0.5)) for face in track.faces)
    return replace(track, faces=faces)


def segment_result(segment: Segment, *tracks: FoundTrack, **fields: Any) -> SegmentResult:
    usual: dict[str, Any] = {"frames_decoded": 100, "frames_sampled": 20, "frames_damaged": 1}
    span = SegmentSpan(segment.index, segment.start_s, segment.end_s)
    timings_s = {"decode": 1.0, "detect": 2.0, "embed": 0.5}
    return SegmentResult(span=span, tracks=tuple(tracks), timings_s=timings_s, **(usual | fields))


def begin_analysis(video: Video, *, thoroughness: str = "balanced") -> Analysis:
    """Queued, as the page's button leaves it."""
    from webapp.videos.services import begin_analysis as begin

    video.refresh_from_db()
    job = begin(video, replacing=video.current_job_id, thoroughness=thoroughness, user=None)
    video.refresh_from_db()
    return Analysis.objects.get(job=job)


def run_analysis(analysis: Analysis, found: Sequence[FoundTrack], *, embedder: str = "") -> None:
    """The real steps of the worker, but with these tracks instead of a decoded video, each in its segment.

    Without an embedder that has limits nobody is recognised across videos.
    """
    scanned(analysis, embedder)
    work(analysis.job_id, runner.run_analysis)
    for segment in analysis.segments.order_by("index"):
        tracks = [track for track in found if segment.start_s <= track.start_s < segment.end_s]
        with lifecycle.working(segment.job_id) as job:
            assert job is not None
            runner.store_segment(job, segment, segment_result(segment, *tracks))
    work(analysis.job_id, runner.run_analysis)


def scanned(analysis: Analysis, embedder: str = "") -> None:
    """As if the keyframe scan had ended, since there is no real video to scan."""
    Analysis.objects.filter(pk=analysis.pk).update(scanned_at=timezone.now(), embedder=embedder)


def work(job_id: Any, task: Any) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            task(job)


def make_analysed_video(
    *tracks: FoundTrack,
    team: Team | None = None,
    title: str = "",
    duration_s: float = 60.0,
    embedder: str = "",
    **fields: Any,
) -> Video:
    """A video whose people are grouped by the real grouping; no page is told, as none is open yet."""
    video = make_video(team=team, title=title, info=make_info(duration_s), **fields)
    with patch.object(lifecycle, "_publish"):
        run_analysis(begin_analysis(video), tracks, embedder=embedder)
    video.refresh_from_db()
    return video


def people_of(video: Video) -> list[Person]:
    video.refresh_from_db()
    return list(Person.objects.filter(tracks__analysis=video.current_analysis_id).distinct().order_by("number"))


def counts(video: Video) -> tuple[int, int, int]:
    """Tracks, faces and people of a video in any of its analyses."""
    tracks = Track.objects.filter(analysis__video=video)
    faces = Face.objects.filter(analysis__video=video).count()
    return tracks.count(), faces, tracks.filter(person__isnull=False).values("person").distinct().count()
