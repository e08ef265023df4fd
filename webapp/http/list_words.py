"""Names in a row and in a sentence, as the reader's language writes them."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

CHINESE = r"[\u3400-\u4dbf\u4e00-\u9fff]"
PLACE = re.compile(rf"%%|(?P<before>(?<={CHINESE}) )?%\((?P<name>\w+)\)[sd](?P<after> (?={CHINESE}))?")
FULL_STOPS = ("。", "！", "？")


def separator() -> str:
    """Returns what stands between two names of a list."""
    return pgettext("between names", ", ")


def listed(names: Iterable[object]) -> str:
    """Returns "Tom, Anna, Eve"; in Chinese "Tom、Anna、Eve"."""
    return separator().join(map(str, names))


def listed_with_and(names: Iterable[object]) -> str:
    """Returns "Tom", "Tom and Anna", "Tom, Anna and Eve"; of nothing nothing."""
    *rest, last = [*map(str, names)] or [""]
    return filled(_("%(names)s and %(last)s"), names=listed(rest), last=last) if rest else last


def filled(sentence: str, **values: object) -> str:
    """Fills in `%(name)s` and `%(name)d`; the space that sets it off from Chinese goes where the value is Chinese."""

    def put(place: re.Match[str]) -> str:
        if place["name"] is None:
            return "%"
        value = str(values[place["name"]])
        before = "" if re.match(CHINESE, value) else place["before"] or ""
        after = "" if re.search(rf"{CHINESE}$", value) else place["after"] or ""
        return f"{before}{value}{after}"

    return PLACE.sub(put, str(sentence))


def sentences(*said: object) -> str:
    """Returns sentences behind each other; in Chinese without spaces between them. Empty ones are left out."""
    whole = ""
    for sentence in map(str, said):
        space = " " if whole and sentence and not whole.endswith(FULL_STOPS) else ""
        whole += space + sentence
    return whole
