"""Whole pictures of videos: one every few seconds, or the first of each shot; with faces, without, or any."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.db.models import F

from analysis.errors import UnreadableVideo
from analysis.images.encode import encode_jpeg
from analysis.types import SegmentSpan, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, sample_frames
from analysis.video.frame import Frame
from analysis.video.frames_at import frames_at, whole_picture
from webapp.datasets.importing import plans
from webapp.datasets.importing.candidate_types import Candidate, Reader, ReaderStep, Work
from webapp.datasets.importing.option_types import ANY, SCENES, WITH, ImportOptions
from webapp.datasets.importing.plans import Plan
from webapp.datasets.importing.sources.source_queries import chosen_videos
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import Outcome
from webapp.jobs.errors import FileGone
from webapp.people.models import Track
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Video

LONG_SIDE = 1280
"""Larger pictures take space and teach no more."""
JPEG_QUALITY = 92
STRETCH_S = 10.0
"""Shots are looked for in units of this length, so that a repeat need not read a video from its start."""
LEAD_S = 1.0
"""A cut exactly at the start of a stretch shows only to who has seen the frame before."""
GLANCE = Sampling(1.0, 64, references_only=False)


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    reader = SceneReader if work.options.how == SCENES else GridReader
    yield reader(work, plans.kept(work, lambda: plan_of(work.of_import.dataset.team_id, work.options)))


def plan_of(team_id: Any, options: ImportOptions) -> Plan:
    """Returns runs of units: [video, moment of each unit]."""
    videos = {}
    runs = []
    for video in chosen_videos(team_id, options).order_by("created_at", "pk"):
        videos[str(video.pk)] = video.title
        start_s = float(video.probed.get("start_s", 0.0))
        if options.how == SCENES:
            times = plans.grid(start_s, start_s + video.duration_s, STRETCH_S)
        else:
            times = plans.grid(start_s, start_s + video.duration_s, options.step_s)
            times = filter_by_faces(times, spans_with_faces(video), options.faces)
        if times:
            runs.append([str(video.pk), times])
    return {"videos": videos, "runs": runs}


def spans_with_faces(video: Video) -> list[tuple[float, float]]:
    """Returns the stretches in which someone is seen, in order and disjoint."""
    tracks = Track.objects.filter(analysis=video.current_analysis_id, analysis__video=video)
    rows = tracks.annotate(step_s=F("segment__sample_step_s")).order_by("start_s")
    spans: list[tuple[float, float]] = []
    for start_s, end_s, step_s in rows.values_list("start_s", "end_s", "step_s"):
        if spans and start_s <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], end_s + step_s / 2)
        else:
            spans.append((start_s - step_s / 2, end_s + step_s / 2))
    return spans


def filter_by_faces(times_s: Sequence[float], spans: Sequence[tuple[float, float]], faces: str) -> list[float]:
    if faces == ANY:
        return list(times_s)
    return [time_s for time_s in times_s if has_face(time_s, spans) == (faces == WITH)]


def has_face(time_s: float, spans: Sequence[tuple[float, float]]) -> bool:
    at = bisect_right(spans, (time_s, float("inf"))) - 1
    return at >= 0 and time_s <= spans[at][1]


def candidate_from(video: Video, info: VideoInfo, frame: Frame, options: ImportOptions) -> Candidate:
    return Candidate(
        name=f"{video.title} {frame.time_s - video.playback_offset_s:.1f} s",
        content=encode_jpeg(whole_picture(frame, LONG_SIDE), JPEG_QUALITY),
        label=options.label,
        video=video.pk,
        time_s=frame.time_s,
        source=str(video.pk),
        source_name=video.title,
    )


@dataclass(frozen=True, slots=True)
class RunReader:
    """Units that lie in runs, one run for each video."""

    work: Work
    plan: Plan

    @property
    def total(self) -> int:
        return sum(len(times) for _video, times in self.plan["runs"])

    def steps(self, start: int) -> Iterator[ReaderStep]:
        begin = 0
        for video_id, times in self.plan["runs"]:
            skipped = min(max(start - begin, 0), len(times))
            if skipped < len(times):
                yield from self._of_run(video_id, times[skipped:], begin + skipped)
            begin += len(times)

    def _of_run(self, video_id: str, times: list[float], at: int) -> Iterator[ReaderStep]:
        lost = Candidate(self.plan["videos"][video_id], Outcome.UNREADABLE)
        done = at
        try:
            video = plans.standing_video(video_id)
            with original_of(video) as path:
                for step in self.of_video(video, path, times, at):
                    yield step
                    done = step.done
        except (FileGone, UnreadableVideo):
            yield ReaderStep(at + len(times), (lost,))
            return
        if done < at + len(times):
            yield ReaderStep(at + len(times))

    def of_video(self, video: Video, path: Path, times: list[float], at: int) -> Iterator[ReaderStep]:
        raise NotImplementedError


class GridReader(RunReader):
    """One unit for each moment."""

    __slots__ = ()

    def of_video(self, video: Video, path: Path, times: list[float], at: int) -> Iterator[ReaderStep]:
        info = info_of(video)
        for index, frame in frames_at(path, info, times, self.work.heartbeat):
            yield ReaderStep(at + index + 1, (candidate_from(video, info, frame, self.work.options),))


class SceneReader(RunReader):
    """One unit for each stretch of some seconds, with the first picture of each shot that begins in it."""

    __slots__ = ()

    def of_video(self, video: Video, path: Path, times: list[float], at: int) -> Iterator[ReaderStep]:
        info, options = info_of(video), self.work.options
        spans = [] if options.faces == ANY else spans_with_faces(video)
        ends = [after for _before, after in pairwise(times)] + [times[-1] + STRETCH_S]
        unit, found = 0, list[Candidate]()
        for frame in sample_frames(path, info, SegmentSpan(0, times[0] - LEAD_S, float("inf")), GLANCE, DecodeCounts()):
            self.work.heartbeat()
            while unit < len(ends) - 1 and frame.time_s >= ends[unit]:
                yield ReaderStep(at + unit + 1, tuple(found))
                unit, found = unit + 1, []
            is_first = frame.index == 0 and times[0] <= info.start_s
            begins = is_first or (frame.begins_shot and frame.time_s >= times[0])
            if begins and (options.faces == ANY or has_face(frame.time_s, spans) == (options.faces == WITH)):
                found.append(candidate_from(video, info, frame, options))
        yield ReaderStep(at + unit + 1, tuple(found))
