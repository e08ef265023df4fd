"""Memory: the analysing process on a 10 second and on a 10 minute clip of the same content.

`python -m benchmarks.memory [--long 600] [--height 720] [--content talk] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from analysis.types import Thoroughness
from benchmarks.clips import ffmpeg
from benchmarks.speed import CONTENTS, analyse_command, make_clip

SHORT_S = 10
WATCH_EVERY_S = 0.05


def peak_bytes(command: list[str]) -> int:
    """Runs the command; returns the peak resident size of its process and children together."""
    peak = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                family = [watched, *watched.children(recursive=True)]
                peak = max(peak, sum(member.memory_info().rss for member in family))
            except psutil.NoSuchProcess:
                continue
            time.sleep(WATCH_EVERY_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", type=int, default=600, help="seconds of the long clip")
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--content", choices=list(CONTENTS), default="mixed")
    parser.add_argument("--thoroughness", choices=list(Thoroughness), default=Thoroughness.BALANCED)
    parser.add_argument("--scratch", type=Path, help="folder for the clips, kept for the next run")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.scratch or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        short = make_clip(folder, args.content, SHORT_S, (args.height * 16 // 9, args.height))
        long = folder / f"{short.stem}_repeated_{args.long}s.mp4"
        if not long.exists():
            ffmpeg("-stream_loop", "-1", "-i", str(short), "-t", str(args.long), "-c", "copy", str(long))
        peaks = {
            clip: peak_bytes(analyse_command(clip, Path(scratch) / "out", Thoroughness(args.thoroughness)))
            for clip in (short, long)
        }
    for clip, peak in peaks.items():
        print(f"{clip.stem:40} {peak / 1e6:7.1f} MB")
    print(f"long : short {peaks[long] / peaks[short]:.3f}")


if __name__ == "__main__":
    main()
