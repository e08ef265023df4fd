"""Estimates the thresholds of an embedder from faces that another embedder with known thresholds has seen too.

A threshold stands for a false match rate. Cosines of different people are about normally distributed, so the threshold
with the same rate lies as many standard deviations above their mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.faces.group import Thresholds
from analysis.faces.search import IdentificationThresholds
from analysis.faces.thresholds import EmbedderThresholds
from analysis.types import Float32

MIN_PAIRS = 60
"""Pairs of different people from which mean and deviation are known to a tenth of a deviation or so."""
TYPICAL_IMPOSTORS = (0.03, 0.1)
"""Mean and deviation of cosines of different people for networks trained with ArcFace's loss, where pairs are few."""
MAX_THRESHOLD = 0.95
MAD_TO_DEVIATION = 1.4826
"""Of a normal distribution; the median absolute deviation ignores the few pairs that are one person after all."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Thresholds with what they rest on."""

    thresholds: EmbedderThresholds
    impostor_pairs: int
    genuine_pairs: int
    genuine_share: float
    """Of the pairs of views of one person, how many are at least as similar as tracks of one video must be, 0..1."""


def estimate_thresholds(
    known: EmbedderThresholds, impostors_known: Float32, impostors_new: Float32, genuine_new: Float32
) -> Estimate:
    """Maps the thresholds of the known embedder to a new one by their false match rates.

    `impostors_known` and `impostors_new` (n,) are cosines of the same pairs of different people, by either embedder;
    `genuine_new` (m,) those of views of one person. With fewer than `MIN_PAIRS` pairs typical values take their place.
    """
    if len(impostors_known) != len(impostors_new):
        raise ValueError(f"expected the same pairs, got {len(impostors_known)} and {len(impostors_new)}")
    enough = len(impostors_new) >= MIN_PAIRS
    mean, deviation = _spread(impostors_known) if enough else (0.12, 0.1)
    new_mean, new_deviation = _spread(impostors_new) if enough else TYPICAL_IMPOSTORS

    def mapped(threshold: float) -> float:
        value = new_mean + (threshold - mean) / deviation * new_deviation
        return round(float(np.clip(value, -1.0, MAX_THRESHOLD)), 4)

    grouping, identification = known.grouping, known.identification
    thresholds = EmbedderThresholds(
        Thresholds(
            mapped(grouping.within_recording),
            mapped(grouping.across_occasions),
            mapped(grouping.over_border),
            mapped(grouping.one_track),
        ),
        IdentificationThresholds(mapped(identification.accept_from), mapped(identification.review_from)),
        is_estimated=True,
    )
    share = float((genuine_new >= thresholds.grouping.within_recording).mean()) if len(genuine_new) else 0.0
    return Estimate(thresholds, len(impostors_new), len(genuine_new), share)


def _spread(cosines: Float32) -> tuple[float, float]:
    """Returns the mean and the standard deviation, both robust."""
    middle = float(np.median(cosines))
    deviation = MAD_TO_DEVIATION * float(np.median(np.abs(cosines - middle)))
    return middle, max(deviation, 1e-3)
