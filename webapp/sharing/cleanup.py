"""Periodic cleanup: deletes links that have not worked for long, and lets go of exports that no link shows any more."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from webapp.expiry_cleanup import delete_expired
from webapp.exports import services as exports
from webapp.exports.models import Export
from webapp.sharing.models import ShareLink

KEPT_FOR = timedelta(days=30)
"""How long the team can see that a link has ended, and how often it was opened."""
SPARE = timedelta(hours=1)
"""So that what was made a moment ago is not written at every round."""


def clean_up(**_: object) -> None:
    """Runs one round; two cheap queries when there is nothing to do."""
    now, usual = timezone.now(), exports.expiry()
    delete_expired(ShareLink.objects.filter(Q(expires_at__lt=now - KEPT_FOR) | Q(revoked_at__lt=now - KEPT_FOR)))
    shown = ShareLink.objects.filter(export=OuterRef("pk"), revoked_at=None, expires_at__gt=now)
    longer = Export.objects.filter(expires_at__gt=usual + SPARE).exclude(Exists(shown))
    if longer.exists():  # an UPDATE takes SQLite's lock for writing also where it finds nothing
        longer.update(expires_at=usual)
