"""Verifies the chains of the audit log: says which entry is the first that is not as it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Subquery

from webapp.audit.chain_codec import COLUMNS, entry_hash, keys, seal_of
from webapp.audit.models import INSTALLATION, AuditChain, AuditEntry

CHUNK = 5000
MISSING, ADDED = "is missing", "was added"


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold. `number` is None where it is the head that is not as it was written."""

    team_id: UUID
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that holds, with the hash of its last entry, which an operator can note elsewhere."""

    team_id: UUID
    entries: int
    last_number: int
    last_hash: str


def verify_all() -> Iterator[Verified | Break]:
    """Yields what is found of each chain, and of entries and chains that should not be, or should still be there."""
    chains = list(AuditChain.objects.order_by("team_id"))
    known = {chain.team_id for chain in chains}
    for chain in chains:
        yield verify(chain)
    for team_id in (
        AuditEntry.objects.exclude(team_id__in=known).order_by().values_list("team_id", flat=True).distinct()
    ):
        yield Break(team_id, None, "there are entries, but no head of their chain")
    counted = next((chain.chains for chain in chains if chain.team_id == INSTALLATION), 0)
    if counted != len(known - {INSTALLATION}):
        yield Break(
            INSTALLATION, None, f"{counted} chains of teams were begun, {len(known - {INSTALLATION})} are there"
        )


def verify(chain: AuditChain, up_to: int | None = None) -> Verified | Break:
    """Goes through a chain from its anchor, to its end or to the entry `up_to`; people may go on writing to it."""
    while True:
        found = _verify(chain, up_to)
        if isinstance(found, Verified):
            return found
        now = AuditChain.objects.filter(pk=chain.pk).first()
        if now is None or now.anchor_number == chain.anchor_number:
            return found
        chain = now  # entries whose time has ended went while these were read


def _verify(chain: AuditChain, up_to: int | None) -> Verified | Break:
    if bytes(chain.seal) not in [seal_of(key, chain) for key in keys()]:
        return Break(chain.team_id, None, "was changed")
    last = chain.last_number if up_to is None else up_to
    entries = AuditEntry.objects.filter(team_id=chain.team_id)
    previous, expected, candidates = bytes(chain.anchor_hash), chain.anchor_number, keys()
    rows = entries.filter(number__lte=last).order_by("number").values_list(*COLUMNS, "hash")
    for *row, stored in rows.iterator(chunk_size=CHUNK):
        expected += 1
        if row[0] != expected:
            return Break(chain.team_id, min(row[0], expected), MISSING if row[0] > expected else ADDED)
        if not any(entry_hash(key, previous, str(chain.team_id), row) == bytes(stored) for key in candidates):
            return Break(chain.team_id, expected, "was changed, or stands in the wrong place")
        previous = bytes(stored)
    if expected < last:
        return Break(chain.team_id, expected + 1, MISSING)
    if up_to is None and previous != bytes(chain.last_hash):
        return Break(chain.team_id, expected, "is not the one that its head ends with")
    # Asked of the database in one statement, as people go on writing.
    head = AuditChain.objects.filter(pk=chain.pk).values("last_number")
    beyond = entries.filter(number__gt=Subquery(head)).order_by("number").values_list("number", flat=True).first()
    if beyond is not None:
        return Break(chain.team_id, beyond, ADDED)
    return Verified(chain.team_id, expected - chain.anchor_number, expected, previous.hex())
