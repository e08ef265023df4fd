"""Makes names of files out of titles, which may hold anything."""

import unicodedata
from collections.abc import Sequence

MOST_LETTERS = 100
FORBIDDEN = frozenset('<>:"/\\|?*')
"""On some file system or other."""


def file_name(title: str, suffix: str) -> str:
    """Returns a name without folders, control characters or letters that turn the order of what is read."""
    kept = "".join(" " if letter in FORBIDDEN else letter for letter in title if unicodedata.category(letter)[0] != "C")
    return (" ".join(kept.split())[:MOST_LETTERS].strip(". ") or "export") + suffix


def unique_names(titles: Sequence[str], suffix: str) -> list[str]:
    """Returns a name for each title; those alike, in any case, are numbered."""
    used: set[str] = set()
    names = []
    for title in titles:
        base = file_name(title, "")
        name, number = base + suffix, 2
        while name.casefold() in used:
            name, number = f"{base} ({number}){suffix}", number + 1
        used.add(name.casefold())
        names.append(name)
    return names
