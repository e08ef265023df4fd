"""Stretches that bear a label, by table: flickers, cuts, tracks, gaps; what is doubtful."""

import numpy as np
import pytest

from analysis.recognition.spans import most_uncertain, spans_of, uncertainty_of, without_flicker
from analysis.recognition.types import VideoWindow, WindowPrediction
from analysis.types import Float64

LABELS = ("a", "b")


def decide(scores: Float64) -> list[str]:
    return [LABELS[int(row[1] >= 0.5)] for row in scores]


def predicted(
    time_s: float, b: float, *, track: int | None = None, shot: int = 0, length_s: float = 1.0
) -> WindowPrediction:
    """At `time_s` the score of "b" is this."""
    window = VideoWindow(time_s, time_s, time_s + length_s, track=track, shot=shot)
    label = "b" if b >= 0.5 else "a"
    return WindowPrediction(window, label, max(b, 1 - b), uncertainty_of(np.array([1 - b, b]), 0.5), (1 - b, b))


def shown(*predictions: WindowPrediction) -> list[tuple[str, float, float]]:
    return [(span.label, span.start_s, span.end_s) for span in spans_of(predictions, decide, LABELS)]


def test_nothing_observed_is_nothing_shown() -> None:
    assert spans_of([], decide, LABELS) == []


def test_neighbours_of_one_label_are_one_span_with_their_mean_score() -> None:
    [span] = spans_of([predicted(0, 0.1), predicted(1, 0.3), predicted(2, 0.2)], decide, LABELS)
    assert (span.label, span.start_s, span.end_s) == ("a", 0, 3)
    assert span.score == pytest.approx(0.8)


def test_a_single_flicker_gives_way_and_its_score_counts() -> None:
    [span] = spans_of([predicted(0, 0.1), predicted(1, 0.6), predicted(2, 0.1)], decide, LABELS)
    assert (span.label, span.end_s) == ("a", 3)
    assert span.score == pytest.approx((0.9 + 0.4 + 0.9) / 3)


def test_a_flicker_that_is_much_surer_than_its_neighbours_stays() -> None:
    assert shown(predicted(0, 0.45), predicted(1, 0.99), predicted(2, 0.45)) == [("a", 0, 1), ("b", 1, 2), ("a", 2, 3)]


def test_two_in_a_row_are_no_flicker() -> None:
    assert [span[0] for span in shown(predicted(0, 0.1), predicted(1, 0.6), predicted(2, 0.6), predicted(3, 0.1))] == [
        "a",
        "b",
        "a",
    ]


def test_a_cut_ends_a_span_and_nothing_is_smoothed_across_it() -> None:
    assert shown(predicted(0, 0.1), predicted(1, 0.6, shot=1), predicted(2, 0.1, shot=2)) == [
        ("a", 0, 1),
        ("b", 1, 2),
        ("a", 2, 3),
    ]
    assert shown(predicted(0, 0.1), predicted(1, 0.1, shot=1)) == [("a", 0, 1), ("a", 1, 2)]


def test_tracks_are_kept_apart_also_where_they_run_at_once() -> None:
    spans = spans_of(
        [predicted(0, 0.1, track=1), predicted(0, 0.9, track=2), predicted(1, 0.1, track=1)], decide, LABELS
    )
    assert [(span.label, span.track, span.end_s) for span in spans] == [("b", 2, 1), ("a", 1, 2)]


def test_what_nobody_looked_at_bears_no_label() -> None:
    assert shown(predicted(0, 0.1), predicted(9, 0.1)) == [("a", 0, 1), ("a", 9, 10)]


def test_flickers_in_turn_are_not_all_turned_round() -> None:
    rows = np.array([[0.6, 0.4], [0.4, 0.6], [0.6, 0.4], [0.4, 0.6]])
    assert without_flicker(decide(rows), rows, decide) == ["a", "a", "a", "b"]


@pytest.mark.parametrize(
    ("scores", "threshold", "uncertainty"),
    [
        ([0.5, 0.5], 0.5, 1.0),
        ([1.0, 0.0], 0.5, 0.0),
        ([0.1, 0.9], 0.5, 0.2),
        ([0.7, 0.3], 0.3, 1.0),
        ([0.0, 1.0], 0.3, 0.0),
        ([0.5, 0.5, 0.0], 0.5, 1.0),
        ([0.8, 0.1, 0.1], 0.5, 0.3),
    ],
)
def test_uncertainty_is_nearness_to_another_label(scores: list[float], threshold: float, uncertainty: float) -> None:
    assert uncertainty_of(np.array(scores), threshold) == pytest.approx(uncertainty)


def test_the_most_doubtful_are_spread_over_time_and_tracks() -> None:
    frames = [predicted(0, 0.5), predicted(1, 0.52), predicted(9, 0.4), predicted(20, 0.99)]
    assert most_uncertain(frames, 10, least=0.3, apart_s=4) == [0, 2]
    faces = [predicted(0, 0.5, track=1), predicted(60, 0.51, track=1), predicted(0, 0.45, track=2)]
    assert most_uncertain(faces, 10, least=0.3, apart_s=4) == [0, 2]
    assert most_uncertain(faces, 1, least=0.3, apart_s=4) == [0]
