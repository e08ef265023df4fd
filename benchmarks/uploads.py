"""Uploads to the real product: memory, speed and copies of a large one, in pieces and in one; one over a cut line.

`python -m benchmarks uploads [--gigabytes 2] [--cut-megabytes 10] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import hashlib
import os
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import psutil
from imageio_ffmpeg import get_ffmpeg_exe

from benchmarks.visitor import CHUNK_BYTES, Visitor, owned_product
from tests.cutting_proxy import CuttingProxy
from tests.product import Product

SAMPLE_EVERY_S = 0.05
MEBI = 1024**2
PIECES = (CHUNK_BYTES, 64 * MEBI, 0)
"""Bytes of each request; 0 for one that is as long as the file."""
MOST_GROWTH_MIB = 60
BYTES_PER_S, CUT_EVERY_S = 500_000, 5.0
MOST_TRIES = 200


@dataclass
class Memory:
    """Watches the resident memory of some processes and their children from a thread."""

    processes: list[psutil.Process]
    peak_bytes: int = 0
    disk_bytes: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def now(self) -> int:
        return sum(each.memory_info().rss for each in self.family())

    def family(self) -> list[psutil.Process]:
        return [each for one in self.processes for each in (one, *one.children(recursive=True))]

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


def whole(product: Product, visitor: Visitor, size_bytes: int, piece_bytes: int, folder: Path) -> str:
    """Uploads a file over a good line while the server is watched."""
    memory = Memory(product.children("webapp.supervisor.web"))
    before_bytes = memory.now()
    address, _video = visitor.begin_upload(f"large-{piece_bytes}.mp4", size_bytes)
    watching = threading.Thread(target=memory.watch, args=[product.data_dir])
    watching.start()
    began = time.monotonic()
    visitor.send(address, padded_video(folder, size_bytes), size_bytes, piece_bytes)
    seconds = time.monotonic() - began
    memory.stop.set()
    watching.join()
    copies = [path for path in product.data_dir.rglob("*") if path.is_file() and path.stat().st_size == size_bytes]
    growth = (memory.peak_bytes - before_bytes) / MEBI
    pieces = f"pieces of {piece_bytes // MEBI} MiB" if piece_bytes else "one piece"
    for path in copies:
        path.unlink()
    return (
        f"{size_bytes / MEBI:.0f} MiB in {pieces}: {size_bytes / MEBI / seconds:.0f} MiB/s; "
        f"server memory {before_bytes / MEBI:.0f} -> at most {memory.peak_bytes / MEBI:.0f} MiB (+{growth:.0f}, "
        f"{'met' if growth < MOST_GROWTH_MIB else 'MISSED'}: < {MOST_GROWTH_MIB}); copies on disk {len(copies)}, "
        f"disk at most {memory.disk_bytes / size_bytes:.3f} x the file"
    )


def cut(product: Product, visitor: Visitor, size_bytes: int) -> str:
    """Uploads random bytes in one piece over a slow line that is cut again and again, asking each time for the rest."""
    content = os.urandom(size_bytes)
    address, video = visitor.begin_upload("cut.mp4", size_bytes)
    began, offset, tries = time.monotonic(), 0, 0
    with CuttingProxy(product.port, bytes_per_s=BYTES_PER_S, cut_every_s=CUT_EVERY_S) as line:
        while offset < size_bytes and tries < MOST_TRIES:
            tries += 1
            far = Visitor(line.port, visitor.cookies)
            with suppress(OSError, HTTPException, RuntimeError):
                offset = int(far.tus("HEAD", address).headers["Upload-Offset"])
                if offset < size_bytes:
                    far.tus("PATCH", address, content[offset:], offset=offset)
                    offset = size_bytes
        cuts = line.cuts
    seconds = time.monotonic() - began
    stored = list(product.data_dir.glob(f"media/**/{video}/original"))
    is_whole = [hashlib.sha256(path.read_bytes()).digest() for path in stored] == [hashlib.sha256(content).digest()]
    outcome = "completes, every byte right" if is_whole else f"MISSED: {offset} bytes, stored {len(stored)} times"
    return (
        f"{size_bytes / MEBI:.0f} MiB at {BYTES_PER_S // 1000} kB/s, cut every {CUT_EVERY_S:.0f} s: {outcome} in "
        f"{seconds:.1f} s ({size_bytes / BYTES_PER_S:.1f} s without a cut), {cuts} cuts, {tries} tries"
    )


def measure(gigabytes: int, cut_megabytes: int, folder: Path) -> Iterator[str]:
    with owned_product(folder / "data") as (product, visitor):
        yield cut(product, visitor, cut_megabytes * MEBI)
        for piece_bytes in PIECES:
            yield whole(product, visitor, gigabytes * 1024**3, piece_bytes, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=int, default=2)
    parser.add_argument("--cut-megabytes", type=int, default=10)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        for line in measure(args.gigabytes, args.cut_megabytes, Path(folder)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
