"""The harm that drills do to a product at work, and how long it takes to recover; each returns when it has."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import redis

from benchmarks.drill_work import AWAY, DrillWork
from benchmarks.visitor import Visitor
from tests.waiting import wait_for
from webapp.supervisor.data_folder import DataFolder
from webapp.supervisor.queue_socket import redis_url
from webapp.supervisor.valkey import socket_path

CHILD_BACK_WITHIN_S, PAGE_HEARS_WITHIN_S = 3.0, 5.0
AT_WORK = "SELECT id, kind, worker, claim_id FROM jobs_job WHERE status = 'running' AND claim_id IS NOT NULL"
STILL = "SELECT 1 FROM jobs_job WHERE id = ? AND status = 'running' AND claim_id = ?"
RECOVERS_WITHIN_S = 120
GAP_S = 5.0
FULL_S = 10.0


def kill_worker(work: DrillWork, *, parent: bool, most_s: float | None) -> None:
    """Kills a process in the middle of its work, and waits until nobody takes that for done by it any more."""
    found = work.rows(AT_WORK)
    if not found:
        return
    job, kind, worker, claim = work.random.choice(found)
    _host, parent_pid, pid = str(worker).rsplit(":", 2)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(parent_pid if parent else pid)).kill()
    began_s = time.monotonic()
    wait_for(lambda: not work.rows(STILL, job, claim), within_s=RECOVERS_WITHIN_S, what="the job is given back")
    who = "worker's parent" if parent else "worker's child"
    work.note(f"{who} killed during {kind}, job given back after (s)", time.monotonic() - began_s, most_s)


def kill_child(work: DrillWork) -> None:
    kill_worker(work, parent=False, most_s=CHILD_BACK_WITHIN_S)


def kill_parent(work: DrillWork) -> None:
    kill_worker(work, parent=True, most_s=None)


def kill_web(work: DrillWork) -> None:
    work.random.choice(work.product.children("webapp.supervisor.web")).kill()
    began_s = time.monotonic()
    time.sleep(0.1)
    wait_for(lambda: _answers(work), within_s=RECOVERS_WITHIN_S, what="the web server answers")
    work.note("web server killed, pages are back after (s)", time.monotonic() - began_s)


def kill_supervisor(work: DrillWork) -> None:
    """It is the reaper, too; all other processes end with it, and somebody starts it again."""
    work.product.process.kill()
    work.product.process.wait()
    began_s = time.monotonic()
    work.start(work.product.port)
    work.note("all killed with the supervisor, ready again after (s)", time.monotonic() - began_s)


def kill_queue(work: DrillWork) -> None:
    work.product.child("valkey").kill()
    _hear_of_return(work, "killed")


def empty_queue(work: DrillWork) -> None:
    """What waits is sent anew; nobody is told that it was gone."""
    with _queue(work) as client:
        client.flushall()


def stop_queue(work: DrillWork) -> None:
    """It answers nobody for a while, and all connections stay."""
    process = work.product.child("valkey")
    process.suspend()
    time.sleep(GAP_S)
    process.resume()
    _hear_of_return(work, "stopped for a while")


def fill_disk(work: DrillWork) -> None:
    """Takes every byte again and again, while pages are looked at."""
    ended, disk = threading.Event(), work.folder
    filler = threading.Thread(target=_keep_full, args=(disk / "ballast", ended))
    filler.start()
    faults, until_s = 0, time.monotonic() + FULL_S
    visitor = Visitor(work.product.port, work.visitor.cookies)
    paths = ("/videos/", "/people/", *(f"/videos/{video}/" for video in work.videos.values()))
    while time.monotonic() < until_s:
        for path in paths:
            try:
                visitor.ask("GET", path)
            except AWAY:
                faults += 1
                visitor.connection.close()
        time.sleep(0.2)
    ended.set()
    filler.join()
    (disk / "ballast").unlink()
    work.note("pages that were not served while the disk was full", faults, 0)


def _keep_full(ballast: Path, ended: threading.Event) -> None:
    with ballast.open("ab", buffering=0) as file:
        while not ended.is_set():
            try:
                file.write(bytes(min(1024**2, max(1, shutil.disk_usage(ballast.parent).free))))
            except OSError:
                time.sleep(0.01)


def _queue(work: DrillWork) -> redis.Redis:
    return redis.Redis.from_url(redis_url(socket_path(DataFolder(work.product.data_dir))), socket_timeout=2)


def _hear_of_return(work: DrillWork, how: str) -> None:
    """Waits until the queue answers, and until a page that was open all the time is told what it missed."""

    def is_there() -> bool:
        with suppress(redis.RedisError), _queue(work) as client:
            return bool(client.ping())
        return False

    page = work.page
    assert page is not None
    began_s = time.monotonic()
    wait_for(is_there, within_s=RECOVERS_WITHIN_S, what="the queue answers")
    back_s = time.monotonic()
    work.note(f"queue {how}, it answers after (s)", back_s - began_s)
    wait_for(lambda: page.told_s > back_s, within_s=RECOVERS_WITHIN_S, what="the page is told")
    work.note(f"queue {how}, the open page hears of it after (s)", page.told_s - back_s, PAGE_HEARS_WITHIN_S)


def _answers(work: DrillWork) -> bool:
    visitor = Visitor(work.product.port)
    try:
        return visitor.ask("GET", "/healthz").status == 200
    except AWAY:
        return False


HARM: dict[str, tuple[Callable[[DrillWork], None], int]] = {
    "child": (kill_child, 4),
    "worker": (kill_parent, 3),
    "web": (kill_web, 2),
    "supervisor": (kill_supervisor, 1),
    "queue_killed": (kill_queue, 2),
    "queue_emptied": (empty_queue, 3),
    "queue_away": (stop_queue, 1),
}
"""What is done, and how many times: a job whose worker has died three times is given up."""
