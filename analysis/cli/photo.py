"""`python -m analysis.cli.photo`: prints the faces of a picture from stdin as JSON, sandboxed; nothing is kept.

The web server runs it as a child process, so that it never loads a decoder or a network itself.
"""

from __future__ import annotations

import base64
import json
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import AnalysisError, PictureTooLarge, UnreadablePicture
from analysis.faces.embedder_files import read_embedder_file
from analysis.types import Float32, Image, Thoroughness

if TYPE_CHECKING:
    from analysis.faces.embed import Embedder

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 15_000_000
MAX_FACES = 20
TIMEOUT_S = 30
MEMORY_BYTES = 3 * 1024**3
"""Address space; the networks and a large picture take about half of it."""
CROP_SIDE = 160
MARGIN = 0.35
"""Surroundings on each side of the face in its crop, as a share of its side."""
_at_once = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class PhotoFace:
    """A face of the picture: a crop as JPEG, its vector `(d,)` of length 1, its quality, 0..1."""

    picture_jpeg: bytes
    embedding: Float32
    quality: float


@dataclass(frozen=True, slots=True)
class PhotoFaces:
    """Faces, largest first, and the embedder that made their vectors."""

    faces: list[PhotoFace]
    embedder: str


def faces_in_subprocess(data: bytes, embedder: Path | None = None) -> PhotoFaces:
    """Finds the faces of a picture (the content of its file) in a sandboxed child process, at most two at a time.

    `embedder` is the ONNX file of an operator's embedder; None: the built-in one.

    Raises UnreadablePicture, PictureTooLarge, or TimeoutError if too many others wait.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(f"{len(data)} bytes")
    if not _at_once.acquire(timeout=TIMEOUT_S):
        raise TimeoutError("too many pictures at once")
    try:
        return _run_child(data, embedder)
    finally:
        _at_once.release()


def _run_child(data: bytes, embedder: Path | None) -> PhotoFaces:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "analysis.cli.photo", *([str(embedder)] if embedder else [])],
            cwd=ROOT,
            input=data,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadablePicture("it took too long") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise UnreadablePicture(f"the child ended with {done.returncode}: {done.stderr[-300:]!r}") from error
    if answer.get("error") == PictureTooLarge.code:
        raise PictureTooLarge("the picture")
    if "error" in answer:
        raise UnreadablePicture(answer["error"])
    faces = [
        PhotoFace(base64.b64decode(each["picture"]), np.array(each["embedding"], np.float32), each["quality"])
        for each in answer["faces"]
    ]
    return PhotoFaces(faces, answer["embedder"])


def main(arguments: Sequence[str]) -> int:
    """Runs in the child: limits it for good, then prints the faces, or an object with "error"."""
    embedder = Path(arguments[0]) if arguments else None
    memory = MEMORY_BYTES + (3 * embedder.stat().st_size if embedder else 0)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_S, TIMEOUT_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        answer = _find_faces(data, embedder)
    except AnalysisError as error:
        answer = {"error": error.code}
    print(json.dumps(answer))
    return 0


def _find_faces(data: bytes, own: Path | None) -> dict[str, object]:
    import cv2  # deferred: loads cv2

    from analysis.faces.detect import load_detector  # deferred: loads cv2
    from analysis.faces.embed import load_mobilefacenet  # deferred: loads cv2
    from analysis.faces.onnx_embedder import load_embedder_file  # deferred: loads cv2
    from analysis.faces.quality import face_qualities  # deferred: loads cv2
    from analysis.images.read import decode_picture  # deferred: loads cv2

    if len(data) > MAX_BYTES:
        raise PictureTooLarge("standard input")
    image_bgr = decode_picture(data, "the picture")
    embedder: Embedder = load_embedder_file(read_embedder_file(own), 1) if own else load_mobilefacenet(1)
    faces = load_detector(1).detect(image_bgr, Thoroughness.BALANCED)
    if not len(faces):
        return {"faces": [], "embedder": embedder.name}
    qualities = face_qualities(image_bgr, faces)
    vectors = embedder.embed(embedder.align(image_bgr, faces.landmarks))
    sides = faces.boxes_xyxy[:, 2] - faces.boxes_xyxy[:, 0]
    found = []
    for row in np.argsort(-sides, kind="stable")[:MAX_FACES]:
        crop = cv2.resize(_around(image_bgr, faces.boxes_xyxy[row]), (CROP_SIDE, CROP_SIDE))
        _, jpeg = cv2.imencode(".jpg", crop)
        found.append(
            {
                "picture": base64.b64encode(jpeg.tobytes()).decode(),
                "embedding": vectors[row].astype(float).tolist(),
                "quality": float(qualities[row]),
            }
        )
    return {"faces": found, "embedder": embedder.name}


def _around(image_bgr: Image, box_xyxy: Float32) -> Image:
    """Returns a square around the face; beyond the picture its edge is repeated."""
    x1, y1, x2, y2 = (float(side) for side in box_xyxy)
    half = max(x2 - x1, y2 - y1) * (0.5 + MARGIN)
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    height, width = image_bgr.shape[:2]
    columns = np.clip(np.arange(int(centre_x - half), int(centre_x + half) + 1), 0, width - 1)
    rows = np.clip(np.arange(int(centre_y - half), int(centre_y + half) + 1), 0, height - 1)
    return image_bgr[np.ix_(rows, columns)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
