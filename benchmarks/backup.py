"""Backup of a product at work, restored elsewhere and verified: what comes back, and how long writers wait meanwhile.

`python -m benchmarks backup [--videos 4] [--most-freeze-s 5] [--scratch DIR]`. Uploads and analyses go on while the
first backup is made; it is restored, verified and started, an upload that was half done goes on where it was, and all
work ends well. The second is made when all is quiet: every row and file has to be equal. Exits 1 where one is not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.fairness import upload, video_of, wait_for_analyses
from benchmarks.visitor import EMAIL, HIDDEN_TOKEN, PASSWORD, Visitor, owned_product
from tests.product import PROJECT, Product

VIDEO_S = 12
PIECE_BYTES = 128 * 1024
PADDING_BYTES = 24 * 1024**2
IDLE_S = 5.0


def manage(data_dir: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Runs a command on a data folder; returns how it ended, and the seconds."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    environment = {**clean, "ROLLCALL_DATA_DIR": str(data_dir)}
    began_s = time.monotonic()
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    took_s = time.monotonic() - began_s
    print(
        f"manage.py {arguments[0]}: {took_s:.1f} s, exit {done.returncode}: {done.stdout[-300:].strip()}{done.stderr}"
    )
    sys.stdout.flush()
    return done, took_s


def padded(content: bytes, size_bytes: int) -> bytes:
    """Returns a video with a box that nobody reads, so that its upload takes a while."""
    return content + (size_bytes + 8).to_bytes(4, "big") + b"free" + bytes(size_bytes)


class Uploading(threading.Thread):
    """Uploads one video after the other in small pieces, each of which is a write; notes how long the longest took."""

    def __init__(self, visitor: Visitor, content: bytes) -> None:
        super().__init__(daemon=True)
        self.visitor, self.content = visitor, content
        self.ends = threading.Event()
        self.longest_s = 0.0
        self.pieces = 0
        self.videos: list[str] = []

    def run(self) -> None:
        while not self.ends.is_set():
            mark = f"beside {len(self.videos)}".encode()
            content = self.content + (len(mark) + 8).to_bytes(4, "big") + b"free" + mark
            address, video = self.visitor.begin_upload(f"{mark.decode()}.mp4", len(content))
            for offset in range(0, len(content), PIECE_BYTES):
                began_s = time.monotonic()
                self.visitor.tus("PATCH", address, content[offset : offset + PIECE_BYTES], offset=offset)
                self.longest_s = max(self.longest_s, time.monotonic() - began_s)
                self.pieces += 1
            self.videos.append(video)

    def longest_since(self) -> float:
        """Returns the longest write since this was last asked."""
        longest_s, self.longest_s = self.longest_s, 0.0
        return longest_s


def rows_of(database: Path) -> dict[str, str]:
    """Returns a checksum of all rows of each table."""
    with closing(sqlite3.connect(database)) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: hashlib.sha256(
                repr(sorted(map(repr, opened.execute(f'SELECT * FROM "{table}"')))).encode()
            ).hexdigest()
            for table in tables
        }


def files_of(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def signed_in(product: Product) -> Visitor:
    """Returns the owner in the restored product, by the password of before."""
    visitor = Visitor(product.port)
    visitor.ask("GET", "/sign-in/")
    token = HIDDEN_TOKEN.search(visitor.text)
    assert token, visitor.text
    fields = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], "username": EMAIL, "password": PASSWORD})
    visitor.ask("POST", "/sign-in/", fields.encode(), **{"Content-Type": "application/x-www-form-urlencoded"})
    visitor.ask("GET", "/videos/")
    return visitor


@contextmanager
def started(data_dir: Path) -> Iterator[Visitor]:
    product = Product(data_dir)
    try:
        yield signed_in(product.wait_until_ready())
    finally:
        product.stop()


def at_work(folder: Path, count: int, most_freeze_s: float) -> Iterator[str]:
    """Makes a backup beside uploads and analyses, restores it and lets it end its work; yields what is wrong."""
    data, content = folder / "data", video_of(folder, VIDEO_S)
    with owned_product(data) as (_product, owner):
        wait_for_analyses(owner, [upload(owner, content, "first")])
        half = padded(content, 1_000_000)
        half_address, half_video = owner.begin_upload("half.mp4", len(half))
        owner.tus("PATCH", half_address, half[: len(half) // 2], offset=0)
        begun = [upload(owner, content, f"begun {number}") for number in range(count)]
        beside = Uploading(Visitor(owner.port, owner.cookies), padded(content, PADDING_BYTES))
        beside.start()
        time.sleep(IDLE_S)
        before_s = beside.longest_since()
        done, _took_s = manage(data, "backup", str(folder / "at-work.tar"))
        freeze_s = beside.longest_since()
        beside.ends.set()
        beside.join()
        print(f"{beside.pieces} writes of uploads; longest before {before_s:.2f} s, while it was made {freeze_s:.2f} s")
        if done.returncode:
            yield "the backup at work failed"
            return
        if freeze_s > most_freeze_s:
            yield f"writers waited {freeze_s:.1f} s"
        wait_for_analyses(owner, [*begun, *beside.videos])
        yield from quiet(data, folder)
        live = files_of(data / "media")
    restored = folder / "restored"
    yield from restored_whole(folder / "at-work.tar", restored)
    differing = [key for key, digest in files_of(restored / "media").items() if live.get(key, digest) != digest]
    if differing:
        yield f"{len(differing)} files differ, as {differing[0]}"
    with started(restored) as visitor:
        offset = int(visitor.tus("HEAD", half_address).headers["Upload-Offset"])
        print(f"the half upload goes on at {offset} of {len(half)} bytes")
        if offset != len(half) // 2:
            yield "bytes of the half upload are lost"
        visitor.tus("PATCH", half_address, half[offset:], offset=offset)
        wait_for_analyses(visitor, [*begun, half_video])
    if json.loads(manage(restored, "verify", "--json")[0].stdout)["counts"]:
        yield "verify finds faults after the work has ended"


def restored_whole(backup: Path, to: Path) -> Iterator[str]:
    print(f"{backup.name}: {backup.stat().st_size / 1e6:.1f} MB")
    done, _took_s = manage(to, "restore", str(backup))
    if done.returncode:
        yield f"{backup.name} is not restored"
        return
    told = json.loads(manage(to, "verify", "--json")[0].stdout)
    if told["counts"]:
        yield f"verify of {backup.name} finds {told['counts']}"


def quiet(data: Path, folder: Path) -> Iterator[str]:
    """Makes a backup when nothing is at work, and compares every row and file."""
    time.sleep(IDLE_S)
    rows, files = rows_of(data / "rollcall.sqlite3"), files_of(data / "media")
    manage(data, "backup", str(folder / "quiet.tar"))
    to = folder / "quiet"
    yield from restored_whole(folder / "quiet.tar", to)
    if (restored_rows := rows_of(to / "rollcall.sqlite3")) != rows:
        yield f"rows differ: {sorted(table for table in rows if rows[table] != restored_rows.get(table))}"
    restored_files = files_of(to / "media")
    if restored_files != files:
        yield f"{len(restored_files.items() ^ files.items())} files differ in the quiet backup"
    print(f"quiet: {len(rows)} tables and {len(files)} files compared")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=4)
    parser.add_argument("--most-freeze-s", type=float, default=5.0, help="how long a write may take meanwhile")
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        faults = list(at_work(Path(folder), args.videos, args.most_freeze_s))
    print(f"backup: {'MISSED: ' + '; '.join(faults) if faults else 'every row and file came back, no writer waited'}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
