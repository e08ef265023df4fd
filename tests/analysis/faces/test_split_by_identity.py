"""A track in which one face fades into another is cut where the face changed."""

from __future__ import annotations

import numpy as np

from analysis.faces.associate import OpenTrack
from analysis.faces.best_views import FaceCrop
from analysis.faces.face_tracker import EndedTrack, RatedView, split_by_identity
from analysis.types import FRONTAL, Float32

BOX, POINTS, PICTURE = np.array([0, 0, 50, 50], np.float32), np.zeros((5, 2), np.float32), np.zeros((1, 1, 3), np.uint8)
FIRST, MIDST, SECOND = (1.0, 0.0), (0.6, 0.8), (-0.1, 0.995)


def view(time_s: float) -> RatedView:
    crop = FaceCrop(time_s, BOX, POINTS, 0.9, 0.8, 0.9, 0.8, PICTURE, PICTURE, BOX, POINTS)
    return RatedView(crop, FRONTAL, 0.8)


def spans(*vectors: tuple[float, float]) -> list[tuple[float, float]]:
    """Start and end of the parts of a track of these views, a second apart."""
    times_s = [float(n) for n in range(len(vectors))]
    track = OpenTrack(0, BOX, 0, times_s, [BOX] * len(vectors), [0.9] * len(vectors), [1.0] * len(vectors))
    table: Float32 = np.array(vectors, np.float32)
    parts = split_by_identity(EndedTrack(track, [view(time_s) for time_s in times_s]), table, 0.2)
    return [(part.track.times_s[0], part.track.times_s[-1]) for part, _ in parts]


def test_one_face_stays_one_track() -> None:
    assert spans(FIRST, FIRST, MIDST) == [(0.0, 2.0)]


def test_two_faces_are_told_apart_though_the_picture_in_the_midst_of_a_dissolve_looks_like_both() -> None:
    assert spans(FIRST, FIRST, SECOND) == [(0.0, 1.0), (2.0, 2.0)]
    assert spans(FIRST, FIRST, MIDST, SECOND) == [(0.0, 1.0), (2.0, 3.0)]
