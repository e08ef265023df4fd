"""Faces of people in analysed videos: their stored best views, or one every few seconds, cut out anew."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np

from analysis.errors import UnreadableVideo
from analysis.images.encode import encode_jpeg
from analysis.video.frames_at import cut_square, frames_at
from webapp import storage
from webapp.datasets.importing import plans
from webapp.datasets.importing.candidate_types import Candidate, Reader, ReaderStep, Work
from webapp.datasets.importing.option_types import EVERY, ImportOptions
from webapp.datasets.importing.plans import Plan, PlannedReader
from webapp.datasets.importing.sources.source_queries import chosen_tracks, chosen_views
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import Outcome
from webapp.jobs.errors import FileGone
from webapp.people import sample_codec
from webapp.people.models import Face, Person, Track
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Video

SURROUNDINGS = 1.8
"""Side of the cut square in sides of the face's box, as in `analysis.faces.face_tracker`."""
JPEG_QUALITY = 92
AT_ONCE = 200


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    if work.options.how == EVERY:
        yield TrackReader.of(work, plans.kept(work, lambda: plan_of_tracks(work)))
    else:
        yield ViewReader.of(work, plans.kept(work, lambda: plan_of_views(work)))


def plan_of_views(work: Work) -> Plan:
    faces = chosen_views(work.of_import.dataset.team_id, work.options)
    ordered = faces.order_by("analysis__video", "time_s", "pk")
    rows = ordered.values_list("pk", "analysis__video", "analysis__video__title")
    videos: dict[str, str] = {}
    units = []
    for face, video, title in rows.iterator():
        videos[str(video)] = title
        units.append([str(face), str(video)])
    return {"videos": videos, "units": units}


def known_of(
    track: Track, video: Video, time_s: float, options: ImportOptions, person: Person | None
) -> dict[str, Any]:
    """Returns where a sample comes from, as fields of `Candidate`."""
    return {
        "name": f"{video.title} {time_s - video.playback_offset_s:.1f} s",
        "label": person.name if person and options.names_as_labels else options.label,
        "video": video.pk,
        "time_s": time_s,
        "track": track.pk,
        "person": person.pk if person else None,
        "source": str(video.pk),
        "source_name": video.title,
        "identity": str(person.pk) if person else "",
        "sequence": f"track {track.joined_to_id or track.pk}",  # the same for all tracklets of one appearance
    }


@dataclass(frozen=True, slots=True)
class ViewReader(PlannedReader):
    """One unit for each stored view."""

    def steps(self, start: int) -> Iterator[ReaderStep]:
        for at in range(start, self.total, AT_ONCE):
            some = self.units[at : at + AT_ONCE]
            faces = Face.objects.select_related("track__person", "analysis__video").in_bulk([unit[0] for unit in some])
            for n, (face_id, video_id) in enumerate(some):
                face = faces.get(UUID(face_id))
                yield ReaderStep(at + n + 1, (self._found(face, self.plan["videos"][video_id]),))

    def _found(self, face: Face | None, title: str) -> Candidate:
        if face is None or face.track is None or face.analysis.video.deleted_at is not None:
            return Candidate(title, Outcome.UNREADABLE)
        known = known_of(face.track, face.analysis.video, face.time_s, self.work.options, face.track.person)
        try:
            return Candidate(content=storage.read_bytes(face.picture_key), **known)
        except FileNotFoundError:
            return Candidate(title, Outcome.UNREADABLE)


def plan_of_tracks(work: Work) -> Plan:
    """Plans moments on one grid per video, so that people seen together cost one frame; at least one per track."""
    tracks = chosen_tracks(work.of_import.dataset.team_id, work.options).select_related("analysis__video")
    videos: dict[str, str] = {}
    units: list[list[Any]] = []
    for video, of_video in groupby(tracks.order_by("analysis__video", "pk"), lambda track: track.analysis.video):
        videos[str(video.pk)] = video.title
        start_s = float(video.probed.get("start_s", 0.0))
        times = plans.grid(start_s, start_s + video.duration_s, work.options.step_s)
        moments = [(time_s, track.pk) for track in of_video for time_s in moments_of(track, times)]
        units += [[str(video.pk), time_s, track_id] for time_s, track_id in sorted(moments)]
    return {"videos": videos, "units": units}


def moments_of(track: Track, times_s: Sequence[float]) -> list[float]:
    inside = times_s[bisect_left(times_s, track.start_s) : bisect_left(times_s, track.end_s + plans.ROUNDING_S)]
    return list(inside) or [(track.start_s + track.end_s) / 2]


@dataclass(frozen=True, slots=True)
class TrackReader(PlannedReader):
    """One unit for each face at each moment."""

    def steps(self, start: int) -> Iterator[ReaderStep]:
        at = start
        for video_id, units in groupby(self.units[start:], lambda unit: unit[0]):
            moments = [(time_s, track_id) for _video, time_s, track_id in units]
            yield from self._of_video(video_id, moments, at)
            at += len(moments)

    def _of_video(self, video_id: str, moments: list[tuple[float, int]], at: int) -> Iterator[ReaderStep]:
        next_one = 0
        lost = Candidate(self.plan["videos"][video_id], Outcome.UNREADABLE)
        try:
            for index, found in self._faces(video_id, moments):
                # Moments without a frame, because the video ends before, are passed over.
                for passed in range(next_one, index):
                    yield ReaderStep(at + passed + 1)
                yield ReaderStep(at + index + 1, (found,))
                next_one = index + 1
        except (FileGone, UnreadableVideo):
            yield from (ReaderStep(at + n + 1, (lost,)) for n in range(next_one, len(moments)))
            return
        for passed in range(next_one, len(moments)):
            yield ReaderStep(at + passed + 1)

    def _faces(self, video_id: str, moments: list[tuple[float, int]]) -> Iterator[tuple[int, Candidate]]:
        video = plans.standing_video(video_id)
        tracks = Track.objects.select_related("person").in_bulk({track_id for _time, track_id in moments})
        info = info_of(video)
        with original_of(video) as path:
            for index, frame in frames_at(path, info, [time_s for time_s, _track in moments], self.work.heartbeat):
                track = tracks.get(moments[index][1])
                if track is None:  # analysed again in the meantime
                    yield index, Candidate(video.title, Outcome.UNREADABLE)
                    continue
                box = box_at(track, frame.time_s)
                known = known_of(track, video, frame.time_s, self.work.options, track.person)
                crop = cut_square(frame, info, box, SURROUNDINGS)
                yield index, Candidate(content=encode_jpeg(crop, JPEG_QUALITY), **known)


def box_at(track: Track, time_s: float) -> Any:
    """Interpolates the face's box, (4,) float32 in displayed pixels of the source."""
    times_s, boxes, _scores = sample_codec.unpack(track.samples, track.start_s)
    return np.array([np.interp(time_s, times_s, boxes[:, side]) for side in range(4)], np.float32)
