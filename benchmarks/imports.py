"""Importing a dataset from a ZIP and exporting it through the real product: pictures per second, memory.

`python -m benchmarks.imports [--pictures 10000] [--width 640] [--height 480] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import base64
import json
import struct
import tempfile
import threading
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.shared import say
from benchmarks.uploads import MEBI, Memory
from benchmarks.visitor import CHUNK_BYTES, Visitor, owned_product

DIFFERENT = 200
"""So many pictures are drawn; the others are the same ones with another comment inside."""
LABELS = 10
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
ASK_EVERY_S = 0.2
READ_BYTES = 1024**2


def drawn(count: int, size: tuple[int, int]) -> list[bytes]:
    """Returns synthetic JPEGs about as large and as detailed as photographs."""
    random = np.random.default_rng(1)
    pictures = []
    for _ in range(count):
        coarse = random.integers(0, 255, (12, 16, 3), np.uint8)
        image = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
        noisy = np.clip(image + random.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
        pictures.append(bytes(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]))
    return pictures


def numbered(jpeg: bytes, number: int) -> bytes:
    """Returns the picture with a comment: other bytes, so that it is no duplicate."""
    words = f"picture {number}".encode()
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(words) + 2) + words + jpeg[2:]


def make_zip(path: Path, count: int, size: tuple[int, int]) -> int:
    pictures = drawn(min(DIFFERENT, count), size)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            name = f"label {number % LABELS}/{number:06d}.jpg"
            archive.writestr(name, numbered(pictures[number % len(pictures)], number))
    return path.stat().st_size


def chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def create_dataset(visitor: Visitor) -> str:
    """Creates a dataset and returns its id."""
    fields = {"name": "Benchmark", "kind": "frames", "keeps_samples": "yes"}
    answer = visitor.ask("POST", "/datasets/new/", urllib.parse.urlencode(fields).encode(), **FORM)
    return answer.headers["Location"].split("/")[2]


def send_zip(visitor: Visitor, dataset: str, path: Path) -> None:
    fields = {"from": "archive", "expected": "1", "title": path.name}
    visitor.ask("POST", f"/datasets/{dataset}/imports/", urllib.parse.urlencode(fields).encode(), **FORM)
    create = json.loads(visitor.text)["create"]
    metadata = f"filename {base64.b64encode(path.name.encode()).decode()}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(path.stat().st_size), "Upload-Metadata": metadata}
    visitor.send(visitor.ask("POST", create, b"", **headers).headers["Location"], chunks_of(path))


def wait_for_import(visitor: Visitor, dataset: str, within_s: float = float("inf")) -> str:
    """Waits for the import to end and returns how it ended, or where it stands when the time is over."""
    until = time.monotonic() + within_s
    while True:
        visitor.ask("GET", f"/jobs/state/?subject={dataset}")
        status = [job["status"] for job in json.loads(visitor.text)["jobs"] if job["kind"] == "import"]
        if (status and status[0] not in ("queued", "running")) or time.monotonic() > until:
            return str(status[0] if status else "not begun")
        time.sleep(ASK_EVERY_S)


def receive(visitor: Visitor, dataset: str, form: str) -> int:
    """Reads an export and returns its size in bytes."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.cookies.items())
    visitor.connection.close()
    visitor.connection.request("GET", f"/datasets/{dataset}/export/?form={form}", headers={"Cookie": cookie})
    answer, count = visitor.connection.getresponse(), 0
    while block := answer.read(READ_BYTES):
        count += len(block)
    return count


class Watched:
    """Measures the memory of a process during some work: at the start, at most, at the end."""

    def __init__(self, memory: Memory, folder: Path) -> None:
        self.memory, self.before = memory, memory.now()
        self.cpu_before_s = self.cpu_s()
        self.thread = threading.Thread(target=memory.watch, args=[folder])

    def cpu_s(self) -> float:
        """Returns the CPU time so far, which tells more than the clock on a shared machine."""
        family = self.memory.family()
        return sum(sum(each.cpu_times()[:2]) for each in family)

    def __enter__(self) -> Watched:
        self.began_s = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self.began_s
        self.used_s = self.cpu_s() - self.cpu_before_s
        self.memory.stop.set()
        self.thread.join()

    def words(self, who: str) -> str:
        """Returns the figures in MiB."""
        peak, now = self.memory.peak_bytes / MEBI, self.memory.now() / MEBI
        return f"memory of {who} (MiB): {self.before / MEBI:.0f} before, at most {peak:.0f}, {now:.0f} at the end"


def measure(count: int, size: tuple[int, int], folder: Path) -> None:
    path, nothing = folder / "pictures.zip", folder / "nothing"
    size_bytes = make_zip(path, count, size)
    print(f"{count} pictures of {size[0]} x {size[1]}, {size_bytes / count / 1024:.0f} KiB each", flush=True)
    with owned_product(folder / "data") as (product, visitor):
        dataset = create_dataset(visitor)
        worker = Watched(Memory([product.child("celery", "media")]), nothing)
        send_zip(visitor, dataset, path)
        with worker:
            ended = wait_for_import(visitor, dataset)
        say(f"import ({ended}), pictures a second", count / worker.seconds, ">= 100", 1)
        say("processor time of the worker for each picture (ms)", 1000 * worker.used_s / count, "<= 20", 1)
        print(worker.words("the worker"))
        for form in ("zip", "coco", "csv"):
            with Watched(Memory(product.children("webapp.supervisor.web")), nothing) as server:
                sent = receive(visitor, dataset, form)
            say(f"export as {form}, MiB a second ({sent / MEBI:.0f} MiB)", sent / MEBI / server.seconds, "-", 1)
            print(server.words("the server"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        measure(args.pictures, (args.width, args.height), Path(folder))


if __name__ == "__main__":
    main()
