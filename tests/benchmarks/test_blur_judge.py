"""What counts as found in a copy with people hidden, and what as a mistake of the judge."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.types import Float32
from benchmarks.blur_judge import JudgedMatch, is_mistaken


def box(x: float, y: float) -> Float32:
    return np.array([x, y, x + 0.1, y + 0.1], np.float32)


@pytest.mark.parametrize(
    ("in_source", "true_box", "mistaken"),
    [
        ([], None, False),
        ([JudgedMatch(1, box(0.52, 0.5), 0.8)], None, False),
        ([JudgedMatch(1, box(0.1, 0.5), 0.8)], None, True),
        ([JudgedMatch(1, box(0.1, 0.5), 0.55)], None, False),
        ([JudgedMatch(2, box(0.1, 0.5), 0.8)], None, False),
        ([JudgedMatch(1, box(0.1, 0.5), 0.8), JudgedMatch(1, box(0.5, 0.5), 0.7)], None, False),
        ([JudgedMatch(1, box(0.5, 0.5), 0.8)], box(0.1, 0.1), True),
        ([JudgedMatch(1, box(0.1, 0.5), 0.8)], box(0.55, 0.55), False),
    ],
)
def test_a_match_counts_unless_the_untouched_frame_shows_the_person_elsewhere(
    in_source: list[JudgedMatch], true_box: Float32 | None, mistaken: bool
) -> None:
    assert is_mistaken(JudgedMatch(1, box(0.5, 0.5), 0.6), in_source, true_box) is mistaken
