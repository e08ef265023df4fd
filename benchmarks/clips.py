"""Makes clips for measuring with ffmpeg from the shared data into a scratch folder."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from imageio_ffmpeg import get_ffmpeg_exe

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
VIDEOS = DATA / "videos"


@dataclass(frozen=True, slots=True)
class TrueAppearance:
    """A true person within a cell of the frame (x, y, width, height) for a stretch of time."""

    person: str
    start_s: float
    end_s: float
    cell: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class TrueClip:
    path: Path
    appearances: tuple[TrueAppearance, ...]


def ffmpeg(*arguments: str) -> None:
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments], check=True)


def compilations() -> list[TrueClip]:
    """Returns the shared compilations with their ground truth."""
    return [
        TrueClip(path.with_suffix(".mp4"), true_appearances(json.loads(path.read_text())))
        for path in sorted((VIDEOS / "compilations").glob("*.json"))
    ]


def true_appearances(truth: dict[str, Any]) -> tuple[TrueAppearance, ...]:
    fps, whole = truth["fps"], (0.0, 0.0, float(truth["width"]), float(truth["height"]))
    if "cells" in truth:
        end_s = truth["frames"] / fps
        return tuple(
            TrueAppearance(cell["person"], 0.0, end_s, (cell["x"], cell["y"], cell["w"], cell["h"]))
            for cell in truth["cells"]
        )
    return tuple(
        TrueAppearance(part["person"], part["start"] / fps, (part["end"] + 1) / fps, whole)
        for part in truth["segments"]
        if part["person"]
    )


def single_person_clips() -> list[tuple[Path, str, float]]:
    """Returns path, person and length in seconds of every clip that shows one real person."""
    truth = json.loads((VIDEOS / "ground_truth.json").read_text())
    return [
        (VIDEOS / name, entry["persons"][0], entry["frames"] / entry["fps"])
        for name, entry in sorted(truth.items())
        if name.startswith("faces_single/") and len(entry.get("persons", [])) == 1
    ]


def concatenation(folder: Path, seed: int, parts: int = 12, width: int = 640, height: int = 480) -> TrueClip:
    """Makes a clip of random stretches of random single-person clips, with hard cuts, scaled to one size."""
    random = Random(seed)
    target = folder / f"concatenation{seed}.mp4"
    chosen = random.choices(single_person_clips(), k=parts)
    inputs: list[str] = []
    filters, appearances, at_s = [], [], 0.0
    for number, (path, person, length_s) in enumerate(chosen):
        frames = min(round(random.uniform(1.2, 4.0) * 25), int(length_s * 25) - 2)
        start_s = random.uniform(0, max(length_s - frames / 25 - 0.1, 0))
        inputs += ["-ss", f"{start_s:.3f}", "-i", str(path)]
        filters.append(
            f"[{number}:v]fps=25,trim=end_frame={frames},scale={width}:{height}:force_original_aspect_ratio=decrease,"
            f"pad={width}:{height}:-1:-1,setsar=1,setpts=PTS-STARTPTS,format=yuv420p[v{number}]"
        )
        whole = (0.0, 0.0, float(width), float(height))
        appearances.append(TrueAppearance(person, at_s, at_s + frames / 25, whole))
        at_s += frames / 25
    joined = "".join(f"[v{number}]" for number in range(parts)) + f"concat=n={parts}:v=1:a=0[out]"
    if not target.exists():
        ffmpeg(*inputs, "-filter_complex", ";".join([*filters, joined]), "-map", "[out]", str(target))
    return TrueClip(target, tuple(appearances))
