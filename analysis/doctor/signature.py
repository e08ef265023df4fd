"""Makes small signatures by which copies of pictures are found after resizing, recompression and slight changes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Image

SIGNATURE_SIDE = 20
SIGNATURE_BYTES = SIGNATURE_SIDE**2
FINE_CELLS, COARSE_CELLS = 0.5, 3.0
"""Deviations of the two Gaussians of the band-pass: finer structure is lost in compression, coarser is the light of the
scene and what all portraits have in common."""
MIN_STRUCTURE = 1.5
"""Minimum deviation of the cells in grey values; flatter pictures are all alike."""
SKETCH_SIDE = 10
SKETCH_LENGTH = SKETCH_SIDE**2


def picture_signature(grey: Image) -> bytes:
    """Returns the picture as 20 x 20 grey cells, each the mean of its part: 400 bytes."""
    small = cv2.resize(grey, (SIGNATURE_SIDE, SIGNATURE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).tobytes()


def structures(signatures: NDArray[np.uint8]) -> Float32:
    """Returns the structure `(n, 20, 20)` of signatures: band-passed, length 1; zero for flat pictures."""
    cells = signatures.reshape(-1, SIGNATURE_SIDE, SIGNATURE_SIDE).astype(np.float32)
    fine, coarse = _smoothing(FINE_CELLS), _smoothing(COARSE_CELLS)
    structure = fine @ cells @ fine.T - coarse @ cells @ coarse.T
    length = np.sqrt((structure**2).sum(axis=(1, 2), keepdims=True))
    flat = length < MIN_STRUCTURE * SIGNATURE_SIDE
    unit: Float32 = np.where(flat, 0, structure / np.maximum(length, 1e-6)).astype(np.float32)
    return unit


def sketches(structure: Float32) -> Float32:
    """Returns the coarse part of structures, `(n, 100)` of length 1 or 0, which is enough to find candidates."""
    from scipy.fft import dct  # deferred: rarely needed

    waves = dct(np.eye(SIGNATURE_SIDE, dtype=np.float32), axis=0, norm="ortho")[:SKETCH_SIDE]
    short = (waves @ structure @ waves.T).reshape(-1, SKETCH_LENGTH)
    unit: Float32 = (short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return unit


def _smoothing(deviation: float) -> Float32:
    """Returns a matrix `(20, 20)` that smooths a row of cells by a Gaussian, with weights normalised at the border."""
    cells = np.arange(SIGNATURE_SIDE)
    weights = np.exp(-((cells[:, None] - cells[None]) ** 2) / (2 * deviation**2))
    smoothing: Float32 = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return smoothing
