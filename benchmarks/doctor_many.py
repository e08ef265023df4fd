"""Synthetic signatures and vectors of a hundred thousand pictures, for the doctor's search for copies.

Three kinds, which cost time in different ways: pictures of many things, aligned portraits, whose vectors are all alike,
and frames of fixed cameras, of which hundreds show the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.doctor.embedding import PictureEmbedder
from analysis.doctor.signature import SIGNATURE_BYTES, SIGNATURE_SIDE
from analysis.types import Float32

COPIED_SHARE = 0.05
FRAMES_A_CLIP = 400
CLUSTERS = 500
PORTRAIT_SIMILARITY = 0.85
"""Of two portraits' vectors, in the middle; of aligned faces a quarter of all pairs have 0.9."""
CLUSTER_SHARE = 0.07
MOVED = 0.15
"""Length by which a frame's vector differs from its clip's."""
LENGTH = PictureEmbedder.length
PART = 5000


@dataclass(frozen=True)
class Many:
    """Synthetic signatures `(n, SIGNATURE_BYTES)`, vectors `(n, d)` of length 1, and the pairs that are copies."""

    signatures: NDArray[np.uint8]
    vectors: Float32
    copies: NDArray[np.int64]
    """`(k, 2)`; none where everything resembles something."""


def things(n: int, random: np.random.Generator) -> Many:
    """Returns pictures of many things, some of them twice."""
    return _with_copies(_scenes(n, random), _vectors(n, 0.3, random), random)


def portraits(n: int, random: np.random.Generator) -> Many:
    """Returns aligned portraits: dark above, bright in the middle, each a little different."""
    face = np.asarray(cv2.GaussianBlur(_scenes(1, np.random.default_rng(1))[0].astype(np.float32), (0, 0), 1.5))
    own = 0.6 * (_scenes(n, random).astype(np.float32) - 128)
    return _with_copies(_as_cells(face + own).reshape(own.shape), _vectors(n, PORTRAIT_SIMILARITY, random), random)


def frames(n: int, random: np.random.Generator) -> Many:
    """Returns frames of fixed cameras in front of which one thing moves."""
    clips = -(-n // FRAMES_A_CLIP)
    clip_of = np.repeat(np.arange(clips), FRAMES_A_CLIP)[:n]
    cells = _scenes(clips, random)[clip_of].astype(np.float32)
    y, x = np.mgrid[:SIGNATURE_SIDE, :SIGNATURE_SIDE].astype(np.float32)
    time = np.arange(n) / FRAMES_A_CLIP * 2 * np.pi
    middle = SIGNATURE_SIDE / 2 + 6 * np.stack([np.sin(5 * time), np.cos(3 * time)])
    moving = np.exp(-((x[None] - middle[0, :, None, None]) ** 2 + (y[None] - middle[1, :, None, None]) ** 2) / 12)
    cells += 90 * moving * np.sign(random.normal(size=clips))[clip_of, None, None]
    cells += random.normal(0, 2, cells.shape)
    vectors = _around(_vectors(clips, 0.3, random)[clip_of], MOVED, random)
    return Many(_as_cells(cells), vectors, np.zeros((0, 2), np.int64))


SORTS: dict[str, Callable[[int, np.random.Generator], Many]] = {
    "pictures of many things": things,
    "portraits cut out alike": portraits,
    "frames of fixed cameras": frames,
}


def _scenes(n: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """Returns `(n, 20, 20)`: large and medium patches of grey."""
    size = (SIGNATURE_SIDE, SIGNATURE_SIDE)
    cells = random.integers(0, 256, (n, 5, 5), np.uint8)
    return np.stack([np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_CUBIC), np.uint8) for each in cells])


def _vectors(n: int, similarity: float, random: np.random.Generator) -> Float32:
    """Returns vectors of length 1; pairs have about this similarity, those of one cluster a little more."""
    common = _unit(random.standard_normal((1, LENGTH), np.float32))
    cluster = _unit(random.standard_normal((CLUSTERS, LENGTH), np.float32))
    middles = np.sqrt(np.float32(similarity)) * common + np.sqrt(np.float32(CLUSTER_SHARE)) * cluster
    return _around(middles[random.integers(0, CLUSTERS, n)], float(np.sqrt(1 - similarity - CLUSTER_SHARE)), random)


def _around(vectors: Float32, distance: float, random: np.random.Generator) -> Float32:
    """Moves each vector by `distance` in a random direction, at length 1; in place, as all take 800 MB."""
    for start in range(0, len(vectors), PART):
        part = vectors[start : start + PART]
        part += np.float32(distance) * _unit(random.standard_normal(part.shape, np.float32))
        part[:] = _unit(part)
    return vectors


def _with_copies(cells: NDArray[np.uint8], vectors: Float32, random: np.random.Generator) -> Many:
    copies = random.permutation(len(cells))[: 2 * round(COPIED_SHARE * len(cells))].reshape(-1, 2)
    changed = cells[copies[:, 1]] * 0.9 + random.normal(0, 2, (len(copies), *cells.shape[1:]))
    cells[copies[:, 0]] = _as_cells(changed).reshape(-1, *cells.shape[1:])
    vectors[copies[:, 0]] = _around(vectors[copies[:, 1]], MOVED, random)
    return Many(cells.reshape(-1, SIGNATURE_BYTES), vectors, copies)


def _as_cells(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).reshape(-1, SIGNATURE_BYTES)


def _unit(vectors: Float32) -> Float32:
    unit: Float32 = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
