"""Runs ffmpeg as a limited child process at low priority that reports its progress and never outlives its caller."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import IO

from analysis.limited.limits import Limits, own_environment

ROOT = Path(__file__).resolve().parents[2]
NICENESS = 10
REPORT_S = 0.5
MAX_MESSAGE = 300
FILTERS = ("-vf", "-af", "-filter_complex")
LIMITS = Limits(memory_bytes=2_000_000_000, cpu_s=7 * 24 * 3600, file_bytes=256 * 1024**3)
"""Copies of many hours take days of processor time; whoever runs one says what is too much for it."""


def run_ffmpeg(arguments: Sequence[str], report: Callable[[float], None], limits: Limits = LIMITS) -> str | None:
    """Runs ffmpeg to its end; returns None on success, else the last line it printed.

    `report` is called at least once a second with the seconds written so far; if it raises, the process is killed.
    """
    from imageio_ffmpeg import get_ffmpeg_exe  # deferred: rarely needed

    program = get_ffmpeg_exe()
    limits = replace(limits, reads=[program, *files_of(arguments)], writes=[str(Path(arguments[-1]).parent)])
    limited = [sys.executable, "-m", "analysis.limited.command", json.dumps(asdict(limits)), str(NICENESS)]
    command = [program, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-progress", "pipe:1"]
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            [*limited, *command, *arguments],
            env=own_environment() | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
        )
        try:
            assert process.stdout is not None
            _report_until_closed(process.stdout, report)
            status = process.wait()
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if status == 0:
            return None
        messages.seek(0)
        lines = messages.read()[-10 * MAX_MESSAGE :].decode(errors="replace").strip().splitlines()
        return lines[-1][:MAX_MESSAGE] if lines else f"exit status {status}"


def files_of(arguments: Sequence[str]) -> list[str]:
    """Returns the files that ffmpeg is told to read: inputs, and those that filters name."""
    named = [after.removeprefix("file:") for name, after in pairwise(arguments) if name == "-i"]
    filters = [after for name, after in pairwise(arguments) if name in FILTERS]
    return named + [path for chain in filters for path in re.split("[=:,]", chain) if Path(path).is_file()]


def _report_until_closed(output: IO[bytes], report: Callable[[float], None]) -> None:
    """Reports until the process closes its output, also while it prints nothing."""
    news: queue.Queue[float | None] = queue.Queue()

    def read() -> None:
        for line in output:
            key, _, value = line.decode(errors="replace").partition("=")
            if key == "out_time_us" and value.strip().lstrip("-").isdigit():
                news.put(max(int(value) / 1e6, 0.0))
        news.put(None)

    threading.Thread(target=read, name="ffmpeg-progress", daemon=True).start()
    done_s: float | None = 0.0
    last_s = 0.0
    while done_s is not None:
        report(last_s)
        try:
            done_s = news.get(timeout=REPORT_S)
        except queue.Empty:
            continue
        last_s = last_s if done_s is None else done_s
