"""Reads must-link and cannot-link constraints, which merged people inherit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from webapp.people.models import Apart, Person, Verdict

Pair = frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Family:
    """Who was merged into whom."""

    parents: Mapping[UUID, UUID]

    def root(self, person: UUID) -> UUID:
        """Returns whom this person was merged into in the end, or the person."""
        while person in self.parents:
            person = self.parents[person]
        return person


@dataclass(frozen=True, slots=True)
class Contradicted:
    """What a merge of two people would contradict: ids of `Apart` and `Verdict` rows."""

    aparts: list[int]
    verdicts: list[int]


def family_of(team_id: UUID) -> Family:
    """Reads who of a team was merged into whom."""
    merged = Person.objects.filter(team=team_id, merged_into__isnull=False)
    return Family({pk: parent for pk, parent in merged.values_list("pk", "merged_into") if parent})


def cannot_link_pairs(team_id: UUID, family: Family) -> set[Pair]:
    """Returns the pairs of people of today who were told apart."""
    rows = Apart.objects.filter(team=team_id, stands=True).values_list("first", "second")
    return {frozenset((family.root(first), family.root(second))) for first, second in rows}


def rejected_pairs(team_id: UUID, family: Family) -> set[Pair]:
    """Returns the pairs of people of today who are two, as somebody said about them or about an appearance."""
    rows = Verdict.objects.filter(stands=True, is_same=False, track__person__team=team_id)
    pairs = {
        frozenset((family.root(whose), family.root(person)))
        for whose, person in rows.values_list("track__person", "person")
        if whose is not None
    }
    return cannot_link_pairs(team_id, family) | {pair for pair in pairs if len(pair) == 2}


def contradicted_by_merging(first: Person, second: Person) -> Contradicted:
    """Returns the cannot-link constraints between two people."""
    family = family_of(first.team_id)
    pair = {first.pk, second.pk}
    aparts = Apart.objects.filter(team=first.team_id, stands=True).values_list("pk", "first", "second")
    return Contradicted(
        [pk for pk, one, other in aparts if {family.root(one), family.root(other)} == pair],
        [*_verdicts_against(first, second, family), *_verdicts_against(second, first, family)],
    )


def _verdicts_against(person: Person, other: Person, family: Family) -> Iterable[int]:
    """Returns the verdicts that some appearance of `person` is not `other`."""
    against = Verdict.objects.filter(stands=True, is_same=False, track__person=person).values_list("pk", "person")
    return [pk for pk, whom in against if family.root(whom) == other.pk]


def contradicted_by_moving(track_ids: Iterable[int], target: UUID | None, team_id: UUID) -> list[int]:
    """Returns the verdicts on these tracks that no longer hold once they are `target` (None: a new person)."""
    family = family_of(team_id)
    rows = Verdict.objects.filter(track__in=track_ids, stands=True).values_list("pk", "person", "is_same")
    return [pk for pk, person, is_same in rows if is_same != (family.root(person) == target)]
