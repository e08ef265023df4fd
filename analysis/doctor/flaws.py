"""Finds pictures that are blurred, too dark, too bright, tiny or flat, relative to the rest of their dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.doctor.measures import MEASURED_SIDE_PX, MeasureTable
from analysis.types import Float32


@dataclass(frozen=True, slots=True)
class Flagged:
    """Some pictures of a table, worst first: `indices` (k,) and `severities` (k,) from 0 (borderline) to 1."""

    indices: NDArray[np.int64]
    severities: Float32

    def __len__(self) -> int:
        return len(self.indices)


# Sharpness: what counts is how soft a picture is compared with the others of its dataset.
SOFTER_THAN_USUAL = (1.3, 1.8)
"""Times the median: the limit is put between these, where the fewest pictures are."""
MIN_BLUR_PX = 1.4
"""No picture below this is blurred, however sharp the others: cameras and JPEG make 0.8 to 1.2."""
MIN_BLUR_SHARE = 0.005
"""The same as a share of the longer measured side: less is invisible at 224 pixels (1.1 of them)."""
VALLEY_WIDTH = 0.08
"""Bandwidth, in the logarithm of blur, of the density estimate in which the valley is sought."""
VALLEY_TOLERANCE = 0.02
"""Share of the density at the median by which a point of the valley may exceed its lowest."""

# Light = mean grey + half of the highlights, 0..1.5: a dim room and a face at night differ in the second part.
DARK_LIGHT = 0.40
"""Well-exposed pictures have 0.5 to 1.3; of 1,500 measured, one in a hundred had less than 0.4."""
DARK_BESIDE_OTHERS = 0.6
"""Share of the dataset's median: recordings made at night are not all too dark."""
BLACK_HIGHLIGHTS = 0.08
"""A picture with nothing brighter than this shows nothing, whatever the dataset."""

# Glare = mean grey + half of the shadows, 0..1.5.
BRIGHT_GLARE = 1.05
BRIGHT_BESIDE_OTHERS = 1.2
"""Times the dataset's median: goods in front of a white wall are not all overexposed."""

TINY_PX = 24
"""Shorter side below which neither people nor networks recognise a face or an expression."""
TINY_BESIDE_OTHERS = 0.25
"""Share of the dataset's median: a picture that must be enlarged four times to match the others."""
LARGE_ENOUGH_PX = 96
"""Shorter side from which a picture is never tiny, however large the others."""

FLAT_CONTRAST = 0.05
"""Deviation of grey: an evenly lit wall has 0.03, a face in fog 0.06, usual pictures 0.15 to 0.28."""
FLAT_BESIDE_OTHERS = 0.5


def find_blurred(table: MeasureTable) -> Flagged:
    """Flags pictures clearly softer than their dataset usually is, and visibly so at a network's input size."""
    measured = table.blurs[table.blurs > 0]
    if not len(measured):
        return _flagged(table.blurs, np.full(len(table), np.inf, np.float32), 1.0)
    longer = np.minimum(np.maximum(table.widths, table.heights), MEASURED_SIDE_PX)
    limits = np.maximum(MIN_BLUR_SHARE * longer, max(MIN_BLUR_PX, _valley(np.log(measured))))
    return _flagged(table.blurs, limits.astype(np.float32), 3.0)


def find_dark(table: MeasureTable) -> Flagged:
    """Flags pictures with little light even in their brighter parts, in absolute terms and relative to the others."""
    light: Float32 = table.brightnesses + table.highlights * np.float32(0.5)
    limit = min(DARK_LIGHT, DARK_BESIDE_OTHERS * _median(light))
    shown = np.where(table.highlights < BLACK_HIGHLIGHTS, 0, light)
    # The limit stays above zero, so that a black picture is below it.
    return _flagged(-shown, np.full(len(table), -max(limit, BLACK_HIGHLIGHTS), np.float32), 0.0)


def find_too_bright(table: MeasureTable) -> Flagged:
    """Flags pictures close to white even in their darker parts, in absolute terms and relative to the others."""
    glare: Float32 = table.brightnesses + table.shadows * np.float32(0.5)
    limit = max(BRIGHT_GLARE, min(BRIGHT_BESIDE_OTHERS * _median(glare), 1.45))
    return _flagged(glare, np.full(len(table), limit, np.float32), 1.5 / limit)


def find_tiny(table: MeasureTable) -> Flagged:
    """Flags pictures whose shorter side is too short to show anything, or far shorter than the others'."""
    shorter = np.minimum(table.widths, table.heights).astype(np.float32)
    limit = max(TINY_PX, min(TINY_BESIDE_OTHERS * _median(shorter), LARGE_ENOUGH_PX))
    return _flagged(-shorter, np.full(len(table), -limit, np.float32), 0.0)


def find_low_contrast(table: MeasureTable) -> Flagged:
    """Flags pictures of almost a single grey."""
    limit = min(FLAT_CONTRAST, FLAT_BESIDE_OTHERS * _median(table.contrasts))
    return _flagged(-table.contrasts, np.full(len(table), -max(limit, 0.01), np.float32), 0.0)


def _valley(logarithms: Float32) -> float:
    """Returns the smallest blur between `SOFTER_THAN_USUAL` near which there is hardly any picture."""
    middle = float(np.median(logarithms))
    # 512 quantiles stand for all: the dataset may have a hundred thousand pictures.
    some = np.quantile(logarithms, np.linspace(0, 1, 512)) if len(logarithms) > 512 else logarithms
    least, most = (float(np.log(times)) for times in SOFTER_THAN_USUAL)
    places = middle + np.linspace(least, most, 40)
    density, usual = (
        np.exp(-(((each[:, None] - some[None]) / VALLEY_WIDTH) ** 2) / 2).sum(axis=1)
        for each in (places, np.array([middle]))
    )
    return float(np.exp(places[density <= density.min() + VALLEY_TOLERANCE * usual[0]][0]))


def _median(values: Float32) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _flagged(values: Float32, limits: Float32, hopeless: float) -> Flagged:
    """Flags values above their limit; severity 1 means `hopeless` times the limit."""
    indices = np.flatnonzero(values > limits)
    excess = (values[indices] - limits[indices]) / np.maximum(np.abs(limits[indices] * (hopeless - 1)), 1e-9)
    severities = np.clip(excess, 0, 1).astype(np.float32)
    order = np.argsort(-severities, kind="stable")
    return Flagged(indices[order].astype(np.int64), severities[order])
