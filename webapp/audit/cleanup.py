"""Removes entries whose time has ended; the hash of the last one stays as the anchor of those after it."""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from webapp.audit.chain_codec import keys
from webapp.audit.models import AuditChain, AuditEntry
from webapp.audit.services import move_head
from webapp.audit.verification_queries import Break, verify

logger = logging.getLogger(__name__)

EVERY_S = 3600
MOST_AT_ONCE = 10_000
"""Removed of a chain by one cleanup, so that writers wait for moments only."""


class _Turn:
    """When the next cleanup is due: those that ask come every few seconds."""

    next_s = 0.0


def clean_up(**_: object) -> None:
    """Removes entries older than `AUDIT_DAYS`, once an hour."""
    if time.monotonic() < _Turn.next_s:
        return
    _Turn.next_s = time.monotonic() + EVERY_S
    for chain in AuditChain.objects.all():
        prune(chain)


def prune(chain: AuditChain) -> int:
    """Returns how many entries it removed. Keeps all of a chain that is broken there: they are the evidence."""
    last = _last_to_go(chain)
    if last is None:
        return 0
    if isinstance(found := verify(chain, up_to=last), Break):
        logger.error("Old audit entries are kept: entry %s of %s %s", found.number, found.team_id, found.reason)
        return 0
    with transaction.atomic():
        anchor = bytes(AuditEntry.objects.values_list("hash", flat=True).get(team_id=chain.team_id, number=last))
        if not move_head(keys()[0], chain, anchor_number=last, anchor_hash=anchor):
            return 0  # somebody wrote meanwhile: the next cleanup finds them again
        old = AuditEntry.objects.filter(team_id=chain.team_id, number__lte=last)
        return int(old._raw_delete(old.db))


def _last_to_go(chain: AuditChain) -> int | None:
    """Returns the number of the last entry before the first one that is to be kept; None where none has to go."""
    until = timezone.now() - timedelta(days=settings.AUDIT_DAYS)
    entries = AuditEntry.objects.filter(team_id=chain.team_id).order_by("number")
    kept = entries.filter(at__gte=until).values_list("number", flat=True).first()
    last = chain.last_number if kept is None else kept - 1
    last = min(last, chain.anchor_number + MOST_AT_ONCE)
    return last if last > chain.anchor_number else None
