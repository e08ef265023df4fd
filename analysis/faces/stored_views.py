"""Stored pictures of faces, seen again by another network: vectors and measures without decoding the video.

A picture shows a face with its surroundings, at most 192 px. Its landmarks are stored beside it, or the detector finds
them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np

from analysis.boxes import iou_matrix
from analysis.faces.align import ARCFACE_SIZE, ARCFACE_TEMPLATE, align_faces
from analysis.faces.detect import FaceDetector
from analysis.faces.embed import Embedder
from analysis.faces.face_mesh import FaceMesh
from analysis.faces.face_tracker import SURROUNDINGS
from analysis.faces.quality import sharpness_mark
from analysis.types import Float32, Image, ViewMeasures

DETECTION_SIDE = 192
MIN_SCORE = 0.3
"""That there is a face was decided when the picture was made."""
SAME_FACE_IOU = 0.3
CHUNK = 16
"""Pictures that one thread takes at a time."""
BOX_LANDMARKS: Float32 = np.array([(0.31, 0.40), (0.69, 0.40), (0.50, 0.60), (0.34, 0.79), (0.66, 0.79)], np.float32)
"""Where a frontal face has its landmarks, in shares of the detector's box."""


Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class StoredView:
    """A picture of a face. Its box `(4,)` and, if they are known, its landmarks `(5, 2)` are in shares of its sides."""

    picture_jpeg: bytes
    box_share: Float32
    landmarks_share: Float32 | None = None


@dataclass(slots=True)
class ViewCounts:
    """What happened to the views so far."""

    views: int = 0
    landmarks_stored: int = 0
    landmarks_found: int = 0
    not_found: int = 0


@dataclass(slots=True)
class StoredViewReader:
    """Runs networks over stored views, in so many threads; each network should use one. `counts` are about them."""

    detector: FaceDetector
    threads: int = 1
    counts: ViewCounts = field(default_factory=ViewCounts)

    def embed(self, views: Sequence[StoredView], embedder: Embedder, *, guess: bool = False) -> list[Float32 | None]:
        """Returns a vector `(d,)` for each view, None where no landmarks are found again.

        With `guess` the landmarks are then those of a frontal face in the box.
        """

        def of_chunk(chunk: Sequence[StoredView]) -> list[Float32 | None]:
            pictures = [_decoded(view.picture_jpeg) for view in chunk]
            points = self._landmarks(chunk, pictures, guess=guess)
            aligned = {
                row: embedder.align(picture, found[None])
                for row, (picture, found) in enumerate(zip(pictures, points, strict=True))
                if picture is not None and found is not None
            }
            vectors: list[Float32 | None] = [None] * len(chunk)
            if aligned:
                for row, vector in zip(aligned, embedder.embed(np.concatenate(list(aligned.values()))), strict=True):
                    vectors[row] = vector
            return vectors

        return [vector for found in self._mapped(of_chunk, views) for vector in found]

    def measure(self, views: Sequence[StoredView], mesh: FaceMesh) -> list[ViewMeasures | None]:
        """Returns the measures of each view, None where its picture cannot be read."""

        def of_chunk(chunk: Sequence[StoredView]) -> list[ViewMeasures | None]:
            pictures = [_decoded(view.picture_jpeg) for view in chunk]
            points = self._landmarks(chunk, pictures, guess=True)
            return [_measured(*each, mesh) for each in zip(chunk, pictures, points, strict=True)]

        return [measures for found in self._mapped(of_chunk, views) for measures in found]

    def _mapped(self, work: Callable[[Sequence[StoredView]], Found], views: Sequence[StoredView]) -> Iterator[Found]:
        chunks = [views[start : start + CHUNK] for start in range(0, len(views), CHUNK)]
        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(work, chunks)

    def _landmarks(
        self, views: Sequence[StoredView], pictures: Sequence[Image | None], *, guess: bool
    ) -> list[Float32 | None]:
        found: list[Float32 | None] = [None] * len(views)
        wanted: dict[int, tuple[Image, Float32]] = {}
        for row, (view, picture) in enumerate(zip(views, pictures, strict=True)):
            if picture is not None and view.landmarks_share is not None:
                found[row] = view.landmarks_share * _sides(picture)
            elif picture is not None:
                wanted[row] = picture, view.box_share * np.tile(_sides(picture), 2)
        again = self._found_again(list(wanted.values()))
        for (row, (_, box)), points in zip(wanted.items(), again, strict=True):
            found[row] = points if points is not None or not guess else landmarks_in_box(box)
        self.counts.views += len(views)
        self.counts.landmarks_stored += len(views) - len(wanted)
        self.counts.landmarks_found += sum(points is not None for points in again)
        self.counts.not_found += sum(points is None for points in again)
        return found

    def _found_again(self, wanted: Sequence[tuple[Image, Float32]]) -> list[Float32 | None]:
        """Returns landmarks in the pixels of each picture: those of the face in its box."""
        if not wanted:
            return []
        canvases = np.zeros((len(wanted), DETECTION_SIDE, DETECTION_SIDE, 3), np.uint8)
        scales = []
        for canvas, (picture, _) in zip(canvases, wanted, strict=True):
            scale = DETECTION_SIDE / max(picture.shape[:2])
            width, height = (max(round(side * scale), 1) for side in picture.shape[1::-1])
            canvas[:height, :width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
            scales.append(scale)
        found: list[Float32 | None] = []
        for faces, scale, (_, box) in zip(
            self.detector.detect_frames(list(canvases), MIN_SCORE), scales, wanted, strict=True
        ):
            overlap = iou_matrix(faces.boxes_xyxy, (box * scale)[None])[:, 0] if len(faces) else np.zeros(0)
            best = int(overlap.argmax()) if len(faces) else -1
            fits = best >= 0 and overlap[best] >= SAME_FACE_IOU
            found.append((faces.landmarks[best] / scale).astype(np.float32) if fits else None)
        return found


def share_of_picture(box_xyxy: Float32, frame_size: tuple[int, int]) -> Float32:
    """Returns where a face's box `(4,)` lies in the picture cut out around it, in shares of the picture's sides.

    `frame_size` is (width, height): a picture that would reach beyond the frame was clipped.
    """
    middle, side = (box_xyxy[:2] + box_xyxy[2:]) / 2, float(max(box_xyxy[2:] - box_xyxy[:2])) * SURROUNDINGS
    corner = np.clip(middle - side / 2, 0, frame_size)
    length = np.maximum(np.clip(middle + side / 2, 0, frame_size) - corner, 1)
    return ((box_xyxy.reshape(2, 2) - corner) / length).reshape(4).astype(np.float32)


def landmarks_in_box(box_xyxy: Float32) -> Float32:
    """Returns the landmarks `(5, 2)` of a frontal face with this box."""
    return (box_xyxy[:2] + BOX_LANDMARKS * (box_xyxy[2:] - box_xyxy[:2])).astype(np.float32)


def _sides(picture: Image) -> Float32:
    """Returns (width, height)."""
    return np.array(picture.shape[1::-1], np.float32)


def _decoded(picture_jpeg: bytes) -> Image | None:
    if not picture_jpeg:
        return None
    picture = cv2.imdecode(np.frombuffer(picture_jpeg, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else np.asarray(picture, np.uint8)


def _measured(
    view: StoredView, picture: Image | None, landmarks: Float32 | None, mesh: FaceMesh
) -> ViewMeasures | None:
    if picture is None or landmarks is None:
        return None
    poses = mesh.rate(picture, (view.box_share * np.tile(_sides(picture), 2))[None], landmarks[None])
    aligned = align_faces(picture, landmarks[None], ARCFACE_TEMPLATE, ARCFACE_SIZE)[0]
    sharpness = sharpness_mark(np.asarray(cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY), np.uint8))
    return ViewMeasures(float(poses.presence[0]), float(poses.yaw_deg[0]), float(poses.pitch_deg[0]), sharpness)
