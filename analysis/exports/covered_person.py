"""From when to when a chosen person is covered in a copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.time_spans import Span

ROUNDED = 3


@dataclass(frozen=True, slots=True)
class CoveredPerson:
    """When somebody chosen is covered: spans in seconds of the copy, rising.

    In `held_s` nothing sees them, and the place where they are seen next, or were before, is covered. In `open_s`, the
    rest of the copy, nobody was found and nothing is covered.
    """

    person: int
    covered_s: tuple[Span, ...]
    held_s: tuple[Span, ...]
    open_s: tuple[Span, ...] = ()

    @classmethod
    def of_fields(cls, fields: dict[str, Any]) -> CoveredPerson:
        """Returns it of what `asdict` gave. Raises KeyError, TypeError or ValueError."""
        spans = {
            key: tuple((float(start_s), float(end_s)) for start_s, end_s in fields[key])
            for key in ("covered_s", "held_s", "open_s")
        }
        return cls(int(fields["person"]), **spans)

    def summary(self) -> str:
        """Returns it in words that go on."""
        left = ", ".join(f"{start_s:g} to {end_s:g} s" for start_s, end_s in self.open_s)
        return f", person {self.person} " + (f"neither found nor covered from {left}" if left else "covered throughout")

    def in_copy(self, start_s: float, end_s: float, frame_s: float) -> CoveredPerson:
        """Returns it for a copy that shows the source from `start_s` to `end_s`, with `open_s` from a frame on."""
        covered, held = (
            tuple((max(first - start_s, 0.0), min(last, end_s) - start_s) for first, last in spans if last > start_s)
            for spans in (self.covered_s, self.held_s)
        )
        edges = [0.0, *(edge for span in covered for edge in span), end_s - start_s]
        left = [span for span in zip(edges[::2], edges[1::2], strict=True) if span[1] - span[0] >= frame_s / 2]
        return CoveredPerson(self.person, _rounded(covered), _rounded(held), _rounded(left))


def _rounded(spans: Sequence[Span]) -> tuple[Span, ...]:
    return tuple((round(start_s, ROUNDED), round(end_s, ROUNDED)) for start_s, end_s in spans)
