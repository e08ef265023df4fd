"""Reads a ZIP that somebody sent, in a process of its own with limits; nothing of it is parsed here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.archives.errors import ArchiveLimit
from analysis.archives.listed_files import ArchiveLabel, Box, BoxedPicture, Mark, TableRow
from analysis.limited.limits import Limits
from analysis.limited.messages import Fields
from analysis.limited.process import nothing, run_limited

MEMORY_BYTES = 330_000_000
"""Without code and the pages that it shares with its fork server."""
CPU_S = 1800
"""Of the whole archive: a hundred gigabytes can be unpacked in it."""
SILENT_S = 120
"""A list of 256 MB takes a quarter of it."""

Said = Generator[tuple[Fields, list[bytearray]], None, None]


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """How an archive is read."""

    most_bytes: int
    """Of a file; larger ones are said to be too large."""
    clips: bool = False
    """They are files (`Path`), and there are no lists beside pictures."""
    keeps_parts: bool = True
    """Folders may be parts (`train/`, `val/`, `test/`) instead of labels."""
    start: int = 0
    """So many units are left out at the beginning."""


@dataclass(frozen=True, slots=True)
class ArchiveUnit:
    """One file with what lists say of it: one sample or several."""

    name: str
    file: str
    """Its path within the archive; empty where a list names a file that is not there."""
    marks: tuple[Mark, ...]
    row: TableRow
    part: str
    boxed: BoxedPicture | None
    """What our own list says of its boxes."""
    has_own_boxes: bool
    """Our own list says something of them."""
    content: bytearray | Path | str
    """Or why there is none: `too_large`, `unreadable`, `not_a_sample`."""


@dataclass(slots=True)
class ReadArchive:
    """An archive that is open."""

    said: Said
    labels: list[ArchiveLabel] = field(default_factory=list)
    total: int = 0

    def units(self, file_for: Callable[[int], Path] | None) -> Iterator[ArchiveUnit]:
        """Yields each unit once; `file_for` gives the path of the file that number n becomes, None: in memory.

        Raises ArchiveLimit, also in the midst.
        """
        number = 0
        while (message := next(self.said, None)) is not None:
            said, parts = message
            contents = iter(parts)
            for unit in said["units"]:
                target = file_for(number) if file_for else None
                yield _unit(unit, self._content(unit, contents, target))
                number += 1

    def _content(self, said: Fields, contents: Iterator[bytearray], target: Path | None) -> bytearray | Path | str:
        if said["why_none"]:
            return str(said["why_none"])
        size = int(said.get("bytes", 0))
        blocks = self._blocks(size) if size else iter([next(contents)])
        try:
            if target is None:
                return _joined(blocks, size)
            with target.open("wb") as file:
                file.writelines(blocks)
        except _Damaged:
            if target is not None:
                target.unlink()
            return "unreadable"
        return target

    def _blocks(self, size: int) -> Iterator[bytearray]:
        for said, parts in self.said:
            size -= sum(map(len, parts))
            if size < 0:
                raise ArchiveLimit("more than the archive states")
            if "is_whole" not in said:
                yield from parts
            elif said["is_whole"]:
                return
            else:
                raise _Damaged


class _Damaged(Exception):
    """The file breaks off within the archive."""


@contextmanager
def opened(
    path: Path,
    options: ArchiveOptions,
    tell: Callable[[dict[str, Any]], None],
    while_waiting: Callable[[], None] = nothing,
) -> Iterator[ReadArchive]:
    """Opens a ZIP; `tell` is given notes on it, also before an error.

    Raises NotAnArchive, ArchiveTooLarge, TooManyInArchive, EncryptedArchive, UnsupportedCompression, BrokenList or
    ArchiveLimit, and whatever `while_waiting` raises.
    """
    source = str(path.resolve())
    asked = {
        "path": source,
        "most_bytes": options.most_bytes,
        "clips": options.clips,
        "keeps_parts": options.keeps_parts,
        "start": options.start,
    }
    limits = Limits(MEMORY_BYTES, CPU_S, silent_s=SILENT_S, reads=[source])
    said = run_limited(
        "read_archive", asked, limits, name=path.name, fails_as=ArchiveLimit, while_waiting=while_waiting
    )
    try:
        archive = ReadArchive(said)
        for message, _ in said:
            archive.labels += [ArchiveLabel(**label) for label in message.get("labels", ())]
            for note in message.get("notes", ()):
                tell(note)
            if "total" in message:
                archive.total = int(message["total"])
                break
        yield archive
    finally:
        said.close()


def _joined(blocks: Iterator[bytearray], size: int) -> bytearray:
    """Returns the blocks as one, which takes no more memory than they do."""
    joined = bytearray()
    for block in blocks:
        if not joined and not size:
            return block
        joined += block
    return joined


def _unit(said: Fields, content: bytearray | Path | str) -> ArchiveUnit:
    boxed = said["boxed"]
    return ArchiveUnit(
        name=str(said["name"]),
        file=str(said["file"] or ""),
        marks=tuple(Mark(str(label), _box(box), _boxes(boxes)) for label, box, boxes in said["marks"]),
        row={str(key): str(value) for key, value in said["row"].items()},
        part=str(said["part"]),
        boxed=boxed and BoxedPicture(boxed["name"], _boxes(boxed["boxes"]), boxed["is_cut_out"], tuple(boxed["size"])),
        has_own_boxes=bool(said["has_own_boxes"]),
        content=content,
    )


def _box(sides: Sequence[float] | None) -> Box | None:
    if sides is None:
        return None
    x, y, width, height = map(float, sides)
    return x, y, width, height


def _boxes(boxes: Sequence[Any]) -> tuple[tuple[str, Box], ...]:
    return tuple((str(label), box) for label, sides in boxes if (box := _box(sides)) is not None)
