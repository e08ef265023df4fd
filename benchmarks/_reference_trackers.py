"""Runs the trackers of the package `trackers` on given boxes, and its metrics on given tracks.

A program of its own for another interpreter: the package brings another OpenCV than the product's. Reads sequences as
JSON from standard input, and writes {"name": {"tracker": IDF1}} to standard output; see `benchmarks.tracking`.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv  # type: ignore[import-not-found]
from trackers import ByteTrackTracker, OCSORTTracker  # type: ignore[import-not-found]
from trackers.eval import evaluate_mot_sequence  # type: ignore[import-not-found]

Rows = list[list[float]]


def tracked(sequence: dict[str, Any], tracker: Any) -> Rows:
    """Returns rows [sample, id, x1, y1, x2, y2]."""
    rows: Rows = []
    for sample, found in enumerate(sequence["detections"]):
        boxes = np.array([each[:4] for each in found], np.float32).reshape(-1, 4)
        scores = np.array([each[4] for each in found], np.float32)
        seen = tracker.update(sv.Detections(xyxy=boxes, confidence=scores, class_id=np.zeros(len(boxes), int)))
        for box, number in zip(seen.xyxy, seen.tracker_id if seen.tracker_id is not None else [], strict=False):
            if number >= 0:
                rows.append([sample, int(number), *map(float, box)])
    return rows


def idf1(truth: Rows, rows: Rows, folder: Path) -> float:
    """Returns the figure that the package computes."""
    for name, lines in (("truth", truth), ("found", rows)):
        text = "".join(
            f"{sample + 1},{number + 1},{x1},{y1},{x2 - x1},{y2 - y1},1,1,1\n"
            for sample, number, x1, y1, x2, y2 in lines
        )
        (folder / f"{name}.txt").write_text(text)
    result = evaluate_mot_sequence(folder / "truth.txt", folder / "found.txt", ["Identity"], threshold=0.4)
    return float(result.Identity.IDF1)


def main() -> None:
    answers = {}
    for sequence in json.load(sys.stdin):
        rate = sequence["samples_per_s"]
        found = {
            "ByteTrack": tracked(sequence, ByteTrackTracker(frame_rate=rate, minimum_consecutive_frames=1)),
            "OC-SORT": tracked(sequence, OCSORTTracker(frame_rate=rate, minimum_consecutive_frames=1)),
        } | sequence["tracks"]
        with tempfile.TemporaryDirectory() as folder:
            answers[sequence["name"]] = {
                name: idf1(sequence["truth"], rows, Path(folder)) if rows else 0.0 for name, rows in found.items()
            }
    json.dump(answers, sys.stdout)


main()
