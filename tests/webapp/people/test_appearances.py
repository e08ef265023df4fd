"""Stretches of time, packed samples, and recognising people of an earlier analysis: pure functions."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.time_spans import Span, merged
from webapp.analyses import carry_over_runner
from webapp.people import appearances, sample_codec

spans = st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])))


@given(spans)
def test_screen_time_is_never_more_than_the_sum_and_never_counts_a_moment_twice(some: list[Span]) -> None:
    total = appearances.total_s(some)
    assert total <= sum(end - start for start, end in some) + 1e-6
    joined = merged(some)
    assert all(first[1] < second[0] for first, second in pairwise(joined))


@given(spans, st.floats(0.5, 200))
def test_bars_stay_inside_and_can_be_seen(some: list[Span], duration_s: float) -> None:
    for bar in appearances.bars(
        [(start, min(end, duration_s)) for start, end in some if start < duration_s], duration_s
    ):
        assert bar.left_percent >= 0 and bar.left_percent + bar.width_percent <= 100.001
        assert bar.width_percent >= appearances.THINNEST_BAR_PERCENT - 0.001


def test_a_video_without_length_has_no_bars() -> None:
    assert appearances.bars([(0, 1)], 0) == []


def test_samples_come_back_as_they_were_even_late_in_a_long_video() -> None:
    times_s = 7000.04 + np.arange(300, dtype=np.float64) * 0.04
    boxes = np.random.default_rng(1).uniform(0, 1920, (300, 4)).astype(np.float32)
    scores = np.linspace(0, 1, 300).astype(np.float32)
    again = sample_codec.unpack(sample_codec.pack(times_s, boxes, scores, float(times_s[0])), float(times_s[0]))
    assert np.allclose(again[0], times_s, atol=1e-5)
    assert np.array_equal(again[1], boxes) and np.array_equal(again[2], scores)


def test_no_samples_are_a_value_too() -> None:
    times_s, boxes, scores = sample_codec.unpack(b"", 0.0)
    assert (times_s.shape, boxes.shape, scores.shape) == ((0,), (0, 4), (0,))


def seen(start_s: float, end_s: float, x: float = 0) -> carry_over_runner.Seen:
    times_s = np.arange(start_s, end_s, 0.2)
    return [(times_s, np.tile(np.array([x, 0, x + 100, 100], np.float32), (len(times_s), 1)))]


def test_the_same_place_at_the_same_time_is_the_same_person() -> None:
    before = {
        "anna": carry_over_runner.Before(seen(0, 10), True),
        "other": carry_over_runner.Before(seen(0, 10, x=500), False),
    }
    assert carry_over_runner.match([seen(0, 10, x=505), seen(0.1, 9, x=5)], before) == {0: "other", 1: "anna"}


def test_another_time_or_place_is_not() -> None:
    before = {"anna": carry_over_runner.Before(seen(0, 10), True)}
    assert carry_over_runner.match([seen(20, 30), seen(0, 10, x=90)], before) == {}


def test_an_unnamed_person_who_falls_apart_goes_to_the_larger_part_only() -> None:
    before = {"someone": carry_over_runner.Before([*seen(0, 10), *seen(20, 24)], False)}
    assert carry_over_runner.match([seen(20, 24), seen(0, 10)], before) == {1: "someone"}


def test_parts_of_a_named_person_stay_that_person() -> None:
    before = {"anna": carry_over_runner.Before([*seen(0, 10), *seen(20, 24)], True)}
    assert carry_over_runner.match([seen(20, 24), seen(0, 10)], before) == {0: "anna", 1: "anna"}


def test_two_who_are_seen_at_once_never_become_one_named_person() -> None:
    before = {"anna": carry_over_runner.Before([*seen(0, 10), *seen(5, 12, x=300)], True)}
    assert len(carry_over_runner.match([seen(0, 10), seen(5, 12, x=300)], before)) == 1


def taking_turns(*starts_s: float, x: float = 0) -> carry_over_runner.Seen:
    """One track that is seen for a second at each of these moments."""
    parts = [seen(start_s, start_s + 0.9, x)[0] for start_s in starts_s]
    return [(np.concatenate([times_s for times_s, _ in parts]), np.concatenate([boxes for _, boxes in parts]))]


def test_parts_of_a_named_person_may_take_turns_as_long_as_no_picture_holds_both() -> None:
    before = {"anna": carry_over_runner.Before([*taking_turns(0, 2, 4), *taking_turns(1, 3, 5, x=300)], True)}
    parts = [taking_turns(0, 2, 4), taking_turns(1, 3, 5, x=300)]
    assert carry_over_runner.match(parts, before) == {0: "anna", 1: "anna"}


def test_who_must_be_somebody_does_not_take_the_name_from_the_rest_of_them() -> None:
    """The larger group holds more than before, so that it is only found by its share of the earlier person."""
    before = {"anna": carry_over_runner.Before([*seen(0, 10), *seen(30, 31)], True)}
    new = [[*seen(0, 10), *seen(12, 25)], seen(30, 31)]
    assert carry_over_runner.match(new, before, must_be={1: "anna"}) == {0: "anna", 1: "anna"}


def test_a_very_short_track_is_recognised() -> None:
    before = {"anna": carry_over_runner.Before(seen(5.05, 5.2), True)}
    assert carry_over_runner.match([seen(5.05, 5.2)], before) == {0: "anna"}


def test_nothing_matches_nothing() -> None:
    assert carry_over_runner.match([], {}) == {}
