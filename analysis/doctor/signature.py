"""A small signature of a picture by which copies are recognised after resizing, recompression and slight changes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Image

SIGNATURE_SIDE = 24
SIGNATURE_BYTES = SIGNATURE_SIDE**2


def picture_signature(grey: Image) -> bytes:
    """The picture in 24 x 24 grey cells, each the mean of its part: 576 bytes."""
    small = cv2.resize(grey, (SIGNATURE_SIDE, SIGNATURE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).tobytes()


def unit_signatures(signatures: NDArray[np.uint8]) -> Float32:
    """`(n, d)`: zero mean and length 1, so that brightness and contrast do not count; flat pictures become zero."""
    values = signatures.astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    unit: Float32 = np.where(lengths > SIGNATURE_SIDE, values / np.maximum(lengths, 1), 0).astype(np.float32)
    return unit
