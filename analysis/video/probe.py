"""Probes an untrusted file in a sandboxed child process, with limits on time and memory."""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from analysis import errors
from analysis.types import VideoInfo

CPU_SECONDS_MARGIN = 5
REFUSED = 2
ROOT = Path(__file__).resolve().parents[2]


def probe_in_subprocess(path: Path, timeout_s: float = 20, memory_bytes: int = 1_500_000_000) -> VideoInfo:
    """Returns what the file holds; raises UnreadableVideo or a subclass.

    A child process opens the file and decodes a frame, so that a hostile file can neither hang, crash nor fill this
    process. Exceeding a limit raises ProbeLimit.
    """
    command = [
        sys.executable,
        "-m",
        "analysis",
        "probe",
        "--memory-bytes",
        str(memory_bytes),
        "--",
        str(path.resolve()),
    ]
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise errors.ProbeLimit(f"{path.name}: probing it took more than {timeout_s:g} s") from error
    try:
        answer = json.loads(done.stdout.decode().strip().rpartition("\n")[2])
    except ValueError as error:
        raise errors.ProbeLimit(f"{path.name}: the probe crashed (exit status {done.returncode})") from error
    if done.returncode == REFUSED:
        raise _error_kind(answer["error"])(answer["message"])
    return VideoInfo(**answer)


def _error_kind(code: str) -> type[errors.UnreadableVideo]:
    kinds = [errors.NoVideoStream, errors.ForbiddenFormat, errors.ProbeLimit, errors.PictureTooLarge]
    return next((kind for kind in kinds if kind.code == code), errors.UnreadableVideo)


def run_probe(args: argparse.Namespace) -> int:
    """Runs `probe`: prints VideoInfo as JSON, or `{"error", "message"}` and returns 2."""
    limit_this_process(getattr(args, "memory_bytes", None))
    from analysis.video.decode import probe  # deferred: loads cv2

    try:
        info = probe(Path(args.video))
    except errors.AnalysisError as error:
        return _refuse(error.code, str(error))
    except MemoryError:
        return _refuse(errors.ProbeLimit.code, f"{Path(args.video).name}: needs more memory than an honest video")
    print(json.dumps(asdict(info)))
    return 0


def _refuse(code: str, message: str) -> int:
    print(json.dumps({"error": code, "message": message}))
    return REFUSED


def limit_this_process(memory_bytes: int | None, cpu_s: float = 20) -> None:
    """Limits memory and CPU time of this process for good: it reads one untrusted file and ends."""
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    seconds = math.ceil(cpu_s)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + CPU_SECONDS_MARGIN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
