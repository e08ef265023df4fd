"""Starts the real product as `./scripts/run` does, on a data folder and port of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import psutil

from tests.waiting import wait_for

PROJECT = Path(__file__).parents[1]
OWN_VARIABLES = ("ROLLCALL_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "TMPDIR")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Product:
    """A running `manage.py up`; its output is in `out`."""

    def __init__(self, data_dir: Path, port: int | None = None, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.log = Path(tempfile.mkdtemp()) / "up.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
        self.environment = {**clean, **environment}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--data-dir", str(data_dir), "--port", str(self.port)],
                cwd=PROJECT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def out(self) -> str:
        return self.log.read_text()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> "Product":
        wait_for(lambda: "is ready" in self.out or self.process.poll() is not None, within_s=90, what="the start")
        assert "is ready" in self.out, self.out
        return self

    @cached_property
    def owner_link(self) -> str:
        """As an operator gets it: the output goes to a file, where no link is written."""
        assert "/welcome/" not in self.out
        return f"{self.address}{self.command('owner_link').strip()}"

    def command(self, *words: str) -> str:
        """Runs `manage.py` on its data; returns what that prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=PROJECT,
            env={**self.environment, "ROLLCALL_DATA_DIR": str(self.data_dir), "ROLLCALL_HOSTS": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, *words: str) -> psutil.Process:
        """The direct child whose command line holds all words."""
        found = self.children(*words)
        assert found, f"no child {words}: {self.out}"
        return found[0]

    def children(self, *words: str) -> list[psutil.Process]:
        """All direct children whose command line holds all words."""
        found = []
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):  # one that was killed a moment ago
                line = " ".join(process.cmdline())
                if process.status() != psutil.STATUS_ZOMBIE and all(word in line for word in words):
                    found.append(process)
        return found

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stops it as Ctrl-C would; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(40)
