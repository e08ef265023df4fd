"""The converted network computes what the plain layers do, and its vectors tell pictures apart."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from analysis.doctor.embedding import PictureEmbedder, load_picture_embedder
from analysis.types import Float32
from analysis.weight_conversion import efficientnet_lite0 as network
from tests.analysis.doctor.scenes import scene


def random_checkpoint() -> dict[str, torch.Tensor]:
    """Tensors with the names and shapes of the published file."""
    generator = torch.Generator().manual_seed(0)
    tensors: dict[str, torch.Tensor] = {}

    def add(name: str, normalisation: str, out: int, inside: int, size: int) -> None:
        fan_in = inside * size * size
        tensors[f"{name}.weight"] = torch.randn(out, inside, size, size, generator=generator) * (2 / fan_in) ** 0.5
        tensors[f"{normalisation}.weight"] = torch.rand(out, generator=generator) + 0.5
        tensors[f"{normalisation}.bias"] = torch.randn(out, generator=generator) * 0.1
        tensors[f"{normalisation}.running_mean"] = torch.randn(out, generator=generator) * 0.1
        tensors[f"{normalisation}.running_var"] = torch.rand(out, generator=generator) + 0.5

    add("_conv_stem", "_bn0", 32, 3, 3)
    channels, number = 32, 0
    for size, _, wider, count in network.STAGES:
        for _ in range(count):
            name, expanded = f"_blocks.{number}.", channels * (1 if number == 0 else 6)
            if number:
                add(f"{name}_expand_conv", f"{name}_bn0", expanded, channels, 1)
            add(f"{name}_depthwise_conv", f"{name}_bn1", expanded, 1, size)
            add(f"{name}_project_conv", f"{name}_bn2", wider, expanded, 1)
            channels, number = wider, number + 1
    add("_conv_head", "_bn1", network.OUTPUT_LENGTH, channels, 1)
    return tensors


def in_torch(tensors: dict[str, torch.Tensor], pictures: Float32) -> tuple[Float32, Float32]:
    """The network written the plain way: padded, convolved, then normalised; nothing folded."""

    def layer(x: torch.Tensor, name: str, normalisation: str, stride: int = 1) -> torch.Tensor:
        filters = tensors[f"{name}.weight"]
        size = filters.shape[-1]
        missing = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[2:]]
        x = functional.pad(
            x, [missing[1] // 2, missing[1] - missing[1] // 2, missing[0] // 2, missing[0] - missing[0] // 2]
        )
        x = functional.conv2d(x, filters, stride=stride, groups=len(filters) if filters.shape[1] == 1 else 1)
        mean, variance, weight, bias = (
            tensors[f"{normalisation}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return functional.batch_norm(x, mean, variance, weight, bias, eps=1e-3)

    x = functional.relu6(layer(torch.from_numpy(pictures), "_conv_stem", "_bn0", 2))
    number, layout = 0, x
    for _, stride, _, count in network.STAGES:
        for position in range(count):
            name = f"_blocks.{number}."
            y = functional.relu6(layer(x, f"{name}_expand_conv", f"{name}_bn0")) if number else x
            y = functional.relu6(layer(y, f"{name}_depthwise_conv", f"{name}_bn1", 1 if position else stride))
            y = layer(y, f"{name}_project_conv", f"{name}_bn2")
            x = x + y if position else y
            layout = x if number == network.LAYOUT_BLOCK else layout
            number += 1
    x = functional.relu6(layer(x, "_conv_head", "_bn1"))
    return x.mean((2, 3)).numpy(), layout.numpy()


@pytest.mark.parametrize("size", [(2, 3, 64, 64), (1, 3, 96, 32)])
def test_the_checkpoint_becomes_the_network_it_describes(size: tuple[int, ...], tmp_path: Path) -> None:
    tensors = random_checkpoint()
    torch.save(tensors, tmp_path / "net.pth")
    network.convert(tmp_path / "net.pth", tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(1).uniform(-1, 1, size).astype(np.float32)
    for computed, expected in zip(session.run(None, {"input": pictures}), in_torch(tensors, pictures), strict=True):
        assert computed.shape == expected.shape
        assert np.allclose(computed, expected, atol=2e-4 * np.abs(expected).max())


@pytest.fixture(scope="module")
def embedder() -> PictureEmbedder:
    return load_picture_embedder()


def test_vectors_have_length_one_and_ignore_mirroring(embedder: PictureEmbedder) -> None:
    images = [scene(1), scene(1)[:, ::-1], scene(2), scene(1, 320, 240), np.zeros((9, 5, 3), np.uint8)]
    vectors = embedder.embed(images)
    assert vectors.shape == (5, embedder.length)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    similarity = vectors @ vectors[0]
    assert similarity[1] > similarity[2] + 0.1
    assert np.allclose(embedder.embed(images[2:3]), vectors[2:3], atol=1e-4)
    assert embedder.embed([]).shape == (0, embedder.length)
