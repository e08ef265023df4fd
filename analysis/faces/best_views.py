"""The best views of a track: good ones, spread over its time, and few."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.types import Float32, Image

MAX_BINS = 8
FIRST_BIN_S = 1.0
CLEARLY_BETTER = 0.04
"""Quality by which a view's upper bound must beat the view already held before it is cut out, which takes 1 to 3 ms."""
SHARP_AND_LIT = 0.8
"""Share of what size and pose allow that a good view reaches; one below it may be beaten by a merely sharper one."""
FAR_BONUS = 0.3
"""Quality that a view may lack to one beside a view already taken, if it comes from the other end of the track."""


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face cut out for embedding and showing. Box and landmarks are in displayed pixels of the source."""

    time_s: float
    box_xyxy: Float32
    landmarks: Float32
    score: float
    quality: float
    quality_bound: float
    """What its size and pose allow at most."""
    aligned_bgr: Image
    picture_bgr: Image


@dataclass(slots=True)
class ViewCollector:
    """Keeps the best view of each stretch of time; the stretches grow with the track, so that memory does not."""

    begin_s: float
    bin_s: float = FIRST_BIN_S
    best: dict[int, FaceCrop] = field(default_factory=dict)

    def bar(self, time_s: float) -> float:
        """The quality_bound that a view of this moment has to exceed to be worth cutting out.

        Neighbours are mostly as sharp and as well lit as the view that is held.
        """
        held = self.best.get(self._bin(time_s))
        if held is None:
            return -1.0
        reached = held.quality / max(held.quality_bound, 1e-6)
        return (held.quality + CLEARLY_BETTER) / (reached if reached >= SHARP_AND_LIT else 1.0)

    def add(self, view: FaceCrop) -> None:
        self._keep(view)
        while len(self.best) > MAX_BINS:
            self._widen()

    def chosen(self, count: int) -> list[FaceCrop]:
        """At most `count` views, best first; each time the one that is good and far from those already taken."""
        left = list(self.best.values())
        taken: list[FaceCrop] = []
        while left and len(taken) < count:
            best = max(left, key=lambda view: view.quality + FAR_BONUS * self._distance(view, taken))
            left.remove(best)
            taken.append(best)
        return sorted(taken, key=lambda view: -view.quality)

    def _distance(self, view: FaceCrop, taken: list[FaceCrop]) -> float:
        """Time to the nearest of those taken, as a share of the track's length; 0 when there is none."""
        nearest_s = min((abs(view.time_s - other.time_s) for other in taken), default=0.0)
        return min(nearest_s / (self.bin_s * MAX_BINS), 1.0)

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


def views_wanted(length_s: float) -> int:
    """How many views of a track are embedded: what a short one shows changes little."""
    return 1 if length_s < 2.0 else 2 if length_s < 8.0 else 3 if length_s < 30.0 else 5
