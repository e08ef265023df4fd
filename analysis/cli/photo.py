"""Finds the faces of one picture in a limited process; nothing is kept.

So the web server, which asks for it, never loads a decoder or a network itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.faces.embedder_files import read_embedder_file
from analysis.limited.limits import Limits
from analysis.limited.messages import Fields, Message
from analysis.limited.process import ask_limited
from analysis.types import Float32, Image, Thoroughness

if TYPE_CHECKING:
    from analysis.faces.embed import Embedder

MAX_BYTES = 15_000_000
MAX_FACES = 20
TIMEOUT_S = 30
MEMORY_BYTES = 1_500_000_000
MOST_PIXELS = 12_000_000
"""More is shrunk before it is looked at: the picture and the networks (200 MB) then stay below 400 MB together."""
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
    """Finds the faces of a picture (the content of its file) in a limited process, at most two at a time.

    `embedder` is the ONNX file of an operator's embedder; None: the built-in one.

    Raises UnreadablePicture, PictureTooLarge, or TimeoutError if too many others wait.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(f"{len(data)} bytes")
    if not _at_once.acquire(timeout=TIMEOUT_S):
        raise TimeoutError("too many pictures at once")
    try:
        return _ask(data, embedder)
    finally:
        _at_once.release()


def _ask(data: bytes, embedder: Path | None) -> PhotoFaces:
    larger = 3 * embedder.stat().st_size if embedder else 0
    said, pictures = ask_limited(
        "photo_faces",
        {"embedder": str(embedder) if embedder else None},
        Limits(MEMORY_BYTES + larger, TIMEOUT_S, silent_s=TIMEOUT_S, reads=[str(embedder)] if embedder else ()),
        [data],
        name="the picture",
        fails_as=UnreadablePicture,
    )
    faces = [
        PhotoFace(bytes(picture), np.array(each["embedding"], np.float32), each["quality"])
        for each, picture in zip(said["faces"], pictures, strict=True)
    ]
    return PhotoFaces(faces, said["embedder"])


def find_faces(fields: Fields, parts: list[bytearray]) -> Iterator[Message]:
    """Runs in the limited process: says the faces of the picture, with a crop of each.

    What decoding held is given back before cv2 and the networks are loaded.
    """
    from analysis.images.read import decode_picture  # deferred: rarely needed

    image_bgr = decode_picture(bytes(parts.pop()), "the picture")
    import cv2  # deferred: loads cv2

    from analysis.faces.detect import load_detector  # deferred: loads cv2
    from analysis.faces.embed import load_mobilefacenet  # deferred: loads cv2
    from analysis.faces.onnx_embedder import load_embedder_file  # deferred: loads cv2
    from analysis.faces.quality import face_qualities  # deferred: loads cv2

    height, width = image_bgr.shape[:2]
    if width * height > MOST_PIXELS:
        share = (MOST_PIXELS / (width * height)) ** 0.5
        size = round(width * share), round(height * share)
        image_bgr = np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    own = fields["embedder"]
    embedder: Embedder = load_embedder_file(read_embedder_file(Path(own)), 1) if own else load_mobilefacenet(1)
    faces = load_detector(1).detect(image_bgr, Thoroughness.BALANCED)
    found, crops = [], []
    if len(faces):
        qualities = face_qualities(image_bgr, faces)
        vectors = embedder.embed(embedder.align(image_bgr, faces.landmarks))
        sides = faces.boxes_xyxy[:, 2] - faces.boxes_xyxy[:, 0]
        for row in np.argsort(-sides, kind="stable")[:MAX_FACES]:
            crop = cv2.resize(_around(image_bgr, faces.boxes_xyxy[row]), (CROP_SIDE, CROP_SIDE))
            crops.append(cv2.imencode(".jpg", crop)[1].tobytes())
            found.append({"embedding": vectors[row].astype(float).tolist(), "quality": float(qualities[row])})
    yield {"faces": found, "embedder": embedder.name}, crops


def _around(image_bgr: Image, box_xyxy: Float32) -> Image:
    """Returns a square around the face; beyond the picture its edge is repeated."""
    x1, y1, x2, y2 = (float(side) for side in box_xyxy)
    half = max(x2 - x1, y2 - y1) * (0.5 + MARGIN)
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    height, width = image_bgr.shape[:2]
    columns = np.clip(np.arange(int(centre_x - half), int(centre_x + half) + 1), 0, width - 1)
    rows = np.clip(np.arange(int(centre_y - half), int(centre_y + half) + 1), 0, height - 1)
    return image_bgr[np.ix_(rows, columns)]
