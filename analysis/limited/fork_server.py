"""`python -m analysis.limited.fork_server OWNER`: forks limited processes, which need not load their libraries anew.

It has loaded decoders and never decoded anything: what `analysis.limited.forked` asks for is done by a copy of it that
takes its limits first, once each. Nothing comes back from a copy but how it ended. This process has one thread and no
network, holds nothing of its owner's but ends of lifelines, and ends with its owner.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from struct import Struct

from analysis.limited import child
from analysis.limited.limits import PR_SET_PDEATHSIG
from analysis.limited.no_network import leave_network
from analysis.limited.own_files import drop_capabilities

REQUESTS = 0
"""The descriptor that it is asked through."""
MAX_REQUEST_BYTES = 128 * 1024
DESCRIPTORS = 4
"""Of a request: input, output and errors of the process to be, and the other end of its lifeline."""
THREADS, OPEN_FILES = Path("/proc/self/task"), Path("/proc/self/fd")
STATUS = Struct("!i")
"""What comes back over a lifeline: the number of the process when it begins, then how it ended."""
RESTS_AFTER_S = 60
"""Without a request for so long it gives the memory of what it has loaded back."""
MOST_FORKS = 200
"""Copies have code and data at the same places in memory; after so many it takes others."""


class ForkServer:
    """Forks what is asked for until nobody is left who could ask, and all of it has ended."""

    def __init__(self, owner_pid: int) -> None:
        self.lifelines: dict[int, int] = {}
        """Number of each process -> descriptor."""
        self.forks = 0
        self.poll = select.poll()
        self.poll.register(REQUESTS, select.POLLIN)
        self.is_asked = True
        self.ended, wakes = os.pipe()
        for end in (self.ended, wakes):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.poll.register(self.ended, select.POLLIN)
        self.owner = _descriptor_of(owner_pid)
        if self.owner is not None:
            self.poll.register(self.owner, select.POLLIN)

    def serve(self) -> None:
        """Runs until its work is done; raises ProcessLookupError where its owner has ended before."""
        while self.is_asked or self.lifelines:
            may_rest = self.forks > 0 and not self.lifelines
            waits_ms = None if not may_rest else 0 if self.forks >= MOST_FORKS else RESTS_AFTER_S * 1000
            ready = {descriptor for descriptor, _ in self.poll.poll(waits_ms)}
            if may_rest and (not ready or self.forks >= MOST_FORKS):
                os.execv(sys.executable, sys.orig_argv)  # requests wait for it
            if self.owner in ready:
                raise ProcessLookupError
            # In this order, as numbers of descriptors that are closed come again.
            for lifeline in ready & set(self.lifelines.values()):
                self._kill(lifeline)
            if self.ended in ready:
                self._bury()
            if REQUESTS in ready:
                self._answer()

    def _answer(self) -> None:
        with socket.socket(fileno=os.dup(REQUESTS)) as requests:
            told, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST_BYTES, DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
        if not told:
            self.is_asked = False
            self.poll.unregister(REQUESTS)
            return
        *streams, lifeline = descriptors
        try:
            task, limits = json.loads(told)
            self._fork(task, limits, streams, lifeline)
        except OSError:
            traceback.print_exc()
            os.close(lifeline)  # who asked sees that nothing began
        finally:
            for stream in streams:
                os.close(stream)

    def _fork(self, task: str, limits: str, streams: list[int], lifeline: int) -> None:
        _load(task)
        is_alone = sum(1 for _ in THREADS.iterdir()) == 1
        server_pid, pid = os.getpid(), os.fork()
        if not pid:
            _become(task, limits, streams, server_pid, is_alone=is_alone)
        with suppress(OSError):  # it does so as well, and may have ended
            os.setpgid(pid, pid)
        self.forks += 1
        self.lifelines[pid] = lifeline
        self.poll.register(lifeline, select.POLLIN)
        _tell(lifeline, pid)

    def _kill(self, lifeline: int) -> None:
        """Ends the process whose lifeline was cut, and what it has started."""
        self.poll.unregister(lifeline)
        os.killpg(next(pid for pid, each in self.lifelines.items() if each == lifeline), signal.SIGKILL)

    def _bury(self) -> None:
        """Tells how processes ended."""
        with suppress(BlockingIOError):
            while os.read(self.ended, 4096):
                pass
        for pid, lifeline in list(self.lifelines.items()):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            os.killpg(pid, signal.SIGKILL)  # what it has started; its number is its own until it is waited for
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with suppress(KeyError):  # it was cut
                self.poll.unregister(lifeline)
            del self.lifelines[pid]
            _tell(lifeline, status)
            os.close(lifeline)

    def end_all(self) -> None:
        for pid in self.lifelines:
            os.killpg(pid, signal.SIGKILL)


def _tell(lifeline: int, number: int) -> None:
    with suppress(BrokenPipeError):
        os.write(lifeline, STATUS.pack(number))


def _load(task: str) -> None:
    modules = child.modules_of(task)
    if modules <= sys.modules.keys():
        return
    for module in sorted(modules):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # looking through it would copy it


def _become(task: str, limits: str, streams: list[int], server_pid: int, *, is_alone: bool) -> None:
    """Runs in the copy: leaves what was the server's, then does the task and ends."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != server_pid:  # it ended in between
            return
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        _keep_only(streams)
        if not is_alone:  # what other threads held would stay locked for ever
            os.execv(sys.executable, [sys.executable, "-m", child.MODULE, task, limits])
        status = child.main(task, limits)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def _keep_only(streams: list[int]) -> None:
    """Makes these input, output and errors, and closes all others."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for descriptor in [int(each.name) for each in OPEN_FILES.iterdir()]:
        if descriptor >= len(streams):
            with suppress(OSError):  # the list's own
                os.close(descriptor)


def _descriptor_of(parent_pid: int) -> int | None:
    """Returns what becomes readable when the parent ends; None where the kernel is older than that (Linux 5.3)."""
    try:
        descriptor = os.pidfd_open(parent_pid)
    except OSError:
        descriptor = None
    if os.getppid() != parent_pid:
        raise ProcessLookupError
    return descriptor


def main(owner_pid: str) -> None:
    """Serves this process's parent."""
    drop_capabilities()
    leave_network(starts_processes=True)
    server = None
    try:
        server = ForkServer(int(owner_pid))
        server.serve()
    except ProcessLookupError:
        if server is not None:
            server.end_all()


if __name__ == "__main__":
    main(*sys.argv[1:])
