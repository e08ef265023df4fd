"""Delay from a worker's progress report to the browser: the real worker, the real socket, a page in Chromium.

A database trigger records when the worker noted each state of a job (its own clock, before the write), a script on the
page when the socket delivered it. `python -m benchmarks.live [--minutes 3] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from benchmarks.first_face import chunks_of, long_video
from benchmarks.visitor import EMAIL, PASSWORD, Visitor
from tests.e2e.browser import browser, new_context, sign_in
from tests.product import Product

WITHIN_S = 600
NOTE_MESSAGES = """
window.heard = [];
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...words) {
    super(...words);
    this.addEventListener("message", (event) => {
      const told = JSON.parse(event.data);
      if (told.type === "job") window.heard.push([told.id, told.sequence, Date.now(), told.status]);
    });
  }
};
"""
KEEP_EVENTS = """
CREATE TABLE benchmark_events (job TEXT, sequence INTEGER, noted_at TEXT);
CREATE TRIGGER benchmark_keep AFTER UPDATE OF sequence ON jobs_job WHEN new.heartbeat_at IS NOT old.heartbeat_at
BEGIN INSERT INTO benchmark_events VALUES (new.id, new.sequence, new.heartbeat_at); END;
"""


def noted(database: Path) -> dict[tuple[str, int], float]:
    """Returns when the worker noted each state, in seconds since 1970, by job and sequence."""
    with sqlite3.connect(database, timeout=30) as connection:
        rows = connection.execute("SELECT job, sequence, noted_at FROM benchmark_events").fetchall()
    times = {}
    for job, sequence, at in rows:
        times[str(UUID(job)), sequence] = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    return times


def measure(minutes: float, folder: Path) -> str:
    product = Product(folder / "data")
    try:
        product.wait_until_ready()
        database = product.data_dir / "rollcall.sqlite3"
        with sqlite3.connect(database, timeout=30) as connection:
            connection.executescript(KEEP_EVENTS)
        visitor = Visitor(product.port)
        visitor.become_owner(product.owner_link)
        with browser() as chromium:
            context = new_context(chromium)
            context.add_init_script(NOTE_MESSAGES)
            page = context.new_page()
            sign_in(page, product.address, EMAIL, PASSWORD)
            path = long_video(folder, minutes, 0)
            upload, video = visitor.begin_upload(path.name, path.stat().st_size)
            page.goto(f"{product.address}/videos/{video}/")
            visitor.send(upload, chunks_of(path))
            give_up_at = time.monotonic() + WITHIN_S
            while "done" not in visitor_state(visitor, video) and time.monotonic() < give_up_at:
                page.wait_for_timeout(500)
            heard = page.evaluate("() => window.heard")
        times = noted(database)
        late_ms = [
            1000 * (at / 1000 - times[job, sequence]) for job, sequence, at, _ in heard if (job, sequence) in times
        ]
        slow_ms = quantiles(late_ms, n=20)[-1]
        return (
            f"{len(late_ms)} states of the worker heard in Chromium: median {median(late_ms):.0f} ms, "
            f"95 % within {slow_ms:.0f} ms, slowest {max(late_ms):.0f} ms"
        )
    finally:
        product.stop()


def visitor_state(visitor: Visitor, video: str) -> str:
    visitor.ask("GET", f"/videos/changes/?card={video}")
    return visitor.text.partition('data-state="')[2].partition('"')[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        print(measure(args.minutes, Path(folder)))


if __name__ == "__main__":
    main()
