"""Scans a whole video by its keyframes: preliminary faces within a second, however long it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analysis.boxes import scale_faces
from analysis.faces.clarity import are_clear, shorter_side
from analysis.faces.detect import FaceDetector
from analysis.faces.embed import Embedder
from analysis.faces.face_mesh import FaceMesh
from analysis.faces.face_tracker import SURE_SCORE, RatedView, crop_face, found_face, quality_bounds, rate_views
from analysis.types import Float32, FoundFace, OnProgress, Progress, VideoInfo
from analysis.video.decode import keyframes_at
from analysis.video.frame import Frame

MAX_MOMENTS = 64
MAX_SECONDS = 8.0
MAX_FACES_PER_FRAME = 6
LONG_SIDE = 640
SAME_FACE = 0.5
"""A face with at least this cosine to one already shown is left out; the final grouping decides anew."""


def spread_moments(start_s: float, duration_s: float, count: int) -> list[float]:
    """Returns `count` moments from coarse to fine (1/2, 1/4, 3/4, 1/8 ...): any number of them is well spread."""
    moments = [start_s + duration_s * 0.5]
    parts = 4
    while len(moments) < count:
        moments += [start_s + duration_s * k / parts for k in range(1, parts, 2)]
        parts *= 2
    return moments[:count]


def scan(
    path: Path, info: VideoInfo, detector: FaceDetector, embedder: Embedder, mesh: FaceMesh, on_progress: OnProgress
) -> Iterator[list[FoundFace]]:
    """Yields the new faces of one keyframe at a time, for at most `MAX_SECONDS`; faces shown before are left out."""
    count = int(np.clip(info.duration_s, 1, MAX_MOMENTS))
    moments = [*spread_moments(info.start_s, info.duration_s, count), info.start_s]
    until = time.monotonic() + MAX_SECONDS
    known: list[Float32] = []
    on_progress(Progress("scan", 0, len(moments)))
    for frame in keyframes_at(path, info, moments, LONG_SIDE):
        views = _clear_faces(frame, info, detector, embedder, mesh)
        fresh: list[FoundFace] = []
        for view, vector in zip(views, _vectors(views, embedder), strict=True):
            if all(float(vector @ other) < SAME_FACE for other in known):
                known.append(vector)
                fresh.append(found_face(view, vector))
        if fresh:
            yield fresh
        on_progress(Progress("scan", frame.index + 1, len(moments)))
        if time.monotonic() > until:
            return


def _clear_faces(
    frame: Frame, info: VideoInfo, detector: FaceDetector, embedder: Embedder, mesh: FaceMesh
) -> list[RatedView]:
    found = detector.detect_frame(frame.image_bgr, SURE_SCORE)
    height, width = frame.image_bgr.shape[:2]
    faces = scale_faces(found, info.width / width, info.height / height)
    bounds = quality_bounds(faces)
    count = min(len(faces), MAX_FACES_PER_FRAME)
    crops = [crop_face(frame, info, faces, number, float(bounds[number]), embedder) for number in range(count)]
    return [view for view in rate_views(crops, mesh) if are_clear(view.measures, shorter_side(view.crop.box_xyxy))]


def _vectors(views: list[RatedView], embedder: Embedder) -> list[Float32]:
    return list(embedder.embed(np.stack([view.crop.aligned_bgr for view in views]))) if views else []
