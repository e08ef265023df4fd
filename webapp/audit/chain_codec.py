"""What an entry's hash is of: HMAC-SHA256 over the hash before it and the entry, as canonical JSON.

The key is derived from the installation's secret key, so that whoever can write to the database alone cannot compute
a chain that fits. Keys in `SECRET_KEY_FALLBACKS` still verify what they have sealed.
"""

import hmac
from collections.abc import Sequence
from datetime import UTC
from functools import cache
from hashlib import sha256
from json import JSONEncoder
from typing import Any

from django.conf import settings

from webapp.audit.models import AuditChain

Row = Sequence[Any]
"""The values of `COLUMNS` of one entry."""

COLUMNS = (
    "number",
    "at",
    "user_id",
    "user_name",
    "action",
    "subject_kind",
    "subject_id",
    "subject_label",
    "address",
    "agent",
    "before",
    "after",
)
"""All columns of an entry but its chain's own key, which `entry_hash` takes apart, and the hash."""
BEGINNING = bytes(32)
"""Stands for the hash before the first entry."""

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def canonical_json(value: Any) -> str:
    """Returns the one spelling of a JSON value: sorted keys, no spaces."""
    return _encode(value)


def keys() -> tuple[bytes, ...]:
    """Returns the key that seals, and those that sealed before it."""
    return tuple(_derived(str(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@cache
def _derived(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"rollcall.audit", sha256)


def entry_hash(key: bytes, before: bytes, team: str, row: Row) -> bytes:
    """Returns the hash (32 bytes) of an entry; `before` is that of the entry before it in the team's chain."""
    number, at, *words = row
    text = _encode([team, number, at.astimezone(UTC).isoformat(timespec="microseconds"), *words])
    return hmac.digest(key, before + text.encode("utf-8", "surrogatepass"), sha256)


def seal_of(key: bytes, chain: AuditChain) -> bytes:
    """Returns what the head of a chain is sealed with (32 bytes)."""
    numbers = [str(chain.team_id), chain.last_number, chain.anchor_number, chain.chains]
    text = _encode(["chain", *numbers, bytes(chain.last_hash).hex(), bytes(chain.anchor_hash).hex()])
    return hmac.digest(key, text.encode(), sha256)
