"""Estimated thresholds: the same share of different people is above them, whatever the spread of the cosines."""

import numpy as np
import pytest

from analysis.faces.estimate_thresholds import MIN_PAIRS, estimate_thresholds
from analysis.faces.thresholds import thresholds_for

KNOWN = thresholds_for("mobilefacenet_192")


def test_the_same_false_match_rate_holds_for_an_embedder_with_another_spread() -> None:
    cosines = np.random.default_rng(1).normal(0.1, 0.12, 50_000).astype(np.float32)
    found = estimate_thresholds(KNOWN, cosines, cosines * 0.5 - 0.02, cosines[:0])
    for old, new in (
        (KNOWN.grouping.across_occasions, found.thresholds.grouping.across_occasions),
        (KNOWN.identification.review_from, found.thresholds.identification.review_from),
    ):
        assert new == pytest.approx(old * 0.5 - 0.02, abs=0.005)
        assert ((cosines * 0.5 - 0.02) >= new).mean() == pytest.approx((cosines >= old).mean(), rel=0.1)
    assert found.thresholds.is_estimated and found.impostor_pairs == 50_000


def test_the_same_embedder_keeps_its_thresholds() -> None:
    cosines = np.random.default_rng(1).normal(0.1, 0.12, 500).astype(np.float32)
    found = estimate_thresholds(KNOWN, cosines, cosines, np.array([0.9, 0.2], np.float32))
    assert found.thresholds.identification.accept_from == pytest.approx(KNOWN.identification.accept_from, abs=1e-3)
    assert found.genuine_share == 0.5


def test_too_few_pairs_give_typical_thresholds() -> None:
    few = np.zeros(MIN_PAIRS - 1, np.float32)
    found = estimate_thresholds(KNOWN, few, few, few)
    assert 0.25 < found.thresholds.identification.review_from < found.thresholds.identification.accept_from < 0.6
