"""The forms of an export: folders for labels, COCO, YOLO, and a CSV table. Each comes back through an import as it was.

The first is also what `python -m analysis train` reads.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from analysis.spreadsheet_cells import guarded_row
from webapp import storage
from webapp.datasets.models import Label, Part
from webapp.datasets.versions.export_queries import Contents, ExportedSample, columns_of, file_name, folders_of
from webapp.http.zip_stream import ZipStream

SCHEMA = 1
YOLO_PARTS = {"validation": "val"}
PICTURES = "samples"
"""Folder of the files in COCO and CSV exports."""


def as_folders(contents: Contents) -> Iterator[bytes]:
    """Writes a folder for each label, also empty ones; unlabelled files lie at the top, `sources.csv` says the rest."""
    stream, labels = ZipStream(), contents.labels()
    folders = folders_of(labels)

    def path(row: ExportedSample) -> str:
        return f"{folders[row.label]}/{file_name(row)}" if row.label in folders else file_name(row)

    yield from stream.text("rollcall.json", _description(contents, labels, folders))
    for folder in folders.values():
        yield from stream.folder(folder)
    yield from _files(stream, contents, path)
    yield from stream.text("sources.csv", _table(contents, path, with_label=False))
    yield from stream.close()


def as_table(contents: Contents) -> Iterator[bytes]:
    stream, labels = ZipStream(), contents.labels()
    yield from stream.text("rollcall.json", _description(contents, labels, {}))
    yield from _files(stream, contents, _in_one_folder)
    yield from stream.text("samples.csv", _table(contents, _in_one_folder, with_label=True))
    yield from stream.close()


def as_coco(contents: Contents) -> Iterator[bytes]:
    """Writes COCO Object Detection; clips take the place of images. A sample without boxes is one."""
    stream = ZipStream()
    yield from _files(stream, contents, _in_one_folder)
    yield from stream.text("annotations.json", _coco(contents))
    yield from stream.close()


def as_yolo(contents: Contents) -> Iterator[bytes]:
    """Writes YOLO detection; parts are folders, and the table says the rest. A sample without boxes is one."""
    stream, labels = ZipStream(), contents.labels()
    ids = {label.name: number for number, label in enumerate(labels)}
    yield from stream.text("data.yaml", _data_yaml(contents, labels))
    yield from stream.text("rollcall.json", _description(contents, labels, {}))
    yield from _files(stream, contents, _among_images)
    for row in contents.rows():
        if row.label in ids:
            path = PurePosixPath(_part_folder(row), "labels", file_name(row)).with_suffix(".txt")
            yield from stream.text(str(path), (_yolo_line(ids[row.label], box) for box in _boxes_in(row)))
    yield from stream.text("samples.csv", _table(contents, _among_images, with_label=True))
    yield from stream.close()


FORMS: dict[str, Callable[[Contents], Iterator[bytes]]] = {
    "zip": as_folders,
    "coco": as_coco,
    "yolo": as_yolo,
    "csv": as_table,
}


def _boxes_in(row: ExportedSample) -> list[tuple[float, float, float, float]]:
    """Returns left, top, width and height, as parts of the sample's sides, of what it shows."""
    boxes = row.boxes
    if boxes is None or boxes.is_cut_out:
        return [(0.0, 0.0, 1.0, 1.0)]
    return [
        (x / boxes.width, y / boxes.height, width / boxes.width, height / boxes.height)
        for x, y, width, height, _class in boxes.boxes
    ]


def _yolo_line(number: int, box: tuple[float, float, float, float]) -> str:
    x, y, width, height = box
    return f"{number} {x + width / 2:.6g} {y + height / 2:.6g} {width:.6g} {height:.6g}\n"


def _among_images(row: ExportedSample) -> str:
    return str(PurePosixPath(_part_folder(row), "images", file_name(row)))


def _part_folder(row: ExportedSample) -> str:
    return YOLO_PARTS.get(row.part, row.part)


def _data_yaml(contents: Contents, labels: list[Label]) -> Iterator[str]:
    """Yields what YOLO's programs ask for. Texts of JSON are texts of YAML."""
    parts = contents.part_folders() | ({part.value for part in Part} if contents.version else set())
    folders: dict[str, Any] = {"train": "images", "val": "images"}
    if parts - {""}:
        folders = {part: f"{part}/images" for part in ("train", "val", "test")}
        folders |= {"train": ["train/images", "images"]} if "" in parts else {}
    yield "path: .\n" + "".join(f"{part}: {_yaml(folder)}\n" for part, folder in folders.items()) + "names:"
    yield "" if labels else " {}"
    for number, label in enumerate(labels):
        yield f"\n  {number}: {json.dumps(label.name, ensure_ascii=False)}"
    yield "\n"


def _yaml(folder: str | list[str]) -> str:
    return folder if isinstance(folder, str) else json.dumps(folder)


def _in_one_folder(row: ExportedSample) -> str:
    return f"{PICTURES}/{file_name(row)}"


def _files(stream: ZipStream, contents: Contents, path: Callable[[ExportedSample], str]) -> Iterator[bytes]:
    for row in contents.rows():
        try:
            with storage.local_path(row.sample.key) as source, source.open("rb") as file:
                yield from stream.member(path(row), file, row.sample.size_bytes)
        except FileNotFoundError:  # it was taken out of the dataset while we were sending
            continue


def _description(contents: Contents, labels: list[Label], folders: dict[str, str]) -> Iterator[str]:
    dataset = contents.dataset
    rows = [label_row(label) | ({"folder": folders[label.name]} if folders else {}) for label in labels]
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "name": dataset.name,
        "purpose": dataset.purpose,
        "kind": dataset.kind,
        "labels": rows,
    }
    if contents.version is not None:
        content |= {"version": contents.version.number, "fingerprint": contents.version.fingerprint}
    yield json.dumps(content, ensure_ascii=False, indent=1)


def label_row(label: Label) -> dict[str, Any]:
    return {"name": label.name, "hue": label.hue, "key": label.key}


def _table(contents: Contents, path: Callable[[ExportedSample], str], with_label: bool) -> Iterator[str]:
    """Yields UTF-8 with a byte order mark, without which spreadsheets read it as something else."""
    header: list[str] = []
    for row in contents.rows():
        cells = {"file": path(row)} | ({"label": row.label} if with_label else {}) | columns_of(row)
        if not header:
            header = list(cells)
            yield "\ufeff" + _line(header)
        yield _line(list(cells.values()))
    if not header:
        yield "\ufeff" + _line(["file", "label", "source"] if with_label else ["file", "source"])


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(guarded_row(cells))
    return buffer.getvalue()


def _coco(contents: Contents) -> Iterator[str]:
    labels = contents.labels()
    ids = {label.name: number for number, label in enumerate(labels, 1)}
    info = {"description": contents.title, "rollcall": SCHEMA}
    yield '{"info": ' + json.dumps(info, ensure_ascii=False)
    categories = [{"id": ids[label.name], "supercategory": ""} | label_row(label) for label in labels]
    yield ',\n"categories": ' + json.dumps(categories, ensure_ascii=False)
    yield ',\n"images": [' + "\n"
    yield from _separated(_image(row) for row in contents.rows())
    yield '],\n"annotations": [' + "\n"
    yield from _separated(_annotations((row for row in contents.rows() if row.label in ids), ids))
    yield "]}\n"


def _separated(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield (",\n" if number else "") + json.dumps(row, ensure_ascii=False)


def _image(row: ExportedSample) -> dict[str, Any]:
    sample = row.sample
    known = {name: value for name, value in columns_of(row).items() if value}
    return {
        "id": sample.number,
        "file_name": _in_one_folder(row),
        "width": sample.width,
        "height": sample.height,
        "rollcall": known,
    }


def _annotations(rows: Iterable[ExportedSample], ids: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    numbers = count(1)
    for row in rows:
        sample = row.sample
        for x, y, width, height in _boxes_in(row):
            wide, high = width * sample.width, height * sample.height
            yield {
                "id": next(numbers),
                "image_id": sample.number,
                "category_id": ids[row.label],
                "bbox": [_plain(side) for side in (x * sample.width, y * sample.height, wide, high)],
                "area": _plain(wide * high),
                "iscrowd": 0,
            }


def _plain(number: float) -> float:
    """Returns a whole number as such."""
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded
