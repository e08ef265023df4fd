"""Names and other short words in a row, as the reader's language writes them."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def separator() -> str:
    """Returns what stands between two names of a list."""
    return pgettext("between names", ", ")


def listed(names: Iterable[object]) -> str:
    """Returns "Tom, Anna, Eve"; in Chinese "Tom、Anna、Eve"."""
    return separator().join(map(str, names))


def listed_with_and(names: Iterable[object]) -> str:
    """Returns "Tom", "Tom and Anna", "Tom, Anna and Eve"; of nothing nothing."""
    *rest, last = [*map(str, names)] or [""]
    return _("%(names)s and %(last)s") % {"names": listed(rest), "last": last} if rest else last
