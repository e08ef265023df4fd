"""What a copy is put together from: frames of encoded files, of which some are replaced where a check wants it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.types import SegmentSpan


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A frame of a file: its times in the source and in the copy, and how many of its pixels are hidden.

    `is_key`: decoding can begin here, and nothing after it refers to what lies before. `is_after_whole`: nothing before
    refers to it or to what comes after, so that from here on other frames can take the place of these.
    """

    source_s: float
    copy_s: float
    is_key: bool
    is_after_whole: bool
    hidden_pixels: int


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """Some neighbouring frames of a file, at least one."""

    file: Path
    frames: Sequence[EncodedFrame]

    def shows_as(self, frames: Sequence[EncodedFrame]) -> bool:
        """Returns whether it holds frames of the same times."""
        return [frame.copy_s for frame in self.frames] == [frame.copy_s for frame in frames]


def windows_around(frames: Sequence[EncodedFrame], times_s: Iterable[tuple[float, float]]) -> list[tuple[int, int]]:
    """Returns the runs of frames that can be encoded again, up to a keyframe, around spans of time in the source.

    Each is the index of its first frame, and of the one after its last.
    """
    sources = [frame.source_s for frame in frames]
    begins = [number for number, frame in enumerate(frames) if frame.is_after_whole]
    keys = [number for number, frame in enumerate(frames) if frame.is_key]
    windows: list[tuple[int, int]] = []
    for start_s, end_s in sorted(times_s):
        first = begins[max(bisect_right(begins, bisect_left(sources, start_s)) - 1, 0)]
        last = bisect_right(keys, max(bisect_right(sources, end_s) - 1, 0))
        end = keys[last] if last < len(keys) else len(frames)
        if windows and first <= windows[-1][1]:
            windows[-1] = windows[-1][0], max(end, windows[-1][1])
        else:
            windows.append((first, end))
    return windows


def span_of(frames: Sequence[EncodedFrame], first: int, end: int, whole: SegmentSpan) -> SegmentSpan:
    """Returns the span in the source of some of the frames, which are all of the span `whole`."""
    start_s = frames[first].source_s if first else whole.start_s
    return SegmentSpan(0, start_s, frames[end].source_s if end < len(frames) else whole.end_s)


def replaced(parts: Sequence[EncodedPart], new: EncodedPart) -> list[EncodedPart]:
    """Returns the parts with the frames of another in the place of those of the same times."""
    first_s, last_s = new.frames[0].copy_s, new.frames[-1].copy_s
    found = []
    for part in parts:
        before = [frame for frame in part.frames if frame.copy_s < first_s]
        after = [frame for frame in part.frames if frame.copy_s > last_s]
        found += [replace(part, frames=frames) for frames in (before, after) if frames]
    return sorted([*found, new], key=lambda part: part.frames[0].copy_s)
