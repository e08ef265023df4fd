"""Reads ids from addresses and forms, which may hold anything."""

from collections.abc import Iterable
from uuid import UUID


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def uuids_in(texts: Iterable[str]) -> tuple[UUID, ...]:
    """Returns each id once, in order; anything else is ignored."""
    return tuple(dict.fromkeys(found for text in texts if (found := uuid_or_none(text))))
