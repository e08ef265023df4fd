"""Grouping obeys must-link and cannot-link constraints."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.faces.group import THRESHOLDS
from analysis.faces.stitch_tracklets import group_tracks
from analysis.types import Constraints
from tests.analysis.faces.test_group import track

LIMITS = THRESHOLDS["mobilefacenet_192"]


def groups(people: list[int], constraints: Constraints) -> set[frozenset[int]]:
    """One after the other, the same number looks the same."""
    tracks = [track(person, 3.0 * n, 3.0 * n + 1, view=n) for n, person in enumerate(people)]
    grouping = group_tracks(tracks, [[n] for n in range(len(tracks))], 0.2, LIMITS, constraints)
    return {frozenset(group) for group in grouping.people}


def test_must_link_makes_one_person_of_different_faces() -> None:
    assert groups([1, 2, 3], Constraints(must_link=((0, 2),))) == {frozenset({0, 2}), frozenset({1})}


def test_cannot_link_makes_two_people_of_similar_faces() -> None:
    found = groups([1, 1, 1], Constraints(cannot_link=(((0,), (1,)),)))
    assert not any({0, 1} <= group for group in found)
    assert len(found) == 2


def test_must_link_is_stronger_than_being_on_screen_together() -> None:
    tracks = [track(1, 0, 2), track(2, 1, 3, left=60)]
    grouping = group_tracks(tracks, [[0], [1]], 0.2, LIMITS, Constraints(must_link=((0, 1),)))
    assert grouping.people == ((0, 1),)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=6),
    st.lists(st.integers(0, 11), max_size=4, unique=True),
)
def test_constraints_hold_in_every_grouping(
    people: list[int], pairs: list[tuple[int, int]], together: list[int]
) -> None:
    count = len(people)
    same = tuple(number for number in together if number < count)
    apart = tuple(((a,), (b,)) for a, b in pairs if a < count and b < count and a != b and not {a, b} <= set(same))
    found = groups(people, Constraints(must_link=(same,) if same else (), cannot_link=apart))
    assert sorted(number for group in found for number in group) == list(range(count))
    assert not same or any(set(same) <= group for group in found)
    for (a,), (b,) in apart:
        assert not any({a, b} <= group for group in found), np.array(people)
