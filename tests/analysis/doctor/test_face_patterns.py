"""Patterns of faces: the inner layer of the network that is meant, whatever runs it."""

import numpy as np
import pytest
import torch

from analysis.doctor.embedding import as_network_input
from analysis.doctor.face_patterns import INPUT_SIDE, FacePatterns, load_face_patterns
from analysis.frozen_layers import FACE_PATTERNS
from analysis.training.models.facenet import EMBEDDER_PIXELS, load_facenet
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


def test_the_cut_network_gives_what_the_whole_one_has_at_its_layer(patterns: FacePatterns) -> None:
    seen = as_network_input(scene(5), INPUT_SIDE)[None]
    with torch.inference_mode():
        [layer] = load_facenet().maps(
            torch.from_numpy(seen) * EMBEDDER_PIXELS.scale + EMBEDDER_PIXELS.middle, [FACE_PATTERNS.name]
        )
    [cut] = patterns.session.run(None, {"input": seen})
    assert cut.shape[1] * FACE_PATTERNS.cells**2 == FacePatterns.length
    assert np.abs(cut - layer.numpy()).max() < 1e-3 * np.abs(cut).max()
