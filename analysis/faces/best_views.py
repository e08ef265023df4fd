"""Keeps the best views of a track: few, good, and spread over its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.types import Float32, Image

MAX_BINS = 8
FIRST_BIN_S = 1.0
CLEARLY_BETTER = 0.04
"""Quality by which a view's upper bound must beat the view already held before it is cut out, which takes 1 to 3 ms."""
SHARP_AND_LIT = 0.8
"""Share of its upper bound that a sharp and well-lit view reaches; a view below it may be beaten by a sharper one."""
FAR_BONUS = 0.3
"""Share by which a view from the other end of the track may be worse than one beside a view already chosen."""


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face cut out of a frame to embed and to show. Box and landmarks are in displayed pixels of the source."""

    time_s: float
    box_xyxy: Float32
    landmarks: Float32
    score: float
    quality: float
    quality_bound: float
    """Upper bound of `quality`, by size and pose alone."""
    sharpness: float
    aligned_bgr: Image
    picture_bgr: Image
    picture_box_xyxy: Float32
    """The box in pixels of the picture; the landmarks `(5, 2)` too."""
    picture_landmarks: Float32


@dataclass(slots=True)
class ViewCollector:
    """Keeps the best view of each time bin; bins widen as the track grows, so memory does not."""

    begin_s: float
    bin_s: float = FIRST_BIN_S
    best: dict[int, FaceCrop] = field(default_factory=dict)

    def bar(self, time_s: float) -> float:
        """Returns the upper bound of quality that a view at this time must exceed to be worth cutting out.

        Assumes that it is as sharp and as well lit as the view held for its bin.
        """
        held = self.best.get(self._bin(time_s))
        if held is None:
            return -1.0
        reached = held.quality / max(held.quality_bound, 1e-6)
        return (held.quality + CLEARLY_BETTER) / (reached if reached >= SHARP_AND_LIT else 1.0)

    def add(self, view: FaceCrop) -> None:
        """Keeps the view if it is the best of its bin."""
        self._keep(view)
        while len(self.best) > MAX_BINS:
            self._widen()

    def candidates(self) -> list[FaceCrop]:
        """Returns the views held, in order of time."""
        return sorted(self.best.values(), key=lambda view: view.time_s)

    def _bin(self, time_s: float) -> int:
        return int((time_s - self.begin_s) / self.bin_s)

    def _widen(self) -> None:
        self.bin_s *= 2
        old, self.best = list(self.best.values()), {}
        for view in old:
            self._keep(view)

    def _keep(self, view: FaceCrop) -> None:
        held = self.best.get(self._bin(view.time_s))
        if held is None or view.quality > held.quality:
            self.best[self._bin(view.time_s)] = view


def choose_views(qualities: Sequence[float], times_s: Sequence[float], count: int) -> list[int]:
    """Returns at most `count` indices, best quality first; also those far in time from the views already chosen."""
    span_s = max(max(times_s, default=0.0) - min(times_s, default=0.0), FIRST_BIN_S * MAX_BINS)
    taken: list[int] = []

    def worth(number: int) -> float:
        nearest_s = min((abs(times_s[number] - times_s[other]) for other in taken), default=0.0)
        return qualities[number] + FAR_BONUS * qualities[number] * min(nearest_s / span_s, 1.0)

    left = list(range(len(qualities)))
    while left and len(taken) < count:
        best = max(left, key=worth)
        left.remove(best)
        taken.append(best)
    return sorted(taken, key=lambda number: -qualities[number])


def views_wanted(length_s: float) -> int:
    """Returns how many views of a track of this length to embed.

    With 1 below 2 s and 2 below 8 s, tracks of one person were only 0.50 alike, less than two people's 0.51; with these
    0.79 and 0.46 (a clip of `python -m benchmarks grouping`).
    """
    return 3 if length_s < 2.0 else 4 if length_s < 8.0 else 5
