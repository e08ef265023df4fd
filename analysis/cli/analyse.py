"""`python -m analysis analyse`: writes what is found in a video as `result.json` and one picture per track."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from analysis.limited.forked import start_server
from analysis.types import AnalysisResult, OnProgress, Progress, Thoroughness

SCHEMA = 1
TRACK_FOLDER = "tracks"
BAR_WIDTH = 30


def run_analyse(args: argparse.Namespace) -> int:
    """Runs `analyse` and returns 0; raises AnalysisError."""
    start_server()  # it loads decoders beside what is loaded here
    from analysis.pipeline import AnalysisOptions, analyse  # deferred: loads cv2
    from analysis.video.decode import probe  # deferred: loads cv2

    video, out = Path(args.video), Path(args.out)
    info = probe(video)  # before anything is written
    (out / TRACK_FOLDER).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".pictures") as scratch:
        found = Path(scratch)

        def keep_picture(number: int, jpeg: bytes) -> None:
            (found / f"{number}.jpg").write_bytes(jpeg)

        options = AnalysisOptions(thoroughness=Thoroughness(args.thoroughness))
        result = analyse(video, options, progress_bar(), info=info, keep_picture=keep_picture)
        write_result(result, found, out)
    return 0


def write_result(result: AnalysisResult, pictures: Path, out: Path) -> None:
    """Writes the pictures, then atomically `result.json`: once it exists, so does all that it names.

    `pictures` is the folder of what `keep_picture` was given, named by number.
    """
    for track, number in enumerate(result.pictures, start=1):
        (pictures / f"{number}.jpg").replace(out / TRACK_FOLDER / f"{track}.jpg")
    part = out / ".result.json.part"
    try:
        with part.open("w", encoding="utf-8") as file:
            # In chunks: as one string, a long video's would be the largest thing in memory.
            for chunk in json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(as_document(result)):
                file.write(chunk)
        part.replace(out / "result.json")
    finally:
        part.unlink(missing_ok=True)


def as_document(result: AnalysisResult) -> dict[str, Any]:
    """Returns the content of `result.json`; boxes in displayed pixels, times in the container's seconds."""
    info = result.info
    person_of = {track: person.id for person in result.people for track in person.track_ids}
    return {
        "schema": SCHEMA,
        "video": {
            "duration_s": round(info.duration_s, 6),
            "width": info.width,
            "height": info.height,
            "rate_fps": info.rate_fps,
            "rotation_deg": info.rotation_deg,
            "frames_decoded": result.frames_decoded,
            "frames_sampled": result.frames_sampled,
            "frames_damaged": result.frames_damaged,
        },
        "people": [
            {"id": person.id, "screen_time_s": round(person.screen_time_s, 3), "tracks": list(person.track_ids)}
            | ({"unclear": True} if person.unclear else {})
            for person in result.people
        ],
        "tracks": [
            {
                "id": number,
                "person": person_of[number],
                "start_s": track.start_s,
                "end_s": track.end_s,
                "times_s": [round(float(time_s), 6) for time_s in track.times_s],
                "boxes_xyxy": [[round(float(value), 1) for value in box] for box in track.boxes_xyxy],
                "scores": [round(float(score), 4) for score in track.scores],
                "picture": f"{TRACK_FOLDER}/{number}.jpg",
            }
            for number, track in enumerate(result.tracks, start=1)
        ],
        "timings_s": {key: round(value, 4) for key, value in result.timings_s.items()},
        "models": {"detector": result.detector, "embedder": result.embedder},
    }


def progress_bar() -> OnProgress:
    """Returns a callback that draws a bar if stderr is a terminal, and does nothing otherwise."""
    if not sys.stderr.isatty():
        return lambda progress: None
    started = time.monotonic()

    def draw(progress: Progress) -> None:
        share = min(max(progress.done / progress.total, 0.0), 1.0) if progress.total > 0 else 0.0
        bar = "#" * round(share * BAR_WIDTH)
        seconds = time.monotonic() - started
        sys.stderr.write(f"\r{progress.stage:8} [{bar:{BAR_WIDTH}}] {share:4.0%} {seconds:6.1f} s")
        if progress.stage == "group" and share >= 1:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return draw
