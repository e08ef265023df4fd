"""Identity kept over time: IDF1 on shared tracks and generated crossings, beside other trackers on the same boxes.

`python -m benchmarks tracking [--reference PYTHON]`: PYTHON is an interpreter with the package `trackers`, whose
ByteTrack and OC-SORT are then given the same detections, and whose metrics judge all of them.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from scipy.optimize import linear_sum_assignment

from analysis.boxes import iou_matrix
from analysis.faces.detect import FaceDetector
from analysis.faces.face_tracker import CONTINUE_SCORE
from analysis.images.read import read_picture
from analysis.pipeline import AnalysisOptions, Models, analyse, load_models
from analysis.types import AnalysisResult, Faces, Float32, Image
from benchmarks.shared import say, shared_folder

RIGHT_IOU = 0.4
RATE_FPS, SECONDS, WIDTH, HEIGHT, SIDE = 25, 6, 960, 540, 180
CROSSINGS = 8
LEAST_SCORE = 0.3
"""Of a further face: pictures of several people are not used."""
REFERENCE = Path(__file__).with_name("_reference_trackers.py")

Row = list[float]
"""Sample, identity, x1, y1, x2, y2."""


@dataclass(slots=True)
class FollowedClip:
    """One clip at the samples that the product looks at."""

    name: str
    truth: list[Row] = field(default_factory=list)
    detections: list[list[list[float]]] = field(default_factory=list)
    tracks: dict[str, list[Row]] = field(default_factory=dict)


class RecordingDetector(FaceDetector):
    """Keeps what it found, so that others can be given the same boxes."""

    def __init__(self, detector: FaceDetector) -> None:
        super().__init__(detector.session)
        self.found: list[tuple[Faces, tuple[int, int]]] = []

    def detect_frame(self, image_bgr: Image, min_score: float = CONTINUE_SCORE) -> Faces:
        faces = super().detect_frame(image_bgr, min_score)
        self.found.append((faces, (image_bgr.shape[1], image_bgr.shape[0])))
        return faces


def crossing(folder: Path, seed: int, detector: FaceDetector) -> tuple[Path, dict[int, list[tuple[int, Float32]]]]:
    """Makes a clip in which two faces pass each other, one before the other, and returns the true boxes by frame."""
    random = np.random.default_rng(seed)
    people = sorted({file.parent for file in (shared_folder("identity/lfw") / "images").rglob("*_0002.jpg")})
    files = [min(people[n].iterdir()) for n in random.permutation(len(people))[:20]]
    alone = [file for file in files if len(detector.detect(read_picture(file), min_score=LEAST_SCORE)) == 1]
    faces = [portrait(file, detector) for file in alone[:2]]
    backdrop = random.integers(90, 130, (HEIGHT // 20, WIDTH // 20, 3), np.uint8).repeat(20, 0).repeat(20, 1)
    scales = random.uniform(0.8, 1.15, 2)
    heights = HEIGHT / 2 + random.uniform(-60, 60, 2)
    truth: dict[int, list[tuple[int, Float32]]] = {}
    path = folder / f"crossing{seed}.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in range(RATE_FPS * SECONDS):
            picture = backdrop.copy()
            share = frame / (RATE_FPS * SECONDS - 1)
            for number, (face, inside) in enumerate(faces):
                side = int(SIDE * scales[number])
                at = share if number else 1 - share
                x = int(40 + at * (WIDTH - 80 - side) + 12 * np.sin(frame / 7 + number))
                y = int(heights[number] - side / 2)
                rows = np.arange(side) * len(face) // side
                picture[y : y + side, x : x + side] = face[rows][:, rows]
                box = (np.tile([x, y], 2) + inside * side).astype(np.float32)
                truth.setdefault(frame, []).append((number, box))
            hidden = truth[frame]
            if len(hidden) == 2 and float(iou_matrix(hidden[0][1][None], hidden[1][1][None])[0, 0]) > 0.3:
                truth[frame] = hidden[1:]  # whoever is behind cannot be seen
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path, truth


def portrait(file: Path, detector: FaceDetector) -> tuple[Image, Float32]:
    """Returns the square around the largest face of a picture, and its box `(4,)` as shares of the square's side."""
    image_bgr = read_picture(file)
    box = max(detector.detect(image_bgr).boxes_xyxy, key=lambda each: float(each[3] - each[1]))
    half = int(min(0.8 * (box[3] - box[1]), *box[2:], *(np.array(image_bgr.shape[1::-1]) - box[:2])))
    middle = (box[:2] + box[2:]) / 2
    x, y = (int(np.clip(m, half, side - half)) for m, side in zip(middle, image_bgr.shape[1::-1], strict=True))
    square = image_bgr[y - half : y + half, x - half : x + half]
    return square, (box - np.tile([x - half, y - half], 2)) / (2 * half)


def shared_tracks() -> Iterator[tuple[Path, dict[int, list[tuple[int, Float32]]], float]]:
    """Yields each shared clip with a true box for every frame, and its frame rate."""
    folder = shared_folder("videos")
    rates = json.loads((folder / "ground_truth.json").read_text())
    for file in sorted((folder / "tracks").glob("*_boxes.csv")):
        path = file.with_name(file.name.removesuffix("_boxes.csv") + ".mp4")
        truth: dict[int, list[tuple[int, Float32]]] = {}
        with file.open(newline="") as lines:
            for row in csv.DictReader(lines):
                x, y, width, height = (float(row[key]) for key in "xywh")
                truth[int(row["frame"])] = [(0, np.array([x, y, x + width, y + height], np.float32))]
        yield path, truth, float(rates[f"tracks/{path.name}"]["fps"])


def followed(
    name: str, path: Path, truth: dict[int, list[tuple[int, Float32]]], rate_fps: float, models: Models
) -> FollowedClip:
    """Analyses a clip and returns truth, detections and tracks at the moments that were sampled."""
    recorder = RecordingDetector(models.detector)
    times_s: list[float] = []
    result = analyse(path, AnalysisOptions(), lambda progress: None, Models(recorder, models.embedder, models.mesh))
    times_s = sample_times(path, len(recorder.found))
    sequence = FollowedClip(name)
    for sample, (time_s, (faces, (width, _))) in enumerate(zip(times_s, recorder.found, strict=True)):
        boxes = faces.boxes_xyxy * (result.info.width / width)
        sequence.detections.append([[*map(float, box), float(s)] for box, s in zip(boxes, faces.scores, strict=True)])
        for number, box in truth.get(round(time_s * rate_fps), []):
            sequence.truth.append([sample, number, *map(float, box)])
    sequence.tracks["tracks"] = rows_of(result, times_s, {n: n for n in range(1, len(result.tracks) + 1)})
    people = {track: person.id for person in result.people for track in person.track_ids}
    sequence.tracks["people"] = rows_of(result, times_s, people)
    return sequence


def sample_times(path: Path, count: int) -> list[float]:
    """Returns the moments that an analysis looks at."""
    from analysis.pipeline import sampling_for  # deferred: beside its only use
    from analysis.types import SegmentSpan, Thoroughness
    from analysis.video.decode import DecodeCounts, probe, sample_frames

    info = probe(path)
    span = SegmentSpan(0, -np.inf, np.inf)
    frames = sample_frames(path, info, span, sampling_for(info, Thoroughness.BALANCED), DecodeCounts())
    times_s = [frame.time_s for frame in frames]
    if len(times_s) != count:
        raise ValueError(f"{path.name}: {len(times_s)} samples, {count} detections")
    return times_s


def rows_of(result: AnalysisResult, times_s: Sequence[float], identity: dict[int, int]) -> list[Row]:
    sample_at = {round(time_s, 3): sample for sample, time_s in enumerate(times_s)}
    return [
        [sample_at[round(float(time_s), 3)], identity[number], *map(float, box)]
        for number, track in enumerate(result.tracks, start=1)
        for time_s, box in zip(track.times_s, track.boxes_xyxy, strict=True)
    ]


def idf1(truth: Sequence[Row], found: Sequence[Row]) -> float:
    """Returns the share of boxes with the right identity under the best assignment of identities (Ristani, 2016)."""
    true_ids, found_ids = sorted({row[1] for row in truth}), sorted({row[1] for row in found})
    shared = np.zeros((len(true_ids), len(found_ids)))
    for row in truth:
        for other in found:
            if row[0] == other[0]:
                boxes = np.array([row[2:], other[2:]], np.float32)
                if float(iou_matrix(boxes[:1], boxes[1:])[0, 0]) >= RIGHT_IOU:
                    shared[true_ids.index(row[1]), found_ids.index(other[1])] += 1
    rows, columns = linear_sum_assignment(-shared)
    return float(2 * shared[rows, columns].sum() / max(len(truth) + len(found), 1))


def reference(sequences: Sequence[FollowedClip], python: str) -> dict[str, dict[str, float]]:
    described: list[dict[str, Any]] = [
        {"name": s.name, "samples_per_s": 4, "truth": s.truth, "detections": s.detections, "tracks": s.tracks}
        for s in sequences
    ]
    done = subprocess.run([python, str(REFERENCE)], input=json.dumps(described), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"not measured: {done.stderr.strip()[-300:]}")
    answers: dict[str, dict[str, float]] = json.loads(done.stdout)
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", help="an interpreter with the package `trackers`")
    args = parser.parse_args()
    models = load_models(AnalysisOptions())
    sequences = [followed(path.stem, path, truth, rate, models) for path, truth, rate in shared_tracks()]
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(CROSSINGS):
            path, truth = crossing(Path(scratch), seed, models.detector)
            sequences.append(followed(path.stem, path, truth, RATE_FPS, models))
    others = reference(sequences, args.reference) if args.reference else {}
    for sequence in sequences:
        figures = {name: idf1(sequence.truth, rows) for name, rows in sequence.tracks.items()}
        judged = "  ".join(f"{name} {value:.4f}" for name, value in others.get(sequence.name, {}).items())
        own = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        print(f"{sequence.name:16} IDF1 of {own}" + (f"   by the reference: {judged}" if judged else ""), flush=True)
    crossings = [idf1(s.truth, s.tracks["tracks"]) for s in sequences if s.name.startswith("crossing")]
    turns = [idf1(s.truth, s.tracks["tracks"]) for s in sequences if not s.name.startswith("crossing")]
    say("IDF1 of tracks through turns, mean", float(np.mean(turns)), "none")
    say("IDF1 of tracks over crossings, mean", float(np.mean(crossings)), "none")
    print(f"tracking: turns {np.mean(turns):.4f}, crossings {np.mean(crossings):.4f}")


if __name__ == "__main__":
    main()
