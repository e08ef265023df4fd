"""Finds the layouts of YOLO and Pascal VOC in an archive: which list stands for which picture. Knows no database."""

from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from analysis.archives import box_lists
from analysis.archives.list_text import Broken
from analysis.archives.listed_files import MOST_ROWS, Mark
from analysis.archives.zip_archive import ArchiveEntry, Parts
from analysis.images.read import SUFFIXES

NAMES_FILES = ("classes.txt", "obj.names", "labels.txt", "_darknet.labels")
IMAGES, LABELS = "images", "labels"
T = TypeVar("T")
Marked = TypeVar("Marked", bound=Sized | None)


class ParseEntry(Protocol):
    """Reads a list of the archive; where that cannot be read, says so and ends the import."""

    def __call__(self, entry: ArchiveEntry, parse: Callable[[Iterator[bytes], str], T], /) -> T: ...


@dataclass(slots=True)
class BoxLayout:
    """Pictures with what is in them, in the archive's order, and all classes that the archive names."""

    pictures: list[tuple[ArchiveEntry, tuple[Mark, ...]]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    unknown: int = 0
    """How many boxes have a class without a name, though others have one."""
    is_without_names: bool = False
    boxes: int = 0

    def counted(self, parse: Callable[[Iterator[bytes], str], Marked]) -> Callable[[Iterator[bytes], str], Marked]:
        """Returns `parse`, which then refuses more boxes than memory should hold."""

        def parse_counted(blocks: Iterator[bytes], file: str) -> Marked:
            found = parse(blocks, file)
            self.boxes += len(found) if found is not None else 0
            if self.boxes > MOST_ROWS["annotations"]:
                raise Broken(0, file, "many")
            return found

        return parse_counted


def found_in(entries: Sequence[ArchiveEntry], parsed: ParseEntry) -> BoxLayout | None:
    """Returns None where no picture has a list of its own."""
    by_path = {entry.parts: entry for entry in entries if not entry.is_odd}
    pictures = [entry for entry in by_path.values() if _suffix(entry) in SUFFIXES]
    return _yolo(pictures, by_path, parsed) or _voc(pictures, by_path, parsed)


def _suffix(entry: ArchiveEntry) -> str:
    return PurePosixPath(entry.parts[-1]).suffix.lower()


def _yolo(pictures: Sequence[ArchiveEntry], by_path: dict[Parts, ArchiveEntry], parsed: ParseEntry) -> BoxLayout | None:
    lists = [_yolo_list(picture.parts, by_path) for picture in pictures]
    if not any(lists):
        return None
    names = _class_names(by_path, parsed)
    if not names:  # without them a text beside a picture may be anything
        lists = [entry if entry and LABELS in entry.parts[:-1] else None for entry in lists]
        if not any(lists):
            return None
    layout = BoxLayout(classes=list(dict.fromkeys(names.values())), is_without_names=not names)
    for picture, entry in zip(pictures, lists, strict=True):
        boxes = parsed(entry, layout.counted(box_lists.yolo_boxes)) if entry else []
        layout.unknown += bool(names) and sum(number not in names for number, _box in boxes)
        of_number = names.get if names else str
        _add(layout, picture, [Mark(of_number(number) or "", box) for number, box in boxes])
    return layout


def _class_names(by_path: dict[Parts, ArchiveEntry], parsed: ParseEntry) -> dict[int, str]:
    described = [entry for entry in by_path.values() if _suffix(entry) in (".yaml", ".yml")]
    for entry in sorted(described, key=lambda entry: len(entry.parts)):
        if names := parsed(entry, box_lists.names_of_yaml):
            return names
    for entry in by_path.values():
        if entry.parts[-1].lower() in NAMES_FILES:
            return parsed(entry, box_lists.names_of_text)
    return {}


def _yolo_list(picture: Parts, by_path: dict[Parts, ArchiveEntry]) -> ArchiveEntry | None:
    """Finds the text where YOLO's programs look: in `labels` where the picture is in `images`, else beside it."""
    name = f"{PurePosixPath(picture[-1]).stem}.txt"
    folders = picture[:-1]
    if IMAGES in folders:
        at = len(folders) - 1 - folders[::-1].index(IMAGES)
        if found := by_path.get((*folders[:at], LABELS, *folders[at + 1 :], name)):
            return found
    return None if name in NAMES_FILES else by_path.get((*folders, name))


def _voc(pictures: Sequence[ArchiveEntry], by_path: dict[Parts, ArchiveEntry], parsed: ParseEntry) -> BoxLayout | None:
    """An annotation stands beside its picture, or in a folder beside the picture's."""
    beside = {(*path[:-1], _stem(path)): entry for path, entry in by_path.items() if _suffix(entry) == ".xml"}
    aside = {(*path[:-2], _stem(path)): entry for path, entry in beside.items()}
    layout, is_voc = BoxLayout(), False
    for picture in pictures:
        stem = _stem(picture.parts)
        entry = beside.get((*picture.parts[:-1], stem)) or aside.get((*picture.parts[:-2], stem))
        marks = parsed(entry, layout.counted(box_lists.voc_marks)) if entry else None
        is_voc |= marks is not None
        _add(layout, picture, marks or [])
    layout.classes = sorted({mark.label for _picture, marks in layout.pictures for mark in marks if mark.label})
    return layout if is_voc else None


def _stem(path: Parts) -> str:
    return PurePosixPath(path[-1]).stem


def _add(layout: BoxLayout, picture: ArchiveEntry, marks: list[Mark]) -> None:
    """A picture with one class is a sample as it is; with several, each box is one."""
    labels = {mark.label for mark in marks}
    if len(labels) < 2:
        boxes = tuple((mark.label, mark.box_xywh) for mark in marks if mark.box_xywh)
        marks = [Mark("".join(labels), boxes=boxes)]
    layout.pictures.append((picture, tuple(marks)))
