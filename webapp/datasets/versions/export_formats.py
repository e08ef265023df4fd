"""The forms of an export: folders for labels, COCO, YOLO, and a CSV table. Each comes back through an import as it was.

The first is also what `python -m analysis train` reads.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from analysis.spreadsheet_cells import guarded_row
from webapp import storage
from webapp.datasets.models import Label
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
    """Writes COCO Object Detection, one box around all of each sample; clips take the place of images."""
    stream = ZipStream()
    yield from _files(stream, contents, _in_one_folder)
    yield from stream.text("annotations.json", _coco(contents))
    yield from stream.close()


def as_yolo(contents: Contents) -> Iterator[bytes]:
    """Writes YOLO detection, one box around all of each sample; parts are folders. The table says the rest."""
    stream, labels = ZipStream(), contents.labels()
    ids = {label.name: number for number, label in enumerate(labels)}
    yield from stream.text("data.yaml", _data_yaml(contents, labels))
    yield from stream.text("rollcall.json", _description(contents, labels, {}))
    yield from _files(stream, contents, _among_images)
    for row in contents.rows():
        if row.label in ids:
            path = PurePosixPath(_part_folder(row), "labels", file_name(row)).with_suffix(".txt")
            yield from stream.text(str(path), iter([f"{ids[row.label]} 0.5 0.5 1 1\n"]))
    yield from stream.text("samples.csv", _table(contents, _among_images, with_label=True))
    yield from stream.close()


FORMS: dict[str, Callable[[Contents], Iterator[bytes]]] = {
    "zip": as_folders,
    "coco": as_coco,
    "yolo": as_yolo,
    "csv": as_table,
}


def _among_images(row: ExportedSample) -> str:
    return str(PurePosixPath(_part_folder(row), "images", file_name(row)))


def _part_folder(row: ExportedSample) -> str:
    return YOLO_PARTS.get(row.part, row.part)


def _data_yaml(contents: Contents, labels: list[Label]) -> Iterator[str]:
    """Yields what YOLO's programs ask for. Texts of JSON are texts of YAML."""
    parts = ("train", "val", "test") if contents.version else ()
    folders = {part: f"{part}/images" for part in parts} or {"train": "images", "val": "images"}
    yield "path: .\n" + "".join(f"{part}: {folder}\n" for part, folder in folders.items()) + "names:"
    yield "" if labels else " {}"
    for number, label in enumerate(labels):
        yield f"\n  {number}: {json.dumps(label.name, ensure_ascii=False)}"
    yield "\n"


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
    yield from _separated(_annotation(row, ids[row.label]) for row in contents.rows() if row.label in ids)
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


def _annotation(row: ExportedSample, category: int) -> dict[str, Any]:
    sample = row.sample
    return {
        "id": sample.number,
        "image_id": sample.number,
        "category_id": category,
        "bbox": [0, 0, sample.width, sample.height],
        "area": sample.width * sample.height,
        "iscrowd": 0,
    }
