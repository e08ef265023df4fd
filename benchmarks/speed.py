"""Speed: the whole `python -m analysis analyse` against decoding alone (`ffmpeg -f null`), turn by turn in one run.

`python -m benchmarks.speed [--seconds 60] [--rounds 3] [--every-frame] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from imageio_ffmpeg import get_ffmpeg_exe

from analysis.types import Thoroughness
from benchmarks.clips import VIDEOS, ffmpeg

BIT_RATE = "7M"
CONTENTS = {
    "crowd": ["faces_multi/street_crowd_1080p.mp4"],
    "talk": ["faces_single/lp_s18.mp4", "faces_single/lp_d10.mp4", "faces_single/lipread_old_man.mp4"],
    "mixed": [
        "faces_multi/street_crowd_1080p.mp4",
        "faces_multi/foreman_hevc_720p.mp4",
        "no_face/flower.mp4",
        "faces_single/lp_s18.mp4",
        "faces_multi/friday_bw_cc0.mp4",
    ],
    "none": ["no_face/flower.mp4", "no_face/bottles.mp4"],
}


@dataclass(frozen=True, slots=True)
class Cost:
    wall_s: float
    cpu_s: float


def make_clip(folder: Path, content: str, seconds: int, size: tuple[int, int] = (1920, 1080)) -> Path:
    """Makes a clip, 1080p30 at about 7 Mbit/s with x264's defaults, of shared clips repeated in turn."""
    target = folder / f"{content}_{seconds}s_{size[1]}p.mp4"
    if target.exists():
        return target
    inputs = [argument for name in CONTENTS[content] for argument in ("-i", str(VIDEOS / name))]
    width, height = size
    parts = ";".join(
        f"[{n}:v]scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},fps=30,setsar=1,"
        f"format=yuv420p[v{n}]"
        for n in range(len(CONTENTS[content]))
    )
    joined = "".join(f"[v{n}]" for n in range(len(CONTENTS[content])))
    graph = f"{parts};{joined}concat=n={len(CONTENTS[content])}:v=1:a=0[out]"
    once = folder / f"{content}_once.mp4"
    ffmpeg(*inputs, "-filter_complex", graph, "-map", "[out]", "-crf", "12", "-preset", "ultrafast", str(once))
    ffmpeg("-stream_loop", "-1", "-i", str(once), "-t", str(seconds), "-b:v", BIT_RATE, "-f", "mp4", str(target))
    once.unlink()
    return target


def cpu_s_of_children() -> float:
    """Returns the processor seconds that all children took that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cost_of(command: Sequence[str]) -> Cost:
    before, started = cpu_s_of_children(), time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return Cost(time.perf_counter() - started, cpu_s_of_children() - before)


def decode_command(clip: Path) -> list[str]:
    return [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(clip), "-an", "-f", "null", "-"]


def analyse_command(clip: Path, out: Path, thoroughness: Thoroughness) -> list[str]:
    return [sys.executable, "-m", "analysis", "analyse", str(clip), "--out", str(out), "--thoroughness", thoroughness]


def every_frame_command(clip: Path) -> list[str]:
    """Returns a command that detects as face blurrers do: OpenCV's own YuNet on every frame at full size."""
    code = (
        "import sys, cv2\n"
        "from analysis.weights import YUNET, verified_path\n"
        "video = cv2.VideoCapture(sys.argv[1])\n"
        "size = int(video.get(3)), int(video.get(4))\n"
        "detector = cv2.FaceDetectorYN.create(str(verified_path(YUNET)), '', size)\n"
        "while True:\n"
        "    good, image = video.read()\n"
        "    if not good: break\n"
        "    detector.detect(image)\n"
    )
    return [sys.executable, "-c", code, str(clip)]


def report(name: str, costs: Sequence[Cost], base: Sequence[Cost]) -> None:
    wall = median(cost.wall_s / other.wall_s for cost, other in zip(costs, base, strict=True))
    cpu = median(cost.cpu_s / other.cpu_s for cost, other in zip(costs, base, strict=True))
    middle = median(cost.wall_s for cost in costs)
    print(f"  {name:12} {middle:7.2f} s   wall : decode {wall:5.2f}   processor : decode {cpu:5.2f}")


def measure(clip: Path, rounds: int, out: Path, every_frame: bool) -> None:
    base, rows = [], {thoroughness: list[Cost]() for thoroughness in Thoroughness}
    for _ in range(rounds):
        base.append(cost_of(decode_command(clip)))
        for thoroughness, costs in rows.items():
            costs.append(cost_of(analyse_command(clip, out, thoroughness)))
    print(f"{clip.stem} ({clip.stat().st_size / 1e6:.1f} MB): decoding {median(cost.wall_s for cost in base):.2f} s")
    for thoroughness, costs in rows.items():
        report(thoroughness, costs, base)
    if every_frame:
        report("every frame", [cost_of(every_frame_command(clip))], [cost_of(decode_command(clip))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contents", nargs="+", choices=list(CONTENTS), default=list(CONTENTS))
    parser.add_argument(
        "--every-frame", action="store_true", help="compare with another detector on every frame as well"
    )
    parser.add_argument("--scratch", type=Path, help="folder for the clips, kept for the next run")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.scratch or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for content in args.contents:
            clip = make_clip(folder, content, args.seconds)
            measure(clip, args.rounds, Path(scratch) / "out", args.every_frame)


if __name__ == "__main__":
    main()
