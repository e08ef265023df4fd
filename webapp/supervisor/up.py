"""`manage.py up`: starts the whole product on one machine, keeps it running, and stops it in order.

Runs before Django is set up, because it makes the data folder, the key and the queue that the settings ask for.
"""

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.supervisor import addresses, log_files, queue_socket, valkey
from webapp.supervisor.children import Child, stop_together
from webapp.supervisor.data_folder import DataFolder
from webapp.supervisor.trouble import StartupError
from webapp.supervisor.web_servers import REPLACE_SIGNAL, WebServers, command, wanted_count

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PROJECT = Path(__file__).resolve().parent.parent.parent
CHECK_EVERY_S = 0.3
WORKERS = {"checks": ("checks",), "media": ("media",), "analysis": ("analysis",), "training": ("training",)}
"""Name of each worker and its queues. A check never waits behind a web copy, nor an analysis behind a training."""
CHILD_LIMITS = {"media": "--max-memory-per-child 250000", "training": "--max-tasks-per-child 1"}
"""When a worker's child is replaced: after a job that took more memory (in KB) than copies and samples do, as networks,
also on the graphics card, give theirs back only so; a training has a process of its own."""

NICENESS = {"media": 5, "analysis": 5, "training": 5}
"""Somebody waits for each page: work of minutes gets a third of the processor that a page gets where both want it."""


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # videos of people are nobody else's business, nor is the database
    supervisor = Supervisor(options.data_dir.expanduser().resolve(), options.host, options.port)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    signal.signal(REPLACE_SIGNAL, lambda *_: supervisor.replacing.set())
    try:
        supervisor.start()
        supervisor.watch()
    except StartupError as error:
        print(f"Rollcall cannot start: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        supervisor.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./scripts/run", description="Starts Rollcall on this machine.")
    folder = Path(os.environ.get("ROLLCALL_DATA_DIR") or PROJECT / "data")
    parser.add_argument("--data-dir", type=Path, default=folder, metavar="DIR", help=f"where data is kept ({folder})")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, metavar="NUMBER", help="port to listen on (8000)")
    return parser


def _port(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: expected a number from 1 to 65535")


class Supervisor:
    """Owns all child processes. They start as queue, web, workers; they stop as web, workers, queue."""

    def __init__(self, data_dir: Path, host: str, port: int) -> None:
        self.data = DataFolder(data_dir)
        self.host, self.port = host, port
        self.stopping, self.replacing = threading.Event(), threading.Event()
        self.queue: Child | None = None
        self.workers: list[Child] = []
        self.web: WebServers | None = None
        self.listener: socket.socket | None = None
        self.database: BaseDatabaseWrapper | None = None
        self.is_ready = False

    def start(self) -> None:
        say("Rollcall is starting ...")
        self.data.prepare()
        self.listener = addresses.listen(self.host, self.port)
        self._set_environment()
        if not os.environ.get("REDIS_URL"):
            self._start_queue()
        from webapp.supervisor import installation  # deferred: app registry

        self.database = installation.prepare(self.data, owns_workers=self.queue is not None)
        self.data.balance_reserves()
        self.is_ready = True
        self.web = WebServers(self._web, self.data.tmp, wanted_count())
        first = self.web.serving[0]
        first.start()
        if not installation.wait_for_web(self.host, self.port, first, self.stopping):
            return
        # Only now: each loads for seconds, which would delay the first page; work waits in queues meanwhile.
        self.web.start()
        self.workers = [self._worker(name, queues) for name, queues in WORKERS.items()]
        for worker in self.workers:
            worker.start()
        say(installation.welcome(addresses.url(self.host, self.port)))

    def watch(self) -> None:
        from webapp.supervisor import installation  # deferred: app registry

        next_round_s = 0.0
        while not self.stopping.wait(CHECK_EVERY_S):
            for child in self._children():
                if words := child.has_just_died():
                    say(words)
                    if self.queue is not None:
                        installation.recover(child.queues)
                if child.start_if_due():
                    say(f"{child.name} is running again")
                    if child is self.queue:
                        next_round_s = 0.0  # it begins empty: what waits is sent anew
            self._tend_web()
            log_files.turn_large(self.data.logs)
            self.data.balance_reserves()
            if time.monotonic() >= next_round_s:
                next_round_s = time.monotonic() + installation.reap()
                self._end_deaf_workers(installation.unserved_queues())

    def _tend_web(self) -> None:
        if self.web is None:
            return
        if self.replacing.is_set():
            self.replacing.clear()
            self.web.replace()
        for words in self.web.tick():
            say(words)

    def _end_deaf_workers(self, unserved: Sequence[str]) -> None:
        """Kills workers that took nothing of what waits for several rounds; they start again like dead ones."""
        for worker in self.workers:
            if worker.seems_deaf(bool(set(worker.queues) & set(unserved))):
                say(f"{worker.name} takes no work and is started again (see {worker.log})")
                worker.kill()

    def stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # already on the way
        if self.web is not None:
            say("Stopping ...")
            self.web.stop()
        stop_together(self.workers)
        if self.is_ready and self.queue is not None:
            from webapp.supervisor import installation  # deferred: app registry

            installation.put_back()
        if self.database is not None:
            self.database.close()
        if self.queue is not None:
            self.queue.stop()
            valkey.remove_socket(valkey.socket_path(self.data), self.data)
        if self.listener is not None:
            self.listener.close()
        if self.is_ready:
            say("Stopped.")

    def _children(self) -> list[Child]:
        return [child for child in (self.queue, *self.workers) if child is not None]

    def _set_environment(self) -> None:
        """Sets what this process and all children share; anything set from outside stays."""
        os.environ["ROLLCALL_DATA_DIR"] = str(self.data.root)
        os.environ["TMPDIR"] = str(self.data.tmp)  # uploads are spooled there: same disk as the store
        os.environ.setdefault("ROLLCALL_STATIC_DIR", str(self.data.static))
        os.environ.setdefault("ROLLCALL_HOSTS", ",".join(addresses.allowed_hosts(self.host)))
        os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
        os.environ["PYTHONUNBUFFERED"] = "1"

    def _start_queue(self) -> None:
        path = valkey.socket_path(self.data)
        self.queue = valkey.child(self.data, path)
        self.queue.start()
        os.environ["REDIS_URL"] = queue_socket.redis_url(path)
        valkey.wait_until_it_answers(self.queue, os.environ["REDIS_URL"])

    def _worker(self, name: str, queues: tuple[str, ...]) -> Child:
        words = f"-A webapp.celery -q worker -P prefork -c 1 -l INFO --without-gossip --without-mingle -n {name}@%h"
        words += f" -Q {','.join(queues)} {CHILD_LIMITS.get(name, '')}"
        # This process has just run the checks, which load all pages; each worker would run them again.
        environment = {**os.environ, "CELERY_SKIP_CHECKS": "yes"}
        return Child(
            name=f"The worker for {name}",
            command=[sys.executable, "-m", "celery", *words.split()],
            log=self.data.logs / f"worker-{name}.log",
            environment=environment,
            folder=PROJECT,
            stop_signal=signal.SIGQUIT,
            inherited_fds=(self.data.lock_fd,),
            queues=queues,
            niceness=NICENESS.get(name, 0),
        )

    def _web(self, name: str, ready: Path) -> Child:
        assert self.listener is not None
        listener_fd = self.listener.fileno()
        return Child(
            name=name,
            command=command(listener_fd, ready),
            log=self.data.logs / "web.log",
            environment=dict(os.environ),
            folder=PROJECT,
            stop_within_s=5.0,
            inherited_fds=(listener_fd, self.data.lock_fd),
        )


def say(words: str) -> None:
    with suppress(OSError):  # the output may go to a file on a full disk, or to a terminal that is gone
        print(words, flush=True)
