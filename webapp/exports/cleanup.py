"""Periodic cleanup: deletes exports whose time is over."""

from django.utils import timezone

from webapp.exports import services
from webapp.exports.models import Export
from webapp.jobs.models import ACTIVE

AT_ONCE = 50


def clean_up(**_: object) -> None:
    """Deletes what has expired, some at a time; a cheap query when there is nothing to do."""
    expired = Export.objects.filter(expires_at__lt=timezone.now()).exclude(job__status__in=ACTIVE)
    services.remove(expired[:AT_ONCE])
