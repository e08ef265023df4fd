"""Reads a plan for its page: who would merge, split, move or become unclear, with pictures."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from webapp.people.introduction.models import Introduction
from webapp.people.models import Face, Person

KINDS = ("merge", "split", "move", "unclear", "found")


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """Appearances that would go from one person to another; None: unclear, before or after."""

    before: Person | None
    after: Person | None
    is_new: bool
    """Whether it would be somebody new."""
    count: int
    faces: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class PlannedKind:
    """All moves of one kind; `moves` are the largest ones."""

    kind: str
    count: int
    tracks: int
    moves: Sequence[PlannedMove]


def planned_kinds(introduction: Introduction) -> list[PlannedKind]:
    """Returns the kinds of changes that a plan has."""
    examples = introduction.summary.get("examples", {})
    every = [each for kind in KINDS for each in examples.get(kind, [])]
    people = Person.objects.in_bulk({pk for each in every for pk in (each["before"], each["after"]) if pk})
    best = _best_faces({track for each in every for track in each["tracks"]})
    found = []
    for kind in KINDS:
        moves = [
            PlannedMove(
                people.get(UUID(each["before"])) if each["before"] else None,
                people.get(UUID(each["after"])) if each["after"] else None,
                each["is_new"],
                each["count"],
                [best[track] for track in each["tracks"] if track in best],
            )
            for each in examples.get(kind, [])
        ]
        if moves:
            counts, tracks = introduction.summary["counts"], introduction.summary["tracks"]
            found.append(PlannedKind(kind, counts[kind], tracks[kind], moves))
    return found


def _best_faces(tracks: Collection[int]) -> dict[int, UUID]:
    rows = Face.objects.filter(track__in=tracks).order_by("quality", "-pk").values_list("track", "pk")
    return {track: pk for track, pk in rows if track is not None}  # the best comes last
