"""Which views of a track are kept, and which are not even cut out."""

import numpy as np
import pytest

from analysis.faces.best_views import CLEARLY_BETTER, MAX_BINS, FaceCrop, ViewCollector, choose_views, views_wanted


def view(time_s: float, quality: float, quality_bound: float = 1.0) -> FaceCrop:
    picture = np.zeros((2, 2, 3), np.uint8)
    box, landmarks = np.zeros(4, np.float32), np.zeros((5, 2), np.float32)
    return FaceCrop(time_s, box, landmarks, 0.9, quality, quality_bound, 1.0, picture, picture, box, landmarks)


def test_the_first_view_of_a_stretch_is_always_worth_cutting_out() -> None:
    assert ViewCollector(0.0).bar(0.3) < 0


def test_a_neighbour_of_a_sharp_view_has_to_promise_clearly_more() -> None:
    collector = ViewCollector(0.0)
    collector.add(view(0.0, quality=0.72, quality_bound=0.8))
    assert collector.bar(0.2) == pytest.approx((0.72 + CLEARLY_BETTER) / 0.9)


def test_a_blurred_view_is_beaten_by_a_merely_sharper_one() -> None:
    collector = ViewCollector(0.0)
    collector.add(view(0.0, quality=0.3, quality_bound=0.8))
    assert collector.bar(0.2) == pytest.approx(0.3 + CLEARLY_BETTER)


def test_memory_does_not_grow_with_the_track() -> None:
    collector = ViewCollector(0.0)
    for second in range(1000):
        collector.add(view(float(second), quality=0.5))
    assert len(collector.best) <= MAX_BINS


def test_chosen_views_are_good_and_far_apart_best_first() -> None:
    qualities, times_s = [0.9, 0.85, 0.2, 0.7], [0.0, 1.0, 2.0, 3.0]
    assert choose_views(qualities, times_s, 2) == [0, 1]
    assert choose_views(qualities, times_s, 9) == [0, 1, 3, 2]
    assert choose_views([0.9, 0.85, 0.84], [0.0, 0.1, 8.0], 2) == [0, 2]


@pytest.mark.parametrize(("length_s", "count"), [(0.0, 3), (1.9, 3), (2.0, 4), (8.0, 5), (900.0, 5)])
def test_longer_tracks_get_more_views(length_s: float, count: int) -> None:
    assert views_wanted(length_s) == count
