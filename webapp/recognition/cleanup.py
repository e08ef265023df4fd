"""Periodic cleanup: deletes recognitions that can no longer be undone, with their pictures."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from webapp import storage
from webapp.jobs.models import Status
from webapp.recognition.models import Recognition

REPLACED_KEPT_FOR = timedelta(days=7)
"""How long applying can be undone."""
DISCARDED_KEPT_FOR = timedelta(hours=1)
AT_ONCE = 50


def clean_up(**_: object) -> None:
    """Deletes what is due, some at a time; a cheap query when there is nothing to do."""
    now = timezone.now()
    gone = Q(replaced_at__lt=now - REPLACED_KEPT_FOR) | Q(discarded_at__lt=now - DISCARDED_KEPT_FOR)
    broken_off = Q(job__status__in=[Status.FAILED, Status.CANCELLED], created_at__lt=now - REPLACED_KEPT_FOR)
    for recognition in Recognition.objects.filter(gone | broken_off).select_related("video")[:AT_ONCE]:
        storage.delete_prefix(recognition.files_prefix)
        recognition.delete()
