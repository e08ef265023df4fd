"""Reels: every frame of a reel compared with the frame of its source that it should be, and speed.

`python -m benchmarks reel [--seconds 60] [--scratch DIR]`

A frame counts as exact where it resembles its own source frame more than those before and after it, and by at least
`LEAST_PSNR_DB`; still pictures, whose neighbours look the same, need only the latter.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from analysis.types import WHOLE_VIDEO, Image
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from benchmarks import speed
from benchmarks.blur import analysed
from benchmarks.shared import say, shared_folder
from benchmarks.speed import Cost, cost_of

LEAST_PSNR_DB = 30.0
LEAST_SPEED = 5.0
SIDE = 160
MIXED = (
    "faces_multi/friday_bw_cc0.mp4",
    "compilations/grid_4people_cuts.mp4",
    "faces_multi/foreman_hevc_720p.mp4",
    "faces_single/asl_book.mkv",
    "formats/face_vfr.mp4",
)


def make_reel(videos: list[Path], folder: Path, name: str, *options: str) -> tuple[Path, dict[str, Any], Cost]:
    """Returns the reel of the first person of each video, its report, and what it took."""
    results = [str(analysed(video, folder)) for video in videos]
    out = folder / name
    command = [sys.executable, "-m", "analysis", "reel", *map(str, videos), "--result", *results, "--out", str(out)]
    cost = cost_of([*command, "--person", "1", *options])
    return out, json.loads(out.with_name(f"{name}.json").read_text()), cost


def greys(video: Path) -> Iterator[tuple[float, Image]]:
    """Yields time and a small grey picture of every frame."""
    every = Sampling(0, SIDE, references_only=False, deblock=True)
    for frame in sample_frames(video, probe(video), WHOLE_VIDEO, every, DecodeCounts()):
        grey = cv2.cvtColor(frame.image_bgr, cv2.COLOR_BGR2GRAY)
        yield frame.time_s, np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def psnr_db(picture: Image, other: Image) -> float:
    error = float(((picture.astype(np.float32) - other) ** 2).mean())
    return 10 * math.log10(255**2 / max(error, 1e-3))


def exact_frames(video: Path, reel: Path, report: dict[str, Any]) -> tuple[int, int]:
    """Returns how many frames of a reel of one video are exact, and how many there should be."""
    source = list(greys(video))
    times = [time_s for time_s, _ in source]
    shown = [grey for _, grey in greys(reel)]
    expected: list[int] = []
    for part in report["parts"]:
        first = int(np.searchsorted(times, part["first_s"] - 1e-4))
        last = int(np.searchsorted(times, part["last_s"] - 1e-4))
        expected += range(first, last + 1)
    exact = 0
    for number, grey in zip(expected, shown, strict=False):
        own = psnr_db(grey, source[number][1])
        near = [source[n][1] for n in (number - 1, number + 1) if 0 <= n < len(source)]
        differing = [other for other in near if psnr_db(other, source[number][1]) < own]
        exact += own >= LEAST_PSNR_DB and all(own > psnr_db(grey, other) for other in differing)
    return exact, max(len(expected), len(shown))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of the clip for speed; 0: do not measure")
    parser.add_argument("--scratch", type=Path, help="folder for reels and results, kept for the next run")
    args = parser.parse_args()
    videos = [shared_folder("videos") / name for name in MIXED]
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.scratch or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        exact = total = 0
        for video in videos:
            reel, report, _ = make_reel([video], folder, f"{video.stem}_reel.mp4", "--no-captions", "--padding", "0.3")
            good, count = exact_frames(video, reel, report)
            print(f"  {video.name:32s} {good} of {count} frames exact, {len(report['parts'])} moments", flush=True)
            exact, total = exact + good, total + count
        reel, report, _ = make_reel(videos, folder, "mixed_reel.mp4")
        decoded, made = sum(1 for _ in greys(reel)), report["frames"]
        sound_off_s = abs(probe(reel).duration_s - report["duration_s"])
        print(f"  {len(videos)} videos in one: {decoded} of {made} frames decode, length off by {sound_off_s:.3f} s")
        factor = math.inf
        if args.seconds:
            clip = speed.make_clip(folder, "talk", args.seconds, (1280, 720))
            _, report, cost = make_reel([clip], folder, "speed_reel.mp4", "--min", "0.5")
            factor = report["duration_s"] / cost.wall_s
            used = cost.cpu_s / report["duration_s"]
            print(f"  {report['duration_s']:.1f} s, 720p30, with captions: {used:.3f} processor seconds a second")
    say("frames of reels that are not the source's", total - exact, "0", 0)
    if args.seconds:
        say("times real time at 720p, with captions", factor, f">= {LEAST_SPEED}", 2)
    met = exact == total and decoded == made and sound_off_s < 0.1 and factor >= LEAST_SPEED
    print(f"reel: {'every target met' if met else 'TARGET MISSED'}: {exact} of {total} frames exact")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
