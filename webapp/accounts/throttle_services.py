"""Slows down guessing of passwords: counts failed sign-ins in the database, so that all servers agree."""

from datetime import timedelta

from django.utils import timezone

from webapp.accounts.models import FailedSignIn

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
"""Failures for one e-mail address from one network address; a stranger elsewhere cannot lock anybody out."""
PER_ADDRESS = 100
"""Failures from one network address whatever the e-mail address: trying one password on many accounts."""


def is_closed(email: str, address: str) -> bool:
    recent = FailedSignIn.objects.filter(address=address, at__gt=timezone.now() - WINDOW)
    return recent.filter(email=email).count() >= PER_ACCOUNT or recent.count() >= PER_ADDRESS


def note_failure(email: str, address: str) -> None:
    FailedSignIn.objects.create(email=email[:254], address=address[:64])


def forget(email: str, address: str) -> None:
    """Forgets failures after a correct password."""
    FailedSignIn.objects.filter(email=email, address=address).delete()


def clean_up(**_: object) -> None:
    """Deletes failures that no longer count."""
    FailedSignIn.objects.filter(at__lt=timezone.now() - WINDOW).delete()
