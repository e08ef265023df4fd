"""A large upload to the real product: growth of the server's memory, speed, copies on the disk.

`python -m benchmarks.upload [--gigabytes 2] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from imageio_ffmpeg import get_ffmpeg_exe

from benchmarks.visitor import CHUNK_BYTES, Visitor
from tests.product import Product

SAMPLE_EVERY_S = 0.05
MEBI = 1024**2


@dataclass
class Memory:
    """Watches the resident memory of a process and its children from a thread."""

    process: psutil.Process
    peak_bytes: int = 0
    disk_bytes: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def now(self) -> int:
        family = [self.process, *self.process.children(recursive=True)]
        return sum(each.memory_info().rss for each in family)

    def watch(self, folder: Path) -> None:
        while not self.stop.wait(SAMPLE_EVERY_S):
            self.peak_bytes = max(self.peak_bytes, self.now())
            self.disk_bytes = max(self.disk_bytes, occupied(folder))


def occupied(folder: Path) -> int:
    """Returns the bytes on disk under a folder; skips files that vanish meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def padded_video(folder: Path, size_bytes: int) -> Iterator[bytes]:
    """Yields a playable second of video, padded to `size_bytes` with a `free` box, in a browser's chunks."""
    clip = folder / "second.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=1", "-pix_fmt", "yuv420p"]
    subprocess.run([get_ffmpeg_exe(), "-loglevel", "error", "-y", *source, str(clip)], check=True)
    head = clip.read_bytes()
    box = struct.pack(">I4sQ", 1, b"free", size_bytes - len(head))
    first = (head + box).ljust(CHUNK_BYTES, b"\0")
    yield first
    padding = bytes(range(256)) * (CHUNK_BYTES // 256)
    for _ in range(1, size_bytes // CHUNK_BYTES):
        yield padding


def measure(gigabytes: int, folder: Path) -> str:
    size_bytes = gigabytes * 1024**3
    product = Product(folder / "data")
    try:
        product.wait_until_ready()
        visitor = Visitor(product.port)
        visitor.become_owner(product.owner_link)
        visitor.ask("GET", "/videos/")
        memory = Memory(product.child("webapp.supervisor.web"))
        before_bytes = memory.now()
        address, _video = visitor.begin_upload("large.mp4", size_bytes)
        watching = threading.Thread(target=memory.watch, args=[product.data_dir])
        watching.start()
        began = time.monotonic()
        visitor.send(address, padded_video(folder, size_bytes))
        seconds = time.monotonic() - began
        memory.stop.set()
        watching.join()
        copies = [path for path in product.data_dir.rglob("*") if path.is_file() and path.stat().st_size == size_bytes]
        return (
            f"{gigabytes} GB in {CHUNK_BYTES // MEBI} MiB pieces: {size_bytes / MEBI / seconds:.0f} MiB/s; "
            f"server memory {before_bytes / MEBI:.0f} -> at most {memory.peak_bytes / MEBI:.0f} MiB "
            f"(+{(memory.peak_bytes - before_bytes) / MEBI:.0f}); copies on disk {len(copies)}, "
            f"disk at most {memory.disk_bytes / size_bytes:.3f} x the file"
        )
    finally:
        product.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=int, default=2)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        print(measure(args.gigabytes, Path(folder)))


if __name__ == "__main__":
    main()
