"""Samples of an uploaded ZIP. It is read in a limited process (`analysis.archives`); here its rows meet the team's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Count

from analysis.archives import limited_archive
from analysis.archives.errors import NotAnArchive
from analysis.archives.limited_archive import ArchiveOptions, ArchiveUnit, ReadArchive
from analysis.archives.listed_files import BoxedPicture, Mark
from analysis.images.read import MAX_FILE_BYTES
from webapp import storage
from webapp.datasets.importing import inbox, label_runner
from webapp.datasets.importing.candidate_types import Candidate, Content, Reader, ReaderStep, Work
from webapp.datasets.importing.option_types import DROP_PARTS, KEEP_PARTS
from webapp.datasets.importing.prepare_runner import MOST_CLIP_BYTES
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import DatasetKind, Outcome
from webapp.http.ids import uuid_or_none
from webapp.people.models import Person
from webapp.videos.models import Video


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    upload = work.of_import.uploads.first()
    if upload is None:
        raise NotAnArchive("no file has arrived")
    is_clips = work.of_import.dataset.kind == DatasetKind.CLIPS
    options = ArchiveOptions(
        most_bytes=MOST_CLIP_BYTES if is_clips else MAX_FILE_BYTES,
        clips=is_clips,
        keeps_parts=work.options.parts == KEEP_PARTS,
        start=work.of_import.items_done,
    )
    with (
        storage.local_path(inbox.file_key(work.of_import, upload.pk)) as path,
        limited_archive.opened(path, options, lambda note: notes.add(**note), work.heartbeat) as archive,
    ):
        label_runner.create_labels(work.of_import.dataset, archive.labels, notes)
        yield ArchiveReader(work, archive, options, _Team.of(work))
        _tell_parts(work, notes)


def _tell_parts(work: Work, notes: Notes) -> None:
    given = work.of_import.samples.filter(removed_at=None).exclude(part="")
    if counts := dict(given.values_list("part").annotate(Count("pk"))):
        notes.replace("parts", counts=counts)


@dataclass(frozen=True, slots=True)
class _Team:
    """Videos and people of the team, to which samples that come back belong again."""

    videos: set[UUID]
    people: set[UUID]

    @classmethod
    def of(cls, work: Work) -> "_Team":
        team = work.of_import.dataset.team_id
        videos = Video.objects.filter(team=team, deleted_at=None).values_list("pk", flat=True)
        return cls(set(videos), set(Person.objects.filter(team=team).values_list("pk", flat=True)))


@dataclass(frozen=True, slots=True)
class ArchiveReader:
    """One unit for each file. It is read once, from where the import stands."""

    work: Work
    archive: ReadArchive
    options: ArchiveOptions
    team: _Team

    @property
    def total(self) -> int:
        return self.archive.total

    def steps(self, start: int) -> Iterator[ReaderStep]:
        assert start == self.options.start
        for at, unit in enumerate(self.archive.units(self._file_for), start):
            known = known_of(unit, self.team) | self._together(unit)
            content = _content(unit)
            found = [
                Candidate(
                    name=unit.row.get("name") or (f"{unit.name} #{number}" if len(unit.marks) > 1 else unit.name),
                    content=content,
                    label=mark.label or self.work.options.label,
                    box_xywh=mark.box_xywh,
                    boxed=_boxed(unit, mark),
                    part="" if self.work.options.parts == DROP_PARTS else unit.part,
                    **known,
                )
                for number, mark in enumerate(unit.marks, 1)
            ]
            yield ReaderStep(at + 1, tuple(found))

    @property
    def _file_for(self) -> Callable[[int], Path] | None:
        return (lambda number: self.work.scratch / f"member-{number}") if self.options.clips else None

    def _together(self, unit: ArchiveUnit) -> dict[str, Any]:
        """Keeps together what comes from one occasion, or from one picture."""
        of_import = self.work.of_import
        if len(unit.marks) > 1 and unit.file and not self.work.options.one_source and not unit.row.get("source"):
            return {"source": f"{of_import.pk}/{unit.file}"[-255:], "source_name": unit.file}
        if not self.work.options.one_source or unit.row.get("source"):
            return {}
        return {"source": str(of_import.pk), "source_name": of_import.title}


def _content(unit: ArchiveUnit) -> Content:
    return Outcome(unit.content) if isinstance(unit.content, str) else unit.content


def _boxed(unit: ArchiveUnit, mark: Mark) -> BoxedPicture | None:
    """Returns the picture with the boxes of a mark; those that our own list tells of came with an earlier archive."""
    if unit.has_own_boxes:
        return unit.boxed
    boxes = mark.boxes or (((mark.label, mark.box_xywh),) if mark.box_xywh else ())
    return BoxedPicture(unit.file, boxes, bool(mark.box_xywh)) if boxes and unit.file else None


def known_of(unit: ArchiveUnit, team: _Team) -> dict[str, Any]:
    """Returns what the list says of a file, as fields of `Candidate`."""
    row = unit.row
    video, person = uuid_or_none(row.get("video", "")), uuid_or_none(row.get("identity", ""))
    return {
        "source": row.get("source", "").strip(),
        "source_name": row.get("source_name", "").strip(),
        "identity": row.get("identity", "").strip(),
        "sequence": row.get("sequence", "").strip(),
        "video": video if video in team.videos else None,
        "time_s": _seconds(row.get("second", "")),
        "person": person if person in team.people else None,
        "is_left_out": row.get("left_out", "").strip().lower() in ("yes", "true", "1"),
    }


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if abs(seconds) < 1e9 else None
