"""What humans have said about who is not who, read so that merged people inherit it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from webapp.people.models import Apart, Person, Track, Verdict

Pair = frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Family:
    """Who was merged into whom."""

    parents: Mapping[UUID, UUID]

    def root(self, person: UUID) -> UUID:
        """The person as whom this one stands today."""
        while person in self.parents:
            person = self.parents[person]
        return person


@dataclass(frozen=True, slots=True)
class Contradicted:
    """What a merge of two people would contradict: ids of `Apart` and `Verdict` rows."""

    aparts: list[int]
    verdicts: list[int]


def family_of(team_id: UUID) -> Family:
    merged = Person.objects.filter(team=team_id, merged_into__isnull=False)
    return Family({pk: parent for pk, parent in merged.values_list("pk", "merged_into") if parent})


def pairs_apart(team_id: UUID, family: Family) -> set[Pair]:
    """People as they stand today who were told apart."""
    rows = Apart.objects.filter(team=team_id, stands=True).values_list("first", "second")
    return {frozenset((family.root(first), family.root(second))) for first, second in rows}


def contradicted_by_merging(first: Person, second: Person) -> Contradicted:
    family = family_of(first.team_id)
    pair = {first.pk, second.pk}
    aparts = Apart.objects.filter(team=first.team_id, stands=True).values_list("pk", "first", "second")
    return Contradicted(
        [pk for pk, one, other in aparts if {family.root(one), family.root(other)} == pair],
        [*_verdicts_against(first, second, family), *_verdicts_against(second, first, family)],
    )


def _verdicts_against(person: Person, other: Person, family: Family) -> Iterable[int]:
    """That some appearance of `person` is not `other`."""
    against = Verdict.objects.filter(stands=True, is_same=False, track__person=person).values_list("pk", "person")
    return [pk for pk, said in against if family.root(said) == other.pk]


def contradicted_by_moving(track_ids: Iterable[int], target: UUID | None, team_id: UUID) -> list[int]:
    """Earlier verdicts on these tracks that do not hold once somebody says they are `target` (None: nobody known)."""
    family = family_of(team_id)
    rows = Verdict.objects.filter(track__in=track_ids, stands=True).values_list("pk", "person", "is_same")
    return [pk for pk, person, is_same in rows if is_same != (family.root(person) == target)]


def forbidden_for(tracks: Iterable[Track], family: Family) -> set[UUID]:
    """People whom these tracks are not, by what somebody said of the tracks themselves."""
    rows = Verdict.objects.filter(track__in=[t.pk for t in tracks], stands=True, is_same=False)
    return {family.root(person) for person in rows.values_list("person", flat=True)}
