"""What counts as seen: the samples, with short gaps."""

import numpy as np
import pytest

from analysis.faces.seen_spans import seen_spans


def test_a_long_gap_is_left_out_and_a_short_one_is_not() -> None:
    times_s = np.array([1.0, 1.25, 2.25, 8.0, 8.25])
    assert seen_spans(times_s, 0.25) == [(1.0, 2.5), (8.0, 8.5)]


def test_a_single_sample_lasts_a_step_and_nothing_is_nothing() -> None:
    assert seen_spans(np.array([3.0]), 0.25) == [(3.0, 3.25)]
    assert seen_spans(np.zeros(0), 0.25) == []


@pytest.mark.parametrize(("step_s", "count"), [(0.25, 2), (0.5, 1)])
def test_what_fast_skipped_is_no_gap(step_s: float, count: int) -> None:
    assert len(seen_spans(np.array([0.0, 0.5, 5.5]), step_s)) == count
