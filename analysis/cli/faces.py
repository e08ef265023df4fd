"""`python -m analysis faces`: writes the faces of pictures as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.cli.training import writable_file
from analysis.errors import AnalysisError, UnreadablePicture
from analysis.faces.clarity import are_clear, shorter_side
from analysis.faces.detect import DEFAULT_MIN_SCORE, FaceDetector, load_detector
from analysis.faces.embed import Embedder, load_embedder
from analysis.faces.face_mesh import FaceMesh, load_face_mesh
from analysis.faces.quality import face_marks
from analysis.images.read import SUFFIXES, read_picture
from analysis.training.model_folder import write_whole
from analysis.types import Faces, Float32, Image, Thoroughness, ViewMeasures

BAR_WIDTH = 30


def run_faces(args: argparse.Namespace) -> int:
    """Runs `faces` and returns 0; raises AnalysisError if no picture could be read.

    One unreadable picture among others becomes an entry with "error" and a line on stderr.
    """
    min_score = DEFAULT_MIN_SCORE if args.min_score is None else args.min_score
    if not 0 <= min_score <= 1:
        raise UnreadablePicture(f"--min-score: expected a number from 0 to 1, got {min_score}")
    out = writable_file(args.out)
    files = list_pictures([Path(path) for path in args.paths])
    detector, raters = load_detector(), (load_embedder(), load_face_mesh()) if args.embeddings else None
    entries: list[dict[str, Any]] = []
    errors: list[AnalysisError] = []
    for number, file in enumerate(files, start=1):
        try:
            entries.append(faces_of(file, detector, raters, Thoroughness(args.thoroughness), min_score))
        except AnalysisError as error:
            if len(files) == 1:
                raise
            errors.append(error)
            entries.append({"file": str(file), "error": error.code, "faces": []})
        _show_progress(number, len(files))
    for problem in errors:
        print(f"{problem.code}: {problem}", file=sys.stderr)
    write_whole(out, (json.dumps(entries) + "\n").encode())
    return 0


def list_pictures(paths: Sequence[Path]) -> list[Path]:
    """Returns the given files and, sorted, all pictures (by suffix) in the given folders. Raises UnreadablePicture."""
    files = []
    for path in paths:
        if path.is_dir():
            files += sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
        elif path.exists():
            files.append(path)
        else:
            raise UnreadablePicture(f"{path}: no such file or folder")
    if not files:
        raise UnreadablePicture(f"{', '.join(str(path) for path in paths)}: no pictures in there")
    return files


def faces_of(
    file: Path,
    detector: FaceDetector,
    raters: tuple[Embedder, FaceMesh] | None,
    thoroughness: Thoroughness,
    min_score: float,
) -> dict[str, Any]:
    """Returns the entry of one picture; raises UnreadablePicture or PictureTooLarge."""
    image_bgr = read_picture(file)
    faces = detector.detect(image_bgr, thoroughness, min_score)
    qualities, sharpness = face_marks(image_bgr, faces)
    rated = _rated(image_bgr, faces, sharpness, *raters) if raters else [{} for _ in range(len(faces))]
    found = []
    for number in range(len(faces)):
        face = {
            "box_xyxy": _numbers(faces.boxes_xyxy[number], 2),
            "score": round(float(faces.scores[number]), 4),
            "landmarks": _numbers(faces.landmarks[number], 2),
            "quality": round(float(qualities[number]), 4),
        }
        found.append(face | rated[number])
    return {"file": str(file), "width": image_bgr.shape[1], "height": image_bgr.shape[0], "faces": found}


def _rated(
    image_bgr: Image, faces: Faces, sharpness: Float32, embedder: Embedder, face_mesh: FaceMesh
) -> list[dict[str, Any]]:
    """Returns for each face its vector, whether the view is clear, and why (see `ViewMeasures`)."""
    vectors = embedder.embed(embedder.align(image_bgr, faces.landmarks))
    poses = face_mesh.rate(image_bgr, faces.boxes_xyxy, faces.landmarks)
    measures = [
        ViewMeasures(float(presence), float(yaw_deg), float(pitch_deg), float(sharp))
        for presence, yaw_deg, pitch_deg, sharp in zip(
            poses.presence, poses.yaw_deg, poses.pitch_deg, sharpness, strict=True
        )
    ]
    return [
        {
            "clear": are_clear(measures[number], shorter_side(faces.boxes_xyxy[number])),
            "presence": round(float(poses.presence[number]), 4),
            "yaw_deg": round(float(poses.yaw_deg[number]), 1),
            "pitch_deg": round(float(poses.pitch_deg[number]), 1),
            "embedding": _numbers(vectors[number], 6),
        }
        for number in range(len(faces))
    ]


def _numbers(values: np.ndarray[Any, np.dtype[np.float32]], digits: int) -> Any:
    return np.round(values.astype(np.float64), digits).tolist()


def _show_progress(done: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    filled = BAR_WIDTH * done // total
    end = "\n" if done == total else ""
    print(f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done} of {total}", end=end, file=sys.stderr, flush=True)
