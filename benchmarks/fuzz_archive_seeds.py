"""Small archives of datasets, in every layout that is read: folders, tables, COCO, YOLO, Pascal VOC, our own export."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from benchmarks.fuzz_picture_seeds import drawn, saved

Members = dict[str, bytes]


@cache
def pictures() -> tuple[bytes, ...]:
    """Returns small pictures that differ."""
    return tuple(saved(drawn(seed=n), kind) for n, kind in enumerate(("JPEG", "PNG", "JPEG", "WEBP")))


def clip(folder: Path) -> bytes:
    path = folder / "clip.mp4"
    source = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=0.6", "-pix_fmt", "yuv420p")
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-y", *source, str(path)], check=True)
    return path.read_bytes()


TABLE = (
    "file,label,source,second,video,identity,left_out,part,name\r\n"
    "cat/0.jpg,cat,tape 1,1.5,,ada,no,train,first\r\n"
    "dog/1.png,dog,tape 2,,,grace,yes,test,\r\n"
)
COCO = {
    "images": [{"id": 1, "file_name": "0.jpg", "width": 96, "height": 72}, {"id": "b", "file_name": "images/1.png"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [4, 4, 40, 30]},
        {"id": 2, "image_id": 1, "category_id": 2, "bbox": [20.5, 10, 40, 40]},
        {"id": 3, "image_id": "b", "category_id": 2},
    ],
    "categories": [{"id": 1, "name": "cat", "hue": 3, "key": "c"}, {"id": 2, "name": "dog"}],
}
OWN = {"labels": [{"name": "cat", "folder": "cat", "hue": 2, "key": "k"}, {"name": "Dog", "folder": "dog"}]}
DATA_YAML = "path: ../set\ntrain: images/train\nval: images/val\nnc: 2\nnames:\n  0: cat\n  1: 'dog'\n"
VOC = (
    "<annotation><folder>JPEGImages</folder><filename>0.jpg</filename><size><width>96</width><height>72</height>"
    "<depth>3</depth></size><object><name>cat</name><difficult>0</difficult><bndbox><xmin>4</xmin><ymin>5</ymin>"
    "<xmax>60</xmax><ymax>50</ymax></bndbox></object><object><name>dog</name><bndbox><xmin>30</xmin><ymin>9</ymin>"
    "<xmax>90</xmax><ymax>70</ymax></bndbox></object></annotation>"
)
LISTS: dict[str, str] = {
    "labels.csv": TABLE,
    "samples.tsv.csv": TABLE.replace(",", "\t"),
    "sources.csv": "file,source,source_name,second\ncat/0.jpg,a,Tape A,3\n",
    "result.json": json.dumps(COCO),
    "rollcall.json": json.dumps(OWN),
    "data.yaml": DATA_YAML,
    "Annotations/0.xml": VOC,
    "labels/train/0.txt": "0 0.5 0.5 0.4 0.4\n1 0.25 0.3 0.2 0.1\n",
    "classes.txt": "cat\ndog\n",
}
"""Each list under the name by which it is known, as its layout has it."""
PLACES = {
    "result.json": ("0.jpg", "images/1.png"),
    "data.yaml": ("images/train/0.jpg", "images/val/1.png"),
    "labels/train/0.txt": ("images/train/0.jpg", "images/train/1.png"),
    "classes.txt": ("images/train/0.jpg", "images/train/1.png"),
    "Annotations/0.xml": ("JPEGImages/0.jpg", "JPEGImages/1.png"),
}
"""Where the pictures lie beside a list; else in folders."""


def beside(list_name: str, contents: tuple[bytes, ...]) -> Members:
    """Returns the pictures that a list of this name tells of."""
    return dict(zip(PLACES.get(list_name, ("cat/0.jpg", "dog/1.png")), contents, strict=False))


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def archive_seeds(folder: Path) -> list[Members]:
    """Returns the members of archives that are all right."""
    first = pictures()
    lists = [{name: text.encode()} | beside(name, first) for name, text in LISTS.items()]
    yolo = {name: LISTS[name].encode() for name in ("data.yaml", "labels/train/0.txt")} | beside("data.yaml", first)
    plain = {"cat/0.jpg": first[0], "cat/3.webp": first[3], "dog/1.png": first[1], "empty/": b""}
    nested = plain | {"inner.zip": zipped(plain), "__MACOSX/cat/._0.jpg": b"x", "thumbs.db": b"x"}
    parts = {f"{part}/{name}": content for part in ("train", "val", "test") for name, content in plain.items()}
    clips = {"walk/0.mp4": clip(folder), "run/1.gif": saved(drawn(), "GIF"), "run/2.txt": b"walk"}
    return [*lists, yolo, plain, nested, parts, clips, {f"all/{name}": each for name, each in plain.items()}]
