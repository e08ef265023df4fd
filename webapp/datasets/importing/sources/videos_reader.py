"""Uploaded videos that are not kept as such: each is one clip, or pictures are taken out of it every few seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.errors import UnreadableVideo
from analysis.images.encode import encode_jpeg
from analysis.types import VideoInfo
from analysis.video.decode import probe
from analysis.video.frames_at import frames_at, whole_picture
from webapp import storage
from webapp.datasets.importing import inbox, plans
from webapp.datasets.importing.candidate_types import Candidate, ListReader, Reader, ReaderStep, Work
from webapp.datasets.importing.plans import Plan, PlannedReader
from webapp.datasets.importing.sources.frames_reader import JPEG_QUALITY, LONG_SIDE
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import DatasetKind, Outcome


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    if work.of_import.dataset.kind == DatasetKind.CLIPS:
        yield WholeVideoReader(work, list(_files(work)))
    else:
        yield VideoFrameReader.of(work, plans.kept(work, lambda: _plan(work)))


def _files(work: Work) -> Iterator[tuple[str, str]]:
    """Yields the storage key and name of each."""
    for upload in work.of_import.uploads.order_by("created_at", "pk"):
        yield inbox.file_key(work.of_import, upload.pk), upload.name


@dataclass(frozen=True, slots=True)
class WholeVideoReader(ListReader):
    """One unit for each file: its storage key and name."""

    def found(self, at: int, unit: tuple[str, str]) -> Candidate:
        key, name = unit
        target = self.work.scratch / f"video-{at}"
        try:
            storage.copy_out(key, target)  # what is stored is still needed if the worker dies
        except FileNotFoundError:
            return Candidate(name, Outcome.UNREADABLE, label=self.work.options.label)
        return Candidate(name, target, label=self.work.options.label)


def _plan(work: Work) -> Plan:
    """Returns units [number of the file, moment]; the moment is None where the file is no video."""
    files: list[dict[str, Any]] = []
    units: list[list[Any]] = []
    for number, (key, name) in enumerate(_files(work)):
        file: dict[str, Any] = {"key": key, "name": name, "info": None}
        try:
            with storage.local_path(key) as path:
                info = probe(path)
            file["info"] = asdict(info)
            times = plans.grid(info.start_s, info.start_s + info.duration_s, work.options.step_s)
            units += [[number, time_s] for time_s in times]
        except (UnreadableVideo, FileNotFoundError):
            units.append([number, None])
        files.append(file)
        work.heartbeat()
    return {"files": files, "units": units}


@dataclass(frozen=True, slots=True)
class VideoFrameReader(PlannedReader):
    """One unit for each moment of each file."""

    def steps(self, start: int) -> Iterator[ReaderStep]:
        at = start
        for number, units in groupby(self.units[start:], lambda unit: unit[0]):
            times = [time_s for _number, time_s in units]
            yield from self._of_file(self.plan["files"][number], times, at)
            at += len(times)

    def _of_file(self, file: dict[str, Any], times: list[float], at: int) -> Iterator[ReaderStep]:
        lost = ReaderStep(at + len(times), (Candidate(file["name"], Outcome.UNREADABLE),))
        if file["info"] is None:
            yield lost
            return
        try:
            with storage.local_path(file["key"]) as path:
                yield from self._frames(file, path, times, at)
        except (UnreadableVideo, FileNotFoundError):
            yield lost
            return
        yield ReaderStep(at + len(times))

    def _frames(self, file: dict[str, Any], path: Path, times: list[float], at: int) -> Iterator[ReaderStep]:
        info, options = VideoInfo(**file["info"]), self.work.options
        for index, frame in frames_at(path, info, times, self.work.heartbeat):
            found = Candidate(
                name=f"{PurePosixPath(file['name']).stem} {frame.time_s - info.start_s:.1f} s",
                content=encode_jpeg(whole_picture(frame, LONG_SIDE), JPEG_QUALITY),
                label=options.label,
                time_s=frame.time_s,
                source=file["key"].rpartition("/")[2],
                source_name=file["name"],
            )
            yield ReaderStep(at + index + 1, (found,))
