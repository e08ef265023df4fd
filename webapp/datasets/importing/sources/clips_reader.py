"""Short clips cut out of videos: around the appearances of people, or one every few seconds."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from analysis.errors import UnreadableVideo
from analysis.video.cut_clip import cut_clip
from webapp.datasets.importing import plans
from webapp.datasets.importing.candidate_types import Candidate, Reader, Work
from webapp.datasets.importing.option_types import APPEARANCES, ImportOptions
from webapp.datasets.importing.plans import Plan, PlannedReader
from webapp.datasets.importing.sources.source_queries import LEAST_CLIP_S, chosen_tracks, chosen_videos
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import Outcome
from webapp.jobs.errors import FileGone
from webapp.people.models import Person
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Video


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    yield ClipReader.of(work, plans.kept(work, lambda: plan_of(work.of_import.dataset.team_id, work.options)))


def plan_of(team_id: Any, options: ImportOptions) -> Plan:
    """Returns units [video, start, length, track or None, person or None]."""
    if options.how == APPEARANCES:
        return _around_appearances(team_id, options)
    videos = {}
    units: list[list[Any]] = []
    for video in chosen_videos(team_id, options).order_by("created_at", "pk"):
        videos[str(video.pk)] = video.title
        start_s, end_s = span_of(video)
        for time_s in plans.grid(start_s, end_s, max(options.step_s, LEAST_CLIP_S)):
            length_s = min(options.length_s, end_s - time_s)
            if length_s >= LEAST_CLIP_S - plans.ROUNDING_S:
                units.append([str(video.pk), time_s, length_s, None, None])
    return {"videos": videos, "units": units}


def span_of(video: Video) -> tuple[float, float]:
    """Returns start and end in container time."""
    start_s = float(video.probed.get("start_s", 0.0))
    return start_s, start_s + video.duration_s


def _around_appearances(team_id: Any, options: ImportOptions) -> Plan:
    """Plans one clip around the middle of each appearance; tracklets stitched at segment borders are one."""
    tracks = chosen_tracks(team_id, options).select_related("analysis__video")
    tracks = tracks.order_by("analysis__video", "start_s", "pk")
    videos = {}
    units: list[list[Any]] = []
    for video, of_video in groupby(tracks, lambda track: track.analysis.video):
        videos[str(video.pk)] = video.title
        chains: dict[int, list[Any]] = defaultdict(list)
        for track in of_video:
            chains[track.joined_to_id or track.pk].append(track)
        start_s, end_s = span_of(video)
        for first, pieces in chains.items():
            middle_s = (pieces[0].start_s + pieces[-1].end_s) / 2
            begin_s = min(max(middle_s - options.length_s / 2, start_s), max(end_s - options.length_s, start_s))
            length_s = min(options.length_s, end_s - begin_s)
            units.append([str(video.pk), begin_s, length_s, first, str(pieces[0].person_id)])
    return {"videos": videos, "units": units}


@dataclass(frozen=True, slots=True)
class ClipReader(PlannedReader):
    """One unit for each clip."""

    def found(self, at: int, unit: list[Any]) -> Candidate:
        video_id, start_s, length_s, track, who = unit
        title = self.plan["videos"][video_id]
        video = plans.standing_video(video_id)
        target = self.work.scratch / f"clip-{at}.mp4"
        try:
            with original_of(video) as path:
                self._cut(video, path, target, start_s, length_s)
        except (FileGone, UnreadableVideo):
            return Candidate(title, Outcome.UNREADABLE)
        person = Person.objects.filter(pk=UUID(who)).first() if who else None
        named = person.name if person and self.work.options.names_as_labels else ""
        return Candidate(
            name=f"{title} {start_s - video.playback_offset_s:.1f} s",
            content=target,
            label=named or self.work.options.label,
            video=video.pk,
            time_s=start_s,
            track=track,
            person=person.pk if person else None,
            source=video_id,
            source_name=title,
            identity=who or "",
            sequence=f"track {track}" if track else "",
        )

    def _cut(self, video: Video, path: Path, target: Path, start_s: float, length_s: float) -> None:
        cut_clip(path, target, info_of(video), start_s, length_s, lambda _progress: self.work.heartbeat())
        if target.stat().st_size == 0:
            raise UnreadableVideo(f"{video.pk}: nothing at {start_s:.1f} s")
