"""What a process that reads foreign bytes may use, and how it takes these limits upon itself."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.limited.no_network import leave_network
from analysis.limited.own_files import keep_to_own_files
from analysis.weights import FOLDER_VARIABLE

PR_SET_PDEATHSIG = 1
CODE_BYTES = 2 * 1024**3
"""Address space beside the data: libraries, whose pages are the files' own."""
CPU_MARGIN_S = 2
KEPT_VARIABLES: tuple[str, ...] = (
    *("PATH", "HOME", "LANG", "LC_", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHON", "VIRTUAL_ENV"),
    *("OMP_", "OPENBLAS_", "MALLOC_", "CUDA_", "NVIDIA_", "IMAGEIO_FFMPEG_EXE", FOLDER_VARIABLE),
)
"""How names begin of what limited processes get of the environment."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process, for good."""

    memory_bytes: int
    """Heap, stacks and mapped memory; code does not count."""
    cpu_s: int
    """For each question that is asked."""
    file_bytes: int = 0
    """Of each file that it writes; with 0 it writes none."""
    open_files: int = 64
    questions: int = 1
    """After so many a new process answers: flaws of one file should not reach many others."""
    silent_s: float = 30
    """It is ended when it says nothing for so long while it is waited for."""
    reads: Sequence[str] = ()
    """Files, or folders, that it may read beside programs, libraries and weights."""
    writes: Sequence[str] = ()
    """Folders into which it may write."""


def own_environment() -> dict[str, str]:
    """Returns what a limited process gets of this one's environment: no addresses of databases, no keys."""
    return {name: value for name, value in os.environ.items() if name.startswith(KEPT_VARIABLES)}


def limit_this_process(limits: Limits) -> str:
    """Takes the limits upon this process and what it starts; it dies with the thread that started it.

    Returns why the network or foreign files could not be taken away, "" where they are. Files that are open stay open.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for kind, most in (
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_AS, limits.memory_bytes + CODE_BYTES),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _lower(kind, most, most)
    most_s = limits.cpu_s * limits.questions
    _lower(resource.RLIMIT_CPU, most_s, most_s + CPU_MARGIN_S)
    kept = keep_to_own_files(limits.reads, limits.writes)
    return "; ".join(reason for reason in (kept, leave_network()) if reason)


def allow_cpu(more_s: int) -> None:
    """Allows so many seconds more from now on, within what the process may use at all."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (min(int(time.process_time()) + more_s + 1, hard), hard))


def _lower(kind: int, soft: int, hard: int) -> None:
    """Sets a limit where the one that holds already is not tighter."""
    held = resource.getrlimit(kind)[1]
    if held != resource.RLIM_INFINITY:
        soft, hard = min(soft, held), min(hard, held)
    resource.setrlimit(kind, (soft, hard))


def peak_memory_bytes() -> int:
    """Returns the most memory that this process has held since it began (VmHWM); 0 where that is not told."""
    try:
        with Path("/proc/self/status").open() as status:
            lines = dict(line.split(":", 1) for line in status)
    except OSError:
        return 0
    return int(lines.get("VmHWM", "0 kB").split()[0]) * 1024
