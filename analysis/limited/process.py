"""Runs a task on foreign bytes in a limited process: what that process says, or an ordinary error with words.

This is the only way in which a file that a person sent is decoded. The child has a limit on memory, processor time,
files and network (`analysis.limited.limits`), dies with who waits for it, and can only say JSON and bytes.
"""

from __future__ import annotations

import json
import logging
import select
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict
from io import FileIO

from analysis.errors import AnalysisError, ProbeLimit
from analysis.limited.child import ENDS, OUT_OF_MEMORY, SPOKEN, TASKS
from analysis.limited.forked import fork_limited
from analysis.limited.limits import Limits
from analysis.limited.messages import BadMessage, Buffer, Fields, read_message, write_message

logger = logging.getLogger(__name__)

LISTEN_S = 0.5
"""How often who waits is called, who may want to stop."""
KEPT_ERRORS_BYTES = 4000
TOO_LONG = (-signal.SIGXCPU, -signal.SIGKILL)
_told = threading.Event()


def nothing() -> None:
    """Is called while a child is waited for, by who has nothing to look at meanwhile."""


def run_limited(
    task: str,
    fields: Fields,
    limits: Limits,
    parts: Sequence[Buffer] = (),
    *,
    name: str,
    fails_as: type[AnalysisError] = ProbeLimit,
    while_waiting: Callable[[], None] = nothing,
) -> Generator[tuple[Fields, list[bytearray]], None, None]:
    """Yields what the task says. Closing it ends the child; so does whatever `while_waiting` raises.

    `name` is that of the file, for messages. Raises the task's AnalysisError, or `fails_as` where the child went beyond
    a limit or broke.
    """
    with LimitedProcess(task, limits, fails_as) as process:
        yield from process.ask(fields, parts, name=name, while_waiting=while_waiting)


def ask_limited(
    task: str,
    fields: Fields,
    limits: Limits,
    parts: Sequence[Buffer] = (),
    *,
    name: str,
    fails_as: type[AnalysisError] = ProbeLimit,
) -> tuple[Fields, list[bytearray]]:
    """Returns the one message of a task that says one; raises as `run_limited` does."""
    with LimitedProcess(task, limits, fails_as) as process:
        return process.ask_once(fields, parts, name=name)


class LimitedProcess:
    """A child for one kind of task, asked one question after another; one that breaks is replaced for the next.

    Not for several threads at once. Closing it ends the child.
    """

    def __init__(self, task: str, limits: Limits, fails_as: type[AnalysisError] = ProbeLimit) -> None:
        if task not in TASKS:
            raise KeyError(task)
        self.task, self.limits, self.fails_as = task, limits, fails_as
        self.peak_memory_bytes = 0
        """The most that a child has held, as far as they lived to say so."""
        self._child: _Child | None = None
        self._questions = 0

    def __enter__(self) -> LimitedProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child, if there is one."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def ask_once(self, fields: Fields, parts: Sequence[Buffer] = (), *, name: str) -> tuple[Fields, list[bytearray]]:
        """Returns the one message of a task that says one."""
        answers = list(self.ask(fields, parts, name=name))
        if len(answers) != 1:
            raise self.fails_as(f"{name}: the process that read it broke ({len(answers)} answers)")
        return answers[0]

    def ask(
        self,
        fields: Fields,
        parts: Sequence[Buffer] = (),
        *,
        name: str,
        while_waiting: Callable[[], None] = nothing,
    ) -> Generator[tuple[Fields, list[bytearray]], None, None]:
        """Yields what the task says of one question."""
        if self._child is None or self._questions >= self.limits.questions:
            self.close()
            self._child, self._questions = _Child(self.task, self.limits), 0
        child, self._questions = self._child, self._questions + 1
        ended = False
        try:
            child.ask(fields, parts)
            for said, blobs in child.answers(self.limits.silent_s, while_waiting):
                if said[SPOKEN] == ENDS:
                    ended = True
                    self.peak_memory_bytes = max(self.peak_memory_bytes, said.get("peak") or 0)
                    _raise_error(said, name, self.fails_as)
                    return
                yield said, blobs
        except _Silent as error:
            raise self.fails_as(f"{name}: reading it took more than {self.limits.silent_s:g} s") from error
        except BadMessage as error:
            raise self.fails_as(f"{name}: the process that read it broke ({error})") from error
        except EOFError as error:
            raise self.fails_as(f"{name}: the process that read it {child.how_it_ended()}") from error
        finally:
            if not ended:
                self.close()


class _Silent(Exception):
    """The child says nothing."""


class _Pipe:
    """Reads from the child as long as it goes on talking."""

    def __init__(self, output: FileIO, silent_s: float, while_waiting: Callable[[], None]) -> None:
        self.output, self.silent_s, self.while_waiting = output, silent_s, while_waiting
        self.poll = select.poll()
        self.poll.register(output, select.POLLIN)

    def exactly(self, size: int) -> bytearray:
        """Returns so many bytes; raises EOFError or _Silent."""
        held = bytearray(size)
        view, filled = memoryview(held), 0
        deadline_s = time.monotonic() + self.silent_s
        while filled < size:
            if not self.poll.poll(LISTEN_S * 1000):
                self.while_waiting()
                if time.monotonic() > deadline_s:
                    raise _Silent
                continue
            count = self.output.readinto(view[filled:])
            if not count:
                raise EOFError
            filled += count
            deadline_s = time.monotonic() + self.silent_s
        return held


class _LastErrors:
    """Keeps the end of what a process prints as errors, so that it never waits for a reader."""

    def __init__(self, stream: FileIO) -> None:
        self.stream, self.kept = stream, b""
        self.thread = threading.Thread(target=self._read, name="limited-errors", daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while block := self.stream.read(KEPT_ERRORS_BYTES):
            self.kept = (self.kept + block)[-KEPT_ERRORS_BYTES:]

    def last(self) -> str:
        self.thread.join(timeout=LISTEN_S)
        return self.kept.decode(errors="replace").strip()


class _Child:
    """The process itself and its pipes."""

    def __init__(self, task: str, limits: Limits) -> None:
        self.process = fork_limited(task, json.dumps(asdict(limits)))
        self.errors = _LastErrors(self.process.errors)

    def ask(self, fields: Fields, parts: Sequence[Buffer]) -> None:
        try:
            write_message(self.process.input, fields, parts)
        except BrokenPipeError:
            logger.warning("A limited process ended before it was asked")  # what it says last tells why

    def answers(self, silent_s: float, while_waiting: Callable[[], None]) -> Iterator[tuple[Fields, list[bytearray]]]:
        """Yields messages until the child ends, which raises EOFError."""
        reader = _Pipe(self.process.output, silent_s, while_waiting)
        while True:
            said, blobs = read_message(reader.exactly)
            if SPOKEN not in said:
                raise BadMessage("of no kind")
            if said[SPOKEN] == "begins":
                _tell_once(said.get("no_network"))
            else:
                yield said, blobs

    def how_it_ended(self) -> str:
        status = self.process.wait()
        logger.warning("A limited process ended with %s: %s", status, self.errors.last())
        return "took too long" if status in TOO_LONG else f"crashed (exit status {status})"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.errors.thread.join(timeout=LISTEN_S)
        self.process.close()


def _raise_error(ending: Fields, name: str, fails_as: type[AnalysisError]) -> None:
    code = ending.get("error")
    if code is None:
        return
    if code == OUT_OF_MEMORY:
        raise fails_as(f"{name}: reading it needs more memory than is allowed")
    kind = next((kind for kind in _kinds(AnalysisError) if kind.code == code), fails_as)
    raise kind(str(ending.get("message", ""))[:1000])


def _kinds(kind: type[AnalysisError]) -> list[type[AnalysisError]]:
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in _kinds(below))]


def _tell_once(no_network: object) -> None:
    if no_network and not _told.is_set():
        _told.set()
        logger.warning("Processes that read foreign files keep the network: %s", no_network)
