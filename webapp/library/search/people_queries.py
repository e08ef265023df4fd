"""Finds the people whom a text names, and reads "Tom and Anna" as two of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, zip_longest
from uuid import UUID

from django.db.models import Case, Q, QuerySet, When
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from webapp.folded_fields import NAME_COLUMNS, containing
from webapp.name_folding import fold
from webapp.people.models import STANDING, Person
from webapp.people.queries import number_in

MOST_TOGETHER = 6
"""People of whom moments together are looked for."""
MOST_WORDS = 5
"""Of a text without separators that may name several people: each way of parting it costs a search."""
SAME_NAMED = 4
"""People of one name, or of names that begin alike, of whom moments together are looked for."""
SIGNS = ",;&+/、，；＆＋／"
JOINING_HAN = "和与跟及"


@dataclass(frozen=True, slots=True)
class PersonHit:
    """Somebody whom the text names, and why they are not where one would look for them."""

    person: Person
    note: str


@dataclass(frozen=True, slots=True)
class PeopleTogether:
    """Whom a text names: for each name who that may be, and the names that are nobody's."""

    groups: list[list[PersonHit]]
    unknown: list[str] = field(default_factory=list)

    @property
    def people(self) -> list[PersonHit]:
        """The first of each name, then the second of each, and so on."""
        in_turn = chain.from_iterable(zip_longest(*self.groups))
        return list({hit.person.pk: hit for hit in in_turn if hit is not None}.values())


def people_called(people: QuerySet[Person], text: str, limit: int, *, whole_words: bool = False) -> list[PersonHit]:
    """Returns people whom all of the text names: by number, then by the beginning of the name or of a word in it.

    Those who are hidden or in no video any more are among them if they have a name, and say so. Looks at names by
    their index alone, and reads the rows of those who are returned. `whole_words`: only where a word begins.
    """
    ids = _called(people, fold(text), limit, whole_words=whole_words)
    return _hits([ids])[0] if ids else []


def people_together(people: QuerySet[Person], text: str) -> PeopleTogether | None:
    """Returns whom the text names together, None where it names no two.

    Only where signs or words set them apart, some of them may be nobody's: else any two words would be names.
    """
    known: dict[str, list[UUID]] = {}
    apart = is_set_apart(text)
    for names in ways_to_part(text):
        for name in names:
            if name not in known:
                is_known = number_in(name) is not None or not _goes_on(name, known)
                known[name] = _called(people, name, SAME_NAMED, whole_words=True) if is_known else []
            if not known[name] and not apart:
                break
        else:
            unknown = [name for name in names if not known[name]]
            if len(unknown) < len(names):
                return PeopleTogether(_hits([known[name] for name in names]), unknown)
    return None


def _goes_on(name: str, known: Mapping[str, Sequence[UUID]]) -> bool:
    """Returns whether a name begins with another that is nobody's: then it is nobody's as well."""
    return any(not ids and name.startswith(f"{before} ") for before, ids in known.items())


def _called(people: QuerySet[Person], text: str, limit: int, *, whole_words: bool) -> list[UUID]:
    """Returns who is called so. Goes through all names only where neither a number nor an index has found enough."""
    if not text:
        return []
    numbered = _numbered(people, text)
    ids = list(dict.fromkeys(numbered + _beginning(people, text, limit)))
    if len(ids) < limit and not numbered:
        ids = list(dict.fromkeys(ids + _within(people, text, limit + len(ids), whole_words=whole_words)))
    return ids[:limit]


def _numbered(people: QuerySet[Person], text: str) -> list[UUID]:
    number = number_in(text)
    if number is None:
        return []
    unnamed = people.filter(STANDING, appearances__gt=0, is_unnamed=True, number=number)
    return list(unnamed.order_by().values_list("pk", flat=True))


def _beginning(people: QuerySet[Person], text: str, limit: int) -> list[UUID]:
    """Asks for the name, then for how it is typed: an index answers each, but not an OR."""
    standing = people.filter(STANDING)
    ids = list(
        standing.filter(folded_name__startswith=text).order_by("folded_name").values_list("pk", flat=True)[:limit]
    )
    if len(ids) < limit and text.isascii() and text.isalpha():
        typed = standing.filter(pinyin__startswith=text).order_by("pinyin", "folded_name")
        ids += typed.values_list("pk", flat=True)[:limit]
    return ids


def _within(people: QuerySet[Person], text: str, limit: int, *, whole_words: bool) -> list[UUID]:
    """Goes through all names, once: first comes where a word begins with the text."""
    named = people.filter(STANDING, folded_name__gt="")
    word = Q(folded_name__contains=f" {text}") | Q(pinyin__contains=f" {text}")
    if whole_words:
        found = named.filter(word).order_by("folded_name")
    else:
        rank = Case(When(word, then=0), default=1)
        found = named.filter(containing(text, *NAME_COLUMNS)).order_by(rank, "folded_name")
    return list(found.values_list("pk", flat=True)[:limit])


def _hits(groups: Sequence[Sequence[UUID]]) -> list[list[PersonHit]]:
    rows = Person.objects.in_bulk({pk for ids in groups for pk in ids})
    return [[PersonHit(rows[pk], _note(rows[pk])) for pk in ids if pk in rows] for ids in groups]


def is_set_apart(text: str) -> bool:
    """Returns whether a sign or a word like "and" stands between names in it."""
    return len(_parts(text)) > 1


def without_last_joining(text: str) -> str:
    """Returns the text without an "and" or a sign at its end, behind which a name is still to come."""
    return re.sub(rf"(?:{_separator(get_language() or '')})$", "", f"{text} ").strip()


def ways_to_part(text: str) -> list[list[str]]:
    """Returns how the text may name several people: by separators or words like "and", else between two words."""
    parts = _parts(text)
    if len(parts) > 1:
        return [parts] if len(parts) <= MOST_TOGETHER else []
    words = fold(text).split()
    if not 2 <= len(words) <= MOST_WORDS:
        return []
    ways = [[" ".join(words[:place]), " ".join(words[place:])] for place in range(1, len(words))]
    return [*ways, words] if len(words) == 3 else ways


def _parts(text: str) -> list[str]:
    found = re.split(_separator(get_language() or ""), fold(text))
    return list(dict.fromkeys(part for part in found if part))


@lru_cache
def _separator(_language: str) -> str:
    # Translators: the word between two names in a search, as in "Tom and Anna".
    words = {"and", fold(_("and"))}
    joining = {word for word in words if len(word) == 1 and not word.isascii()}
    spaced = "|".join(map(re.escape, words - joining))
    # A word may follow a sign: "Tom, Anna, and Ben".
    return rf"\s*[{SIGNS}{JOINING_HAN}{''.join(joining)}]\s*(?:(?:{spaced})\s+)?|\s+(?:{spaced})\s+"


def _note(person: Person) -> str:
    if person.is_hidden:
        return _("Hidden from People")
    return "" if person.appearances else _("In no video now")
