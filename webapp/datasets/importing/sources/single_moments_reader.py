"""Single moments of videos that somebody chose one by one and labelled: a view of a face, a picture, or a clip."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from analysis.errors import UnreadableVideo
from analysis.types import EXACT_TOLERANCE_S
from analysis.video.frames_at import frames_at
from webapp import storage
from webapp.datasets.importing import plans
from webapp.datasets.importing.candidate_types import Candidate, Reader, Work
from webapp.datasets.importing.option_types import ImportOptions
from webapp.datasets.importing.plans import Plan, PlannedReader
from webapp.datasets.importing.sources.clips_reader import ClipReader
from webapp.datasets.importing.sources.frames_reader import candidate_from
from webapp.datasets.importing.sources.people_reader import known_of
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import DatasetKind, Outcome
from webapp.jobs.errors import FileGone
from webapp.people.models import Face
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of
from webapp.videos.models import Video


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    yield SingleMomentReader.of(work, plans.kept(work, lambda: plan_of(work.options)))


def plan_of(options: ImportOptions) -> Plan:
    videos = Video.objects.filter(pk__in=[UUID(moment["video"]) for moment in options.chosen])
    titles = {str(pk): title for pk, title in videos.values_list("pk", "title")}
    return {"videos": titles, "units": list(options.chosen)}


@dataclass(frozen=True, slots=True)
class SingleMomentReader(PlannedReader):
    """One unit for each moment, as `webapp.datasets.importing.single_moment_services.Moment` writes it."""

    def found(self, at: int, unit: dict[str, Any]) -> Candidate:
        title = self.plan["videos"].get(unit["video"], "")
        try:
            video = plans.standing_video(unit["video"])
            kind = self.work.of_import.dataset.kind
            if kind == DatasetKind.FACES:
                return self._face(video, unit)
            return self._clip(at, unit) if kind == DatasetKind.CLIPS else self._frame(video, unit)
        except (FileGone, FileNotFoundError, UnreadableVideo):
            return Candidate(title, Outcome.UNREADABLE)

    def _face(self, video: Video, moment: dict[str, Any]) -> Candidate:
        """Returns the stored view, as an import of best views takes it."""
        views = Face.objects.select_related("track__person").filter(analysis__video=video, pk=moment["face"])
        face = views.first()
        if face is None or face.track is None:  # analysed again in the meantime
            raise FileGone(f"face {moment['face']}")
        known = known_of(face.track, video, face.time_s, self._labelled(moment), face.track.person)
        return Candidate(content=storage.read_bytes(face.picture_key), **known)

    def _frame(self, video: Video, moment: dict[str, Any]) -> Candidate:
        info = info_of(video)
        with original_of(video) as path:
            exact = frames_at(path, info, [moment["time_s"]], self.work.heartbeat, tolerance_s=EXACT_TOLERANCE_S)
            for _index, frame in exact:
                return candidate_from(video, info, frame, self._labelled(moment))
        raise UnreadableVideo(f"{video.pk}: no picture at {moment['time_s']:.1f} s")

    def _clip(self, at: int, moment: dict[str, Any]) -> Candidate:
        unit = [moment["video"], moment["time_s"], moment["length_s"], None, None]
        return ClipReader(replace(self.work, options=self._labelled(moment)), [unit], self.plan).found(at, unit)

    def _labelled(self, moment: dict[str, Any]) -> ImportOptions:
        return ImportOptions(label=moment["label"])
