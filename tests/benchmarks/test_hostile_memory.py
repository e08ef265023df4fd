"""Peak memory of processes that decode, as the benchmark of hostile files reads it."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.hostile_memory import MEGA, Peaks
from tests.waiting import wait_for

HOLDS = """
import sys
held = b"x" * 120_000_000
del held
print("held", flush=True)
sys.stdin.read()
"""


def started(script: Path) -> "subprocess.Popen[bytes]":
    """A process that held 120 MB and gave it back."""
    script.write_text(HOLDS)
    process = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_the_peak_is_of_what_decodes_and_was_begun_meanwhile(tmp_path: Path) -> None:
    with Peaks(os.getpid()) as peaks, started(tmp_path / "other.py"), started(tmp_path / "ffmpeg.py"):
        wait_for(lambda: peaks.decoding_bytes > 120 * MEGA, within_s=20, what="the peak")
    assert peaks.decoding_bytes < 160 * MEGA
    with Peaks(os.getpid()) as nothing, started(tmp_path / "other.py"):
        pass
    with started(tmp_path / "ffmpeg.py"), Peaks(os.getpid()) as earlier:
        pass
    assert nothing.decoding_bytes == earlier.decoding_bytes == 0
