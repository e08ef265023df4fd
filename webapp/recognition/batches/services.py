"""Decides which recognition of a video counts: applies, discards, and undoes either."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from webapp.recognition.models import CURRENT, WAITING, Recognition


def apply(recognition: Recognition) -> bool:
    """Makes a waiting recognition the current one of its video and line. Returns False when it is not waiting."""
    now = timezone.now()
    with transaction.atomic():
        current = Recognition.objects.filter(CURRENT, video=recognition.video_id, line=recognition.line).first()
        if current is not None:
            Recognition.objects.filter(CURRENT, pk=current.pk).update(replaced_at=now)
        waiting = Recognition.objects.filter(WAITING, pk=recognition.pk)
        taken = waiting.update(taken_over_at=now, replaces=current)
        if not taken and current is not None:
            Recognition.objects.filter(pk=current.pk, replaced_at=now).update(replaced_at=None)
    return bool(taken)


def apply_automatically(recognition: Recognition) -> None:
    """Applies a recognition that came with an analysis, unless a later one is already current."""
    later = Recognition.objects.filter(
        CURRENT, video=recognition.video_id, line=recognition.line, created_at__gt=recognition.created_at
    )
    if later.exists():
        discard([recognition])
    else:
        apply(recognition)


def discard(recognitions: Iterable[Recognition]) -> int:
    """Discards waiting recognitions and returns how many; the rows go with a later cleanup."""
    keys = [each.pk for each in recognitions]
    return Recognition.objects.filter(WAITING, pk__in=keys).update(discarded_at=timezone.now())


def restore(recognitions: Iterable[Recognition]) -> int:
    """Puts discarded recognitions back into waiting and returns how many."""
    keys = [each.pk for each in recognitions]
    return Recognition.objects.filter(pk__in=keys, discarded_at__isnull=False).update(discarded_at=None)


def undo_apply(recognition: Recognition) -> bool:
    """Puts a current recognition back into waiting; what it replaced is current again. False when not current."""
    with transaction.atomic():
        if not Recognition.objects.filter(CURRENT, pk=recognition.pk).update(taken_over_at=None, replaces=None):
            return False
        if recognition.replaces_id is not None:
            before = Recognition.objects.filter(pk=recognition.replaces_id, replaced_at__isnull=False)
            before.exclude(taken_over_at=None).update(replaced_at=None)
    return True
