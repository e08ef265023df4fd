"""Conversions of weights: numerically what the originals compute."""

import struct
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from analysis.types import Float32
from analysis.weight_conversion import dlib_resnet
from analysis.weights import DLIB_RESNET, MOBILEFACENET, verified_path

# What LiteRT 2.3 computes from the published MobileFaceNet.tflite for the two pictures of `wave()`.
LITERT = (
    [-0.1273140, 1.0810822, 0.2044463, -0.7158279, -1.5377139, 4.0056868],
    [-0.1967220, 1.1134242, 0.1984871, -0.6202666, -1.5640667, 3.5958459],
)
LITERT_LENGTHS = [36.2701340, 37.0002518]


def run(path: Path, faces: Float32) -> Float32:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    output: Float32 = session.run(None, {"input": faces})[0]
    return output


def wave() -> Float32:
    values = np.sin(np.arange(2 * 112 * 112 * 3) * 0.0137).reshape(2, 112, 112, 3)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2).astype(np.float32))


def test_mobilefacenet_computes_what_litert_does() -> None:
    output = run(verified_path(MOBILEFACENET), wave())
    assert np.allclose(output[:, :6], LITERT, atol=1e-4)
    assert np.allclose(np.linalg.norm(output, axis=1), LITERT_LENGTHS, atol=1e-3)


@pytest.mark.parametrize("count", [1, 3])
def test_any_batch_size_fits(count: int) -> None:
    faces = np.repeat(wave()[:1], count, axis=0)
    assert np.allclose(run(verified_path(MOBILEFACENET), faces)[-1, :6], LITERT[0], atol=1e-4)


def dlib_integer(value: int) -> bytes:
    size = max((value.bit_length() + 7) // 8, 1)
    return bytes([size]) + value.to_bytes(size, "little")


def dlib_file(tensors: list[Float32]) -> bytes:
    """Tensors as dlib writes them, with text between them as in the real file."""
    parts = []
    for tensor in tensors:
        shape = b"".join(dlib_integer(side) for side in (2, tensor.size, 1, 1, 1))
        parts.append(b"\x01\x05con_4\xff" + shape + struct.pack(f"<{tensor.size}f", *tensor))
    return b"".join(parts) + b"\x00" * 16


def random_tensors() -> list[Float32]:
    random = np.random.default_rng(3)
    tensors: list[Float32] = []
    shapes = [(32, 3, 7)]
    channels = 32
    for wider, _ in dlib_resnet.BLOCKS:
        shapes += [(wider, channels, 3), (wider, wider, 3)]
        channels = wider
    for out, inside, size in shapes:
        filters = random.normal(0, (inside * size * size) ** -0.5, out * inside * size * size)
        affine = np.concatenate([random.uniform(0.5, 1.2, out), random.normal(0, 0.1, out)])
        tensors += [np.append(filters, random.normal(0, 0.1, out)).astype(np.float32), affine.astype(np.float32)]
    tensors.append(random.normal(0, 0.05, 256 * 128).astype(np.float32))
    return tensors


def rebuilt_in_torch(tensors: list[Float32], faces: Float32) -> Float32:
    """dlib's network written the plain way: convolution, then affine, nothing folded."""
    left = iter(torch.from_numpy(tensor) for tensor in tensors)

    def convolution(x: torch.Tensor, out: int, size: int, stride: int, pad: int) -> torch.Tensor:
        parameters, affine = next(left), next(left)
        filters = parameters[:-out].view(out, x.shape[1], size, size)
        y = functional.conv2d(x, filters, parameters[-out:], stride, pad)
        return y * affine[:out].view(-1, 1, 1) + affine[out:].view(-1, 1, 1)

    x = (torch.from_numpy(faces) - torch.tensor(dlib_resnet.MEAN_RGB).view(3, 1, 1)) / 256
    x = functional.max_pool2d(functional.relu(convolution(x, 32, 7, 2, 0)), 3, 2)
    for wider, halves in dlib_resnet.BLOCKS:
        y = functional.relu(convolution(x, wider, 3, 2 if halves else 1, 0 if halves else 1))
        y = convolution(y, wider, 3, 1, 1)
        x = functional.avg_pool2d(x, 2, 2) if halves else x
        total = torch.zeros(len(x), wider, max(x.shape[2], y.shape[2]), max(x.shape[3], y.shape[3]))
        total[:, : x.shape[1], : x.shape[2], : x.shape[3]] += x
        total[:, :, : y.shape[2], : y.shape[3]] += y
        x = functional.relu(total)
    return (x.mean((2, 3)) @ next(left).view(256, 128)).numpy()


def test_dlibs_file_becomes_dlibs_network(tmp_path: Path) -> None:
    tensors = random_tensors()
    (tmp_path / "net.dat").write_bytes(dlib_file(tensors))
    dlib_resnet.convert(tmp_path / "net.dat", tmp_path / "net.onnx")
    faces = np.random.default_rng(4).uniform(0, 255, (2, 3, 150, 150)).astype(np.float32)
    expected = rebuilt_in_torch(tensors, faces)
    assert np.abs(expected).max() > 0.01
    assert np.allclose(run(tmp_path / "net.onnx", faces), expected, atol=1e-4 * np.abs(expected).max())


def test_a_file_with_a_tensor_too_few_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.dat").write_bytes(dlib_file(random_tensors()[:-1]))
    with pytest.raises(ValueError, match="expected 59 tensors, got 58"):
        dlib_resnet.convert(tmp_path / "net.dat", tmp_path / "net.onnx")


def test_the_installed_dlib_network_makes_vectors_as_long_as_dlib_s() -> None:
    faces = np.random.default_rng(4).uniform(0, 255, (1, 3, 150, 150)).astype(np.float32)
    assert 0.5 < np.linalg.norm(run(verified_path(DLIB_RESNET), faces)) < 2.5
