"""Looking at an untrusted file in a process of its own, with limits on time and memory."""

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
    """What the file holds; raises UnreadableVideo or one of its kinds.

    A child process opens the file and decodes a frame, so that a hostile one can neither hang nor crash nor fill this
    process; going over a limit raises ProbeLimit.
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
        raise errors.ProbeLimit(f"{path.name}: looking at it took more than {timeout_s:g} s") from error
    try:
        answer = json.loads(done.stdout.decode().strip().rpartition("\n")[2])
    except ValueError as error:
        raise errors.ProbeLimit(f"{path.name}: looking at it broke off (exit status {done.returncode})") from error
    if done.returncode == REFUSED:
        raise _error_kind(answer["error"])(answer["message"])
    return VideoInfo(**answer)


def _error_kind(code: str) -> type[errors.UnreadableVideo]:
    kinds = [errors.NoVideoStream, errors.ForbiddenFormat, errors.ProbeLimit, errors.PictureTooLarge]
    return next((kind for kind in kinds if kind.code == code), errors.UnreadableVideo)


def run_probe(args: argparse.Namespace) -> int:
    """The `probe` command: VideoInfo as JSON on stdout, or `{"error", "message"}` and exit status 2."""
    limit_this_process(getattr(args, "memory_bytes", None))
    from analysis.video.decode import probe

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
    """Limits memory and computing time for good; for a process that looks at one untrusted file and ends."""
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    seconds = math.ceil(cpu_s)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + CPU_SECONDS_MARGIN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
