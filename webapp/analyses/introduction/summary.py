"""What a plan would change, in the terms of the page: who merges, splits, moves, becomes unclear."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from webapp.analyses.introduction.plan_runner import PlannedTrack
from webapp.people.introduction.plan_queries import KINDS

MOST_SHOWN = 24
"""Examples of each kind; all are counted."""
TRACKS_SHOWN = 4


def summary_of(planned: Sequence[PlannedTrack]) -> dict[str, Any]:
    """Returns counts and examples: by kind, who is concerned and by which tracks it can be seen."""
    appearances = [each for each in planned if each.is_appearance]
    before, after = Counter(e.before for e in appearances), Counter(e.after for e in appearances)
    moved: dict[tuple[UUID | None, UUID | None], list[int]] = defaultdict(list)
    for each in appearances:
        if each.before != each.after:
            moved[each.before, each.after].append(each.track)
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for (old, new), tracks in sorted(moved.items(), key=lambda item: (-len(item[1]), str(item[0]))):
        example = {
            "before": str(old) if old else None,
            "after": str(new) if new else None,
            "is_new": new is not None and not before[new],
            "count": len(tracks),
            "tracks": tracks[:TRACKS_SHOWN],
        }
        kinds[_kind(old, new, before, after)].append(example)
    return {
        "appearances": len(appearances),
        "changed": sum(map(len, moved.values())),
        "people_before": sum(1 for person in before if person),
        "people_after": sum(1 for person in after if person),
        "counts": {kind: len(found) for kind, found in kinds.items()},
        "tracks": {kind: sum(each["count"] for each in found) for kind, found in kinds.items()},
        "examples": {kind: found[:MOST_SHOWN] for kind, found in kinds.items()},
    }


def _kind(old: UUID | None, new: UUID | None, before: Counter[UUID | None], after: Counter[UUID | None]) -> str:
    if new is None:
        return "unclear"
    if old is None:
        return "found"
    if not before[new]:
        return "split"
    return "move" if after[old] else "merge"
