"""Which of the recognitions at a video counts: taking over what was found, throwing it away, and taking either back."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from webapp.recognition.models import CURRENT, WAITING, Recognition


def apply(recognition: Recognition) -> bool:
    """It becomes the current one of its video and line; False when it is not waiting (any more)."""
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
    """One that came with an analysis, unless a later one was quicker."""
    later = Recognition.objects.filter(
        CURRENT, video=recognition.video_id, line=recognition.line, created_at__gt=recognition.created_at
    )
    if later.exists():
        discard([recognition])
    else:
        apply(recognition)


def discard(recognitions: Iterable[Recognition]) -> int:
    """Returns how many; the rows go after a while (see `cleanup.py`)."""
    keys = [each.pk for each in recognitions]
    return Recognition.objects.filter(WAITING, pk__in=keys).update(discarded_at=timezone.now())


def restore(recognitions: Iterable[Recognition]) -> int:
    """Discarded ones wait again."""
    keys = [each.pk for each in recognitions]
    return Recognition.objects.filter(pk__in=keys, discarded_at__isnull=False).update(discarded_at=None)


def undo_apply(recognition: Recognition) -> bool:
    """It waits again, and what it replaced is current; False when it is no longer the current one."""
    with transaction.atomic():
        if not Recognition.objects.filter(CURRENT, pk=recognition.pk).update(taken_over_at=None, replaces=None):
            return False
        if recognition.replaces_id is not None:
            before = Recognition.objects.filter(pk=recognition.replaces_id, replaced_at__isnull=False)
            before.exclude(taken_over_at=None).update(replaced_at=None)
    return True
