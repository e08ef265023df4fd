"""Stretches of time are joined, and compared."""

from __future__ import annotations

import pytest

from analysis.time_spans import merged, overlaps, overlaps_of_all


@pytest.mark.parametrize(
    ("given_spans", "gap_s", "expected"),
    [
        ([], 0, []),
        ([(1, 2)], 0, [(1, 2)]),
        ([(3, 4), (1, 2)], 0, [(1, 2), (3, 4)]),
        ([(1, 5), (2, 3)], 0, [(1, 5)]),
        ([(1, 2), (2, 3)], 0, [(1, 3)]),
        ([(1, 2), (2.9, 4)], 1, [(1, 4)]),
        ([(1, 2), (3.1, 4)], 1, [(1, 2), (3.1, 4)]),
    ],
)
def test_merged(given_spans: list, gap_s: float, expected: list) -> None:  # type: ignore[type-arg]
    assert merged(given_spans, gap_s) == expected


@pytest.mark.parametrize(
    ("spans", "shared"),
    [
        ([[(0, 5), (8, 9)], [(4, 8.5)]], [(4, 5), (8, 8.5)]),
        ([[(0, 5)], [(5, 6)]], []),
        ([[(0, 9)], [(1, 2), (1.5, 3)], [(2, 8)]], [(2, 3)]),
        ([[(0, 1)], []], []),
        ([], []),
    ],
)
def test_overlaps_are_what_everybody_covers(
    spans: list[list[tuple[float, float]]], shared: list[tuple[float, float]]
) -> None:
    assert overlaps_of_all(spans) == shared


def test_spans() -> None:
    assert merged([(3, 4), (0, 1), (0.5, 2)], 0.0) == [(0, 2), (3, 4)]
    assert merged([], 1.0) == [] and merged([(0, 1), (2, 3)], 1.0) == [(0, 3)]
    assert overlaps([(0, 5), (6, 9)], [(4, 7)]) == [(4, 5), (6, 7)]
