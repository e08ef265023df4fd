"""Reads ids from addresses and forms, which may hold anything."""

from collections.abc import Iterable
from uuid import UUID

LARGEST_ID = 2**63 - 1
"""What a column of integers holds; a larger number is an error in the database, not just no row."""


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def uuids_in(texts: Iterable[str]) -> tuple[UUID, ...]:
    """Returns each id once, in order; anything else is ignored."""
    return tuple(dict.fromkeys(found for text in texts if (found := uuid_or_none(text))))


def integer_or_none(text: str) -> int | None:
    """Returns a number from 0 to LARGEST_ID, written in ASCII digits only; None for anything else."""
    # Python refuses to read numbers of more than 4,300 digits, and Unicode knows digits that it does not read at all.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID))):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
