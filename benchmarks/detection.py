"""Detection in still pictures: average precision on the WIDER subset, false faces in pictures without any."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from analysis.faces.detect import DEFAULT_MIN_SCORE, FaceDetector, load_detector
from analysis.images.read import read_picture
from analysis.types import Thoroughness
from benchmarks.scoring import ScoredPicture, average_precision
from benchmarks.shared import say, shared_folder

LOW_SCORE = 0.05
MIN_FACE_PX = 20
TARGETS = {
    Thoroughness.FAST: "none",
    Thoroughness.BALANCED: ">= 0.97",
    Thoroughness.THOROUGH: ">= 0.975",
}


def scored_pictures(detector: FaceDetector, thoroughness: Thoroughness, folder: Path) -> list[ScoredPicture]:
    """Detects faces in all pictures; truth marked invalid or with a side below 20 pixels is ignored."""
    pictures = []
    for entry in json.loads((folder / "annotations.json").read_text()):
        faces = detector.detect(read_picture(folder / entry["file"]), thoroughness, LOW_SCORE)
        truth = np.array([face["bbox"] for face in entry["faces"]], np.float32).reshape(-1, 4)
        ignored = [bool(face["invalid"]) or min(face["bbox"][2:]) < MIN_FACE_PX for face in entry["faces"]]
        truth[:, 2:] += truth[:, :2]
        pictures.append(ScoredPicture(faces.boxes_xyxy, faces.scores, truth, np.array(ignored, bool)))
    return pictures


def main() -> None:
    wider, empty = shared_folder("detection/wider_train_subset"), shared_folder("detection/noface_azure")
    detector = load_detector()
    faceless = [read_picture(path) for path in sorted(empty.glob("*.jpg"))]
    for thoroughness in Thoroughness:
        begin = time.perf_counter()
        pictures = scored_pictures(detector, thoroughness, wider)
        took_ms = (time.perf_counter() - begin) / len(pictures) * 1000
        false_faces = sum(len(detector.detect(image, thoroughness)) for image in faceless)
        say(f"{thoroughness}: AP50, faces >= 20 px", average_precision(pictures), TARGETS[thoroughness])
        say(f"{thoroughness}: false faces in {len(faceless)}, score {DEFAULT_MIN_SCORE}", false_faces, "<= 1", digits=0)
        say(f"{thoroughness}: milliseconds a picture, reading included", took_ms, "none", digits=0)


if __name__ == "__main__":
    main()
