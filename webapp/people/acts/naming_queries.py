"""Reads for names: which of them a merge may keep."""

from collections.abc import Sequence

from webapp.people.models import Person


def names_in_merge(target: Person, sources: Sequence[Person]) -> list[str]:
    """Returns the different names of these people as they are now, the one that stays unless somebody chooses first.

    That is the name of the target, else of whoever is seen most.
    """
    people = Person.objects.filter(pk__in=[target.pk, *(source.pk for source in sources)]).exclude(name="")
    found = sorted(people, key=lambda person: (person.pk != target.pk, -person.appearances, person.number))
    return list(dict.fromkeys(person.name for person in found))
