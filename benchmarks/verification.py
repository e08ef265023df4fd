"""Face verification: accuracy on LFW pairs and true accept rate at a low false accept rate, for each embedder."""

from __future__ import annotations

import argparse
import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import centres
from analysis.faces.detect import FaceDetector, load_detector
from analysis.faces.embed import Embedder, load_mobilefacenet
from analysis.images.read import read_picture
from analysis.types import Float32, Image, Thoroughness
from benchmarks.scoring import accuracy_in_folds, true_accept_rate
from benchmarks.shared import say, shared_folder

FALSE_ACCEPTS = 1e-4


@dataclass(frozen=True, slots=True)
class Questions:
    """LFW's pairs with answers and folds, and its identification set, by index into `files`."""

    files: list[str]
    pairs: NDArray[np.int64]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64]
    members: NDArray[np.int64]
    people: NDArray[np.str_]


def read_questions(folder: Path) -> Questions:
    with (folder / "pairs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    members = json.loads((folder / "identification_images.json").read_text())
    files = sorted({row[key] for row in rows for key in ("image1", "image2")} | set(members))
    number = {file: index for index, file in enumerate(files)}
    return Questions(
        files,
        np.array([[number[row["image1"]], number[row["image2"]]] for row in rows]),
        np.array([row["same"] == "1" for row in rows]),
        np.array([int(row["fold"]) for row in rows]),
        np.array([number[file] for file in members]),
        np.array([file.split("/")[0] for file in members]),
    )


def central_face(detector: FaceDetector, image_bgr: Image) -> Float32 | None:
    """Returns landmarks `(1, 5, 2)` of the face nearest to the middle, after whom the picture is named, or None."""
    faces = detector.detect(image_bgr, Thoroughness.BALANCED)
    if not len(faces):
        return None
    middle = np.array(image_bgr.shape[1::-1]) / 2
    return faces.landmarks[[int(np.linalg.norm(centres(faces.boxes_xyxy) - middle, axis=1).argmin())]]


def vectors_of(questions: Questions, folder: Path, detector: FaceDetector, embedders: list[Embedder]) -> list[Float32]:
    """One `(files, d)` for each embedder; a picture without a face gets zeros, which are like nobody."""
    aligned: list[list[Image]] = [[] for _ in embedders]
    missed = 0
    for file in questions.files:
        image_bgr = read_picture(folder / "images" / file)
        landmarks = central_face(detector, image_bgr)
        missed += landmarks is None
        for faces, embedder in zip(aligned, embedders, strict=True):
            points = np.full((1, 5, 2), -1e4, np.float32) if landmarks is None else landmarks
            faces.append(embedder.align(image_bgr, points)[0])
    print(f"{len(questions.files)} pictures, no face found in {missed}", flush=True)
    vectors = []
    for faces, embedder in zip(aligned, embedders, strict=True):
        begin = time.perf_counter()
        vectors.append(embedder.embed(np.stack(faces)))
        took_ms = (time.perf_counter() - begin) / len(faces) * 1000
        say(f"{embedder.name}: milliseconds a face", took_ms, "none", digits=1)
    return vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    folder = shared_folder("identity/lfw")
    questions = read_questions(folder)
    embedders: list[Embedder] = [load_mobilefacenet(args.threads)]
    found = vectors_of(questions, folder, load_detector(args.threads), embedders)
    for embedder, vectors in zip(embedders, found, strict=True):
        similarity = (vectors[questions.pairs[:, 0]] * vectors[questions.pairs[:, 1]]).sum(axis=1)
        accuracy = accuracy_in_folds(similarity, questions.same, questions.folds)
        say(f"{embedder.name}: accuracy on {len(similarity)} LFW pairs, by folds", accuracy, ">= 0.994 (default)")
        first, second = np.triu_indices(len(questions.members), 1)
        members = vectors[questions.members]
        all_pairs = (members @ members.T)[first, second]
        same = questions.people[first] == questions.people[second]
        rate = true_accept_rate(all_pairs[same], all_pairs[~same], FALSE_ACCEPTS)
        say(f"{embedder.name}: TAR at FAR 1e-4 over {len(same)} pairs", rate, ">= 0.97 (default)")


if __name__ == "__main__":
    main()
