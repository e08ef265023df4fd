"""Measures single pictures, and collects the measures in the table that the doctor's findings are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.doctor.sharpness import edge_blur
from analysis.doctor.signature import SIGNATURE_BYTES, picture_signature
from analysis.types import Float32, Image, expect_shape

MEASURED_SIDE_PX = 512
"""Pictures are measured at this longer side or their own, if smaller: networks see 64 to 320 pixels, and a fixed size
makes blur comparable."""
MEASURES_VERSION = 1
"""Stored with the measures; raise it when `measure_picture` changes, and old rows are measured again."""
WHITE = 255.0


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of one picture, comparable between pictures of any size."""

    width: int
    height: int
    blur: float
    """Width of the clearest edges: deviation of a Gaussian in pixels of the measured size; 0.3 is sharp."""
    brightness: float
    """Mean grey, 0 (black) to 1 (white)."""
    highlights: float
    """95th percentile of grey, 0..1; high for a night scene with a lit face."""
    shadows: float
    """5th percentile of grey, 0..1."""
    contrast: float
    """Deviation of grey, 0..0.5."""
    signature: bytes
    """For `near_duplicates`: `SIGNATURE_BYTES` long, the same on every machine, otherwise opaque."""


@dataclass(frozen=True, slots=True)
class MeasureTable:
    """Measures of n pictures as a struct of arrays, each `(n,)`; `signatures` `(n, SIGNATURE_BYTES)` uint8."""

    widths: NDArray[np.int32]
    heights: NDArray[np.int32]
    blurs: Float32
    brightnesses: Float32
    highlights: Float32
    shadows: Float32
    contrasts: Float32
    signatures: NDArray[np.uint8]

    def __post_init__(self) -> None:
        n = len(self.widths)
        for name in ("heights", "blurs", "brightnesses", "highlights", "shadows", "contrasts"):
            expect_shape(name, getattr(self, name), (n,))
        expect_shape("signatures", self.signatures, (n, SIGNATURE_BYTES))

    def __len__(self) -> int:
        return len(self.widths)

    @classmethod
    def of(cls, measures: Iterable[Measures]) -> MeasureTable:
        """Returns the table of many `Measures`, or of none, in their order."""
        rows = list(measures)
        return cls(
            widths=np.array([row.width for row in rows], np.int32),
            heights=np.array([row.height for row in rows], np.int32),
            blurs=np.array([row.blur for row in rows], np.float32),
            brightnesses=np.array([row.brightness for row in rows], np.float32),
            highlights=np.array([row.highlights for row in rows], np.float32),
            shadows=np.array([row.shadows for row in rows], np.float32),
            contrasts=np.array([row.contrast for row in rows], np.float32),
            signatures=stack_signatures([row.signature for row in rows]),
        )


def stack_signatures(signatures: Iterable[bytes]) -> NDArray[np.uint8]:
    """Returns stored signatures as an array `(n, SIGNATURE_BYTES)`."""
    return np.frombuffer(b"".join(signatures), np.uint8).reshape(-1, SIGNATURE_BYTES)


def measure_picture(image_bgr: Image) -> Measures:
    """Returns the measures of a picture `(h, w, 3)` BGR; raises ValueError for another shape."""
    if image_bgr.ndim != 3 or image_bgr.shape[2] != 3 or min(image_bgr.shape[:2]) < 1:
        raise ValueError(f"image_bgr: expected shape (h, w, 3), got {image_bgr.shape}")
    height, width = image_bgr.shape[:2]
    grey = _at_measured_size(np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), np.uint8))
    shadows, highlights = _grey_percentiles(grey, (0.05, 0.95))
    mean, deviation = cv2.meanStdDev(grey)
    return Measures(
        width=width,
        height=height,
        blur=edge_blur(grey),
        brightness=float(mean[0, 0]) / WHITE,
        highlights=highlights / WHITE,
        shadows=shadows / WHITE,
        contrast=float(deviation[0, 0]) / WHITE,
        signature=picture_signature(grey),
    )


def _at_measured_size(grey: Image) -> Image:
    height, width = grey.shape
    scale = MEASURED_SIDE_PX / max(height, width)
    if scale >= 1:
        return grey
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grey_percentiles(grey: Image, shares: tuple[float, ...]) -> list[float]:
    """Returns percentiles of grey from the histogram: exact for 8 bits, and 20 times as fast as sorting."""
    histogram = np.asarray(cv2.calcHist([grey], [0], None, [256], [0, 256])).reshape(-1).cumsum()
    return [float(np.searchsorted(histogram, share * histogram[-1])) for share in shares]
