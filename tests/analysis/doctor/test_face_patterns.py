"""Patterns of faces: vectors of the shape that is stored, alike for a picture and its mirror image."""

import numpy as np
import pytest

from analysis.doctor.face_patterns import FacePatterns, load_face_patterns
from tests.analysis.doctor.scenes import scene


@pytest.fixture(scope="module")
def patterns() -> FacePatterns:
    return load_face_patterns(threads=1)


def test_vectors_have_length_one_and_a_mirror_changes_nothing(patterns: FacePatterns) -> None:
    vectors = patterns.embed([scene(1), scene(1)[:, ::-1], scene(2, 90, 300), scene(3), scene(4)])
    assert vectors.shape == (5, FacePatterns.length)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert np.abs(vectors[0] - vectors[1]).max() < 0.02
    assert np.abs(vectors[0] - vectors[3]).max() > 0.02
    assert patterns.embed([]).shape == (0, FacePatterns.length)
