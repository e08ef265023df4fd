"""Pictures that are blurred, too dark, too bright, tiny or flat, told from the measures of the whole dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.doctor.measures import MeasureTable
from analysis.types import Float32


@dataclass(frozen=True, slots=True)
class Flagged:
    """Some pictures of a table, worst first: `indices` (k,) and `severities` (k,), 0 (just so) to 1 (hopeless)."""

    indices: NDArray[np.int64]
    severities: Float32

    def __len__(self) -> int:
        return len(self.indices)


def find_blurred(table: MeasureTable) -> Flagged:
    """Clearly softer than the dataset's own pictures usually are, or without any edge at all."""
    usual = float(np.median(table.blurs)) if len(table) else 0.0
    limit = max(BLUR_PX, usual * BLUR_TIMES_USUAL)
    return _flagged(table.blurs, limit, 3 * limit)


BLUR_PX = 1.1
BLUR_TIMES_USUAL = 1.5
DARK_HIGHLIGHTS = 0.35
BRIGHT_SHADOWS = 0.75
TINY_PX = 24
LOW_CONTRAST = 0.05


def find_dark(table: MeasureTable) -> Flagged:
    """Hardly anything in the picture is brighter than `DARK_HIGHLIGHTS`."""
    return _flagged(-table.highlights, -DARK_HIGHLIGHTS, 0.0)


def find_too_bright(table: MeasureTable) -> Flagged:
    """Hardly anything in the picture is darker than `BRIGHT_SHADOWS`."""
    return _flagged(table.shadows, BRIGHT_SHADOWS, 1.0)


def find_tiny(table: MeasureTable) -> Flagged:
    """The shorter side has fewer than `TINY_PX` pixels."""
    shorter = np.minimum(table.widths, table.heights).astype(np.float32)
    return _flagged(-shorter, -float(TINY_PX), 0.0)


def find_low_contrast(table: MeasureTable) -> Flagged:
    """Almost one grey all over, and neither dark nor too bright."""
    return _flagged(-table.contrasts, -LOW_CONTRAST, 0.0)


def _flagged(values: Float32, limit: float, hopeless: float) -> Flagged:
    """Those with a value above the limit."""
    indices = np.flatnonzero(values > limit)
    severities = np.clip((values[indices] - limit) / max(hopeless - limit, 1e-9), 0, 1).astype(np.float32)
    order = np.argsort(-severities, kind="stable")
    return Flagged(indices[order].astype(np.int64), severities[order])
