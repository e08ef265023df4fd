"""Asks a fork server for limited processes: their pipes, and the lifeline that ends them when it is cut.

Each process has a server of its own, started when it is first needed, and anew where it has ended or the environment
is another. What a process forks shares its server: requests do not get between each other.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from io import FileIO
from pathlib import Path

from analysis.limited.fork_server import STATUS
from analysis.limited.limits import own_environment

ROOT = Path(__file__).resolve().parents[2]
PIPE_BYTES = 2**20
"""What Linux allows to anybody: a frame goes through in a few turns instead of sixty."""
COMMAND = (sys.executable, "-m", "analysis.limited.fork_server")
FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""Each thread of a library that is not even used here takes memory."""
LIBRARIES = "LD_LIBRARY_PATH"


class ForkedProcess:
    """A limited process of the fork server's. It ends when its lifeline is closed, also by the end of this process."""

    def __init__(self, input: FileIO, output: FileIO, errors: FileIO, lifeline: socket.socket) -> None:
        self.input, self.output, self.errors, self._lifeline = input, output, errors, lifeline
        self._status: int | None = None

    def kill(self) -> None:
        """Ends it, if it has not ended."""
        with suppress(OSError):
            self._lifeline.shutdown(socket.SHUT_WR)

    def wait(self) -> int:
        """Waits for its end; returns its exit status, or the negative number of the signal that ended it."""
        if self._status is None:
            told = self._lifeline.recv(STATUS.size)
            self._status = STATUS.unpack(told)[0] if told else -signal.SIGKILL  # it ended with its server
        return self._status

    def close(self) -> None:
        """Closes the pipes and the lifeline."""
        for end in (self.input, self.output, self.errors, self._lifeline):
            end.close()


class _Server:
    """A fork server that runs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.requests, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with asked:
            self.process = subprocess.Popen(
                [*COMMAND, str(os.getpid())],
                cwd=ROOT,
                env=environment,
                stdin=asked.fileno(),
                stdout=subprocess.DEVNULL,
                process_group=0,  # who stops this process from a terminal does not stop what it finishes
            )

    def fork(self, task: str, limits: str) -> ForkedProcess:
        """Returns a process that has begun; raises ConnectionError where the server has ended."""
        with ExitStack() as kept, ExitStack() as handed_over:
            pipes = [_pipe(kept, handed_over, is_input=number == 0) for number in range(3)]
            lifeline, other_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            kept.callback(lifeline.close)
            handed_over.callback(other_end.close)
            theirs = [*(each for _, each in pipes), other_end.fileno()]
            with _lock:
                if self.requests.fileno() < 0:
                    raise ConnectionAbortedError("another thread has left it")
                socket.send_fds(self.requests, [json.dumps([task, limits]).encode()], theirs)
            handed_over.close()
            if not lifeline.recv(STATUS.size):
                raise ConnectionAbortedError("it ended before it forked")
            kept.pop_all()
        input, output, errors = (own for own, _ in pipes)
        return ForkedProcess(input, output, errors, lifeline)


def _pipe(kept: ExitStack, handed_over: ExitStack, *, is_input: bool) -> tuple[FileIO, int]:
    """Returns this process's end of a pipe and the other."""
    reading, writing = os.pipe()
    with suppress(OSError):  # more than this user may have
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    ours, theirs = (writing, reading) if is_input else (reading, writing)
    handed_over.callback(os.close, theirs)
    return kept.enter_context(FileIO(ours, "w" if is_input else "r")), theirs


_lock = threading.RLock()
_server: _Server | None = None
_left: list[_Server] = []
"""Those that nobody asks any more; they end with the last of what they forked."""


def fork_limited(task: str, limits: str) -> ForkedProcess:
    """Returns a limited process for the task; `limits` is the JSON of `Limits`. Raises OSError where none starts."""
    for _ in range(2):
        server = start_server()
        try:
            return server.fork(task, limits)
        except ConnectionError:
            leave_server(server)
    raise OSError("no process starts for what others have sent")


def start_server() -> _Server:
    """Starts a fork server, if none runs that fits; processes that are forked from now on share it."""
    global _server
    environment = own_environment() | FEW_THREADS
    with _lock:
        if _server is not None and not _alike(_server.environment, environment):
            leave_server()
        _left[:] = [each for each in _left if each.process.poll() is None]
        if _server is None:
            _server = _Server(environment)
        return _server


def _alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Compares environments, but for where libraries are looked for: OpenCV adds to that as it is loaded."""
    return {**one, LIBRARIES: ""} == {**other, LIBRARIES: ""}


def leave_server(server: _Server | None = None) -> None:
    """Asks the server, or the one there is, no more; what it has forked goes on."""
    global _server
    with _lock:
        if _server is not None and server in (_server, None):
            _left.append(_server)
            _server.requests.close()
            _server = None


def _unlock() -> None:
    global _lock
    _lock = threading.RLock()


@atexit.register
def _end() -> None:
    """Ends the servers that this process has started; so what they used is counted as its own."""
    for server in (*_left, *([_server] if _server is not None else [])):
        server.process.terminate()
        server.process.wait()


os.register_at_fork(after_in_child=_unlock)  # another thread may have held it
