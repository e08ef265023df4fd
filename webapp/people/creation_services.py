"""Creates people, each with a colour and a number that nobody of the team ever had."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.db.models import F

from webapp.hues import HUES
from webapp.people.models import LastNumber, Person


def hold(team_id: UUID) -> None:
    """Has everybody else who creates people of this team wait until the transaction ends.

    The update that changes nothing locks the row in PostgreSQL; in SQLite the transaction as a whole is alone anyway.
    """
    LastNumber.objects.get_or_create(team_id=team_id)
    LastNumber.objects.filter(team=team_id).update(number=F("number"))


def next_numbers(team_id: UUID, count: int) -> range:
    """Returns `count` new numbers, and holds the team until the transaction ends."""
    hold(team_id)
    LastNumber.objects.filter(team=team_id).update(number=F("number") + count)
    last = LastNumber.objects.values_list("number", flat=True).get(team=team_id)
    return range(last - count + 1, last + 1)


def rarest_hues(count: int, used: Iterable[int]) -> list[int]:
    """Returns `count` hues, 0..11, the least used first; `used` are those of the people beside them."""
    often = Counter(used)
    hues = []
    for _ in range(count):
        hue = min(range(HUES), key=lambda hue: (often[hue], hue))
        often[hue] += 1
        hues.append(hue)
    return hues


def make_hidden_person(team_id: UUID) -> Person:
    """Creates a person who is shown once an event gives them appearances."""
    number = next_numbers(team_id, 1)[0]
    return Person.objects.create(team_id=team_id, number=number, hue=number % HUES, is_deleted=True)
