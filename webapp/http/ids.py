"""Ids as they come in addresses and forms, where anybody may have typed anything."""

from collections.abc import Iterable
from uuid import UUID


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def uuids_in(texts: Iterable[str]) -> tuple[UUID, ...]:
    """Each once, in their order; what is no id is left out."""
    return tuple(dict.fromkeys(found for text in texts if (found := uuid_or_none(text))))
