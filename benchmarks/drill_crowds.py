"""Drills of many: a thousand open pages of one team, and a queue of five thousand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from statistics import quantiles

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.drill_page import socket_of
from benchmarks.drill_work import DrillWork
from benchmarks.fairness import video_of

PAGES, HEARD_WITHIN_S = 1000, 2.0
WAITING, PAGE_WITHIN_MS = 5000, 300.0
LOOKED_S = 10.0
NEW_JOBS = f"""
from tests.factories import make_team
from webapp.jobs.models import Job, JobKind
from webapp.team_scope import across_teams
from uuid import uuid4
with across_teams():
    team = make_team("Crowd")
    Job.objects.bulk_create(Job(kind=JobKind.EXPORT, team=team, subject_id=uuid4()) for _ in range({WAITING}))
"""


def many_pages(work: DrillWork) -> None:
    """A video comes through while so many pages are open; each hears that its analysis has ended."""
    work.environment |= {"ROLLCALL_SOCKETS_PER_PERSON": str(2 * PAGES), "ROLLCALL_REQUESTS_PER_MINUTE": "0"}
    work.start()
    try:
        work.sign_in()
        heard = asyncio.run(_hear(work))
        work.note("open pages that heard of the end", len(heard))
        work.note("open pages that did not", PAGES - len(heard), 0)
        work.note("all hear of the end within (s of each other)", max(heard) - min(heard), HEARD_WITHIN_S)
    finally:
        work.stop()


async def _hear(work: DrillWork) -> list[float]:
    path, headers = socket_of(work)
    place = f"ws://127.0.0.1:{work.product.port}{path}"
    places = asyncio.Semaphore(20)

    async def open_page() -> ClientConnection:
        async with places:
            return await connect(place, additional_headers=headers, open_timeout=120)

    pages = await asyncio.gather(*(open_page() for _ in range(PAGES)))

    async def ends(page: ClientConnection) -> float:
        async for message in page:
            told = json.loads(message)
            if told.get("kind") == "analysis" and told.get("status") == "done":
                return time.monotonic()
        raise RuntimeError("the server hung up")

    listening = [asyncio.create_task(ends(page)) for page in pages]
    content = video_of(work.folder, 3)
    address, work.videos["heard"] = await asyncio.to_thread(work.visitor.begin_upload, "heard.mp4", len(content))
    await asyncio.to_thread(work.visitor.send, address, iter([content]))
    done, _late = await asyncio.wait(listening, timeout=120)
    heard = [task.result() for task in done if task.exception() is None]
    await asyncio.gather(*(page.close() for page in pages), return_exceptions=True)
    return heard


def long_queue(work: DrillWork) -> None:
    """So many jobs of another team wait; pages are looked at, and a video of one's own comes through."""
    work.start()
    try:
        work.sign_in()
        work.product.command("shell", "--no-imports", "-c", NEW_JOBS)
        took_ms, until_s = [], time.monotonic() + LOOKED_S
        while time.monotonic() < until_s:
            for path in ("/videos/", "/exports/", "/healthz"):
                began_s = time.monotonic()
                work.visitor.ask("GET", path)
                took_ms.append(1000 * (time.monotonic() - began_s))
        left = work.rows("SELECT COUNT(*) FROM jobs_job WHERE status = 'queued'")[0][0]
        work.note("jobs that still wait after looking at pages", float(str(left)))
        work.note("pages beside them, 95 % within (ms)", quantiles(took_ms, n=20)[-1], PAGE_WITHIN_MS)
        began_s = time.monotonic()
        content = video_of(work.folder, 3)
        address, video = work.visitor.begin_upload("own.mp4", len(content))
        work.visitor.send(address, iter([content]))
        work.wait_for(video, "analysis")
        work.note("a video of one's own comes through in (s)", time.monotonic() - began_s)
    finally:
        work.stop()


CROWDS: dict[str, Callable[[DrillWork], None]] = {"sockets": many_pages, "waiting": long_queue}
