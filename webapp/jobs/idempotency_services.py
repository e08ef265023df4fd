"""Remembers how requests to start work were answered, so that a repeated one starts nothing again."""

from datetime import datetime, timedelta

from django.utils import timezone

from webapp.accounts.models import User
from webapp.digests import sha256_of
from webapp.expiry_cleanup import delete_expired
from webapp.jobs.models import AnsweredRequest

KEPT_FOR = timedelta(hours=24)


class OtherContent(Exception):
    """The key came before with another address or body."""


def claim(user: User, key: str, content: str) -> tuple[AnsweredRequest, bool]:
    """Returns the row of this key, and whether its work is ours to start; in the transaction of the work.

    Who comes while another holds the key waits for its transaction to end. Raises OtherContent.
    """
    row, is_ours = AnsweredRequest.objects.get_or_create(user=user, key=sha256_of(key), defaults={"content": content})
    if row.content != content:
        raise OtherContent
    return row, is_ours


def claim_unnamed(user: User, content: str, arrived_at: datetime) -> tuple[AnsweredRequest, bool]:
    """Does the same without a key, for equal requests that meet: one that arrives behind the answer is a new one."""
    row, is_ours = AnsweredRequest.objects.get_or_create(
        user=user, key=sha256_of(f"unnamed {content}"), defaults={"content": content}
    )
    if is_ours or row.answered_at is None or row.answered_at > arrived_at:
        return row, is_ours
    if AnsweredRequest.objects.filter(pk=row.pk, answered_at=row.answered_at).update(answered_at=None):
        return row, True
    return claim_unnamed(user, content, arrived_at)  # another was faster: its answer, or none, is there now


def keep(row: AnsweredRequest, **answer: object) -> None:
    """Stores the answer: status, headers, body and notes."""
    AnsweredRequest.objects.filter(pk=row.pk).update(answered_at=timezone.now(), **answer)


def clean_up(**_: object) -> None:
    """Deletes what nobody sends again."""
    delete_expired(AnsweredRequest.objects.filter(answered_at__lt=timezone.now() - KEPT_FOR))
