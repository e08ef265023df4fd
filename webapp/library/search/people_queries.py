"""Finds the people whom a text names, and reads "Tom and Anna" as two of them."""

import re
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from webapp.folded_fields import NAME_COLUMNS, containing
from webapp.name_folding import fold
from webapp.people.models import STANDING, Person
from webapp.people.queries import number_in

MOST_TOGETHER = 3
"""People of whom moments together are looked for."""
MOST_WORDS = 5
"""Of a text without separators that may name several people: each way of parting it costs a search."""
SAME_NAMED = 4
"""People of one name, or of names that begin alike, of whom moments together are looked for."""
SIGNS = r"[,;&+/、，；＆＋／]"
JOINING_HAN = "和与跟及"


@dataclass(frozen=True, slots=True)
class PersonHit:
    """Somebody whom the text names, and why they are not where one would look for them."""

    person: Person
    note: str


def people_called(people: QuerySet[Person], text: str, limit: int, *, whole_words: bool = False) -> list[PersonHit]:
    """Returns people whom all of the text names: by number, then by the beginning of the name or of a word in it.

    Those who are hidden or in no video any more are among them if they have a name, and say so. Looks at names by
    their index alone, and reads the rows of those who are returned. `whole_words`: only where a word begins.
    """
    if not fold(text):
        return []
    named = people.filter(STANDING, folded_name__gt="")
    ids: list[UUID] = []
    number = number_in(text)
    if number is not None:
        unnamed = people.filter(STANDING, appearances__gt=0, is_unnamed=True, number=number)
        ids += unnamed.order_by().values_list("pk", flat=True)
    beginning = Q(folded_name__startswith=fold(text)) | Q(pinyin__startswith=fold(text))
    word = Q(folded_name__contains=f" {fold(text)}") | Q(pinyin__contains=f" {fold(text)}")
    stages = [beginning, word] if whole_words else [beginning, word, containing(text, *NAME_COLUMNS)]
    for stage in stages:
        if len(ids) < limit:
            more = named.filter(stage).order_by("folded_name").values_list("pk", flat=True)[:limit]
            ids += [pk for pk in more if pk not in ids]
    rows = Person.objects.in_bulk(ids[:limit])
    return [PersonHit(rows[pk], _note(rows[pk])) for pk in ids[:limit] if pk in rows]


def people_together(people: QuerySet[Person], text: str) -> list[list[PersonHit]]:
    """Returns for each of the people whom the text names together who that may be; empty where it does not name two."""
    for parts in ways_to_part(text):
        found: list[list[PersonHit]] = []
        for part in parts:
            there = people_called(people, part, SAME_NAMED, whole_words=True)
            if not there:
                break
            found.append(there)
        if len(found) == len(parts):
            return found
    return []


def ways_to_part(text: str) -> list[list[str]]:
    """Returns how the text may name several people: by separators or words like "and", else between two words."""
    parts = [part for part in re.split(_separator(get_language() or ""), fold(text)) if part]
    if len(parts) > 1:
        return [parts] if len(parts) <= MOST_TOGETHER else []
    words = fold(text).split()
    if not 2 <= len(words) <= MOST_WORDS:
        return []
    ways = [[" ".join(words[:place]), " ".join(words[place:])] for place in range(1, len(words))]
    return [*ways, words] if 2 < len(words) <= MOST_TOGETHER else ways


@lru_cache
def _separator(_language: str) -> str:
    # Translators: the word between two names in a search, as in "Tom and Anna".
    words = {"and", fold(_("and"))}
    joining = {word for word in words if len(word) == 1 and not word.isascii()}
    spaced = "|".join(map(re.escape, words - joining))
    return rf"\s*{SIGNS}\s*|\s+(?:{spaced})\s+|\s*[{JOINING_HAN}{''.join(joining)}]\s*"


def _note(person: Person) -> str:
    if person.is_hidden:
        return _("Hidden from People")
    return "" if person.appearances else _("In no video now")
