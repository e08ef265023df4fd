"""Conversions of weights: numerically what the originals compute."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from analysis.types import Float32
from analysis.weights import FACE_MESH, MOBILEFACENET, verified_path

# What LiteRT 2.3 computes from the published MobileFaceNet.tflite for the two pictures of `wave()`.
LITERT = (
    [-0.1273140, 1.0810822, 0.2044463, -0.7158279, -1.5377139, 4.0056868],
    [-0.1967220, 1.1134242, 0.1984871, -0.6202666, -1.5640667, 3.5958459],
)
LITERT_LENGTHS = [36.2701340, 37.0002518]

# What LiteRT 2.3 computes from the published face_landmark.tflite for two pictures: nose and cheeks, and presence.
LITERT_POINTS = (
    [[96.06992, 102.11285, -32.761997], [27.836983, 88.51926, 58.81431], [158.88866, 92.85197, 66.7255]],
    [[86.38071, 106.069466, -32.512657], [20.39559, 85.81226, 60.073204], [153.76328, 93.20028, 64.55176]],
)
LITERT_PRESENCE = [-11.7394905, -12.081146]
NOSE_AND_CHEEKS = [1, 234, 454]


def run(path: Path, faces: Float32) -> Float32:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    output: Float32 = session.run(None, {"input": faces})[0]
    return output


def wave(size: int = 112) -> Float32:
    values = np.sin(np.arange(2 * size * size * 3) * 0.0137).reshape(2, size, size, 3)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2).astype(np.float32))


def test_mobilefacenet_computes_what_litert_does() -> None:
    output = run(verified_path(MOBILEFACENET), wave())
    assert np.allclose(output[:, :6], LITERT, atol=1e-4)
    assert np.allclose(np.linalg.norm(output, axis=1), LITERT_LENGTHS, atol=1e-3)


@pytest.mark.parametrize("count", [1, 3])
def test_any_batch_size_fits(count: int) -> None:
    faces = np.repeat(wave()[:1], count, axis=0)
    assert np.allclose(run(verified_path(MOBILEFACENET), faces)[-1, :6], LITERT[0], atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_face_mesh_computes_what_litert_does_at_any_batch_size(count: int) -> None:
    session = onnxruntime.InferenceSession(str(verified_path(FACE_MESH)), providers=["CPUExecutionProvider"])
    pictures = np.concatenate([(wave(192) + 1) / 2] * 2)[:count]
    points, presence = session.run(["points", "presence"], {"input": pictures})
    assert points.shape == (count, 468, 3)
    assert np.allclose(points[:, NOSE_AND_CHEEKS], (LITERT_POINTS * 2)[:count] if count else points[:, :3], atol=1e-3)
    assert np.allclose(presence, (LITERT_PRESENCE * 2)[:count], atol=1e-4)
