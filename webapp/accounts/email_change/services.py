"""Changes the address that somebody signs in with: after the new one is confirmed where there is mail, else at once."""

import secrets
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation

from webapp.accounts import signals
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.mail import services as mail_services
from webapp.accounts.mail.words import email_changed_letter, new_email_letter
from webapp.accounts.models import EmailChange, PasswordLink, User
from webapp.digests import sha256_of
from webapp.expiry_cleanup import delete_expired

WORKS_FOR = timedelta(days=1)


class EmailInUse(Exception):
    """Another account has this address."""


class EmailChangeClosed(Exception):
    """The link was used, has expired, was replaced, or is somebody else's."""


def change_now(user: User, email: str) -> None:
    """Raises EmailInUse."""
    with transaction.atomic():
        _change(user, canonical_email(email))


def ask_to_confirm(user: User, email: str) -> EmailChange:
    """Has a new address wait for `mail_link`, in place of any that waited before. Raises EmailInUse."""
    email = canonical_email(email)
    if User.objects.filter(email=email).exists():
        raise EmailInUse
    with transaction.atomic():
        EmailChange.objects.filter(user=user).delete()
        fields = {"token_hash": sha256_of(secrets.token_urlsafe(32)), "expires_at": timezone.now() + WORKS_FOR}
        return EmailChange.objects.create(user=user, email=email, **fields)


def mail_link(change_id: UUID, *, origin: str, language: str) -> None:
    """Sends the link to the new address. Takes as long as mail."""
    token = secrets.token_urlsafe(32)
    row = EmailChange.objects.filter(pk=change_id)
    row.update(token_hash=sha256_of(token))
    change = row.select_related("user").first()
    if change is None:
        return
    with translation.override(language):
        link = origin + reverse("accounts:confirm_email", args=[token])
        mail_services.send_now(change.email, new_email_letter(change.user, link))


def tell_old_address(user_id: int, *, old_email: str, language: str) -> None:
    """Sends word to the address that was used before. Takes as long as mail."""
    if (user := User.objects.filter(pk=user_id).first()) is not None:
        with translation.override(language):
            mail_services.send_now(old_email, email_changed_letter(user, user.email))


def open_changes(token: str, user: User) -> QuerySet[EmailChange]:
    """Returns the change that this link confirms, if it is this person's and still works."""
    return EmailChange.objects.filter(token_hash=sha256_of(token), user=user, expires_at__gt=timezone.now())


def confirm(token: str, user: User) -> None:
    """Raises EmailChangeClosed, EmailInUse."""
    with transaction.atomic():
        change = open_changes(token, user).first()
        if change is None or not EmailChange.objects.filter(pk=change.pk).delete()[0]:
            raise EmailChangeClosed
        _change(user, change.email)


def clean_up(**_: object) -> None:
    delete_expired(EmailChange.objects.filter(expires_at__lt=timezone.now()))


def _change(user: User, email: str) -> None:
    """Links for a new password that went to the old address stop working."""
    before = User.objects.values_list("email", flat=True).get(pk=user.pk)
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(email=email)
    except IntegrityError as error:
        raise EmailInUse from error
    PasswordLink.objects.filter(user=user).delete()
    EmailChange.objects.filter(user=user).delete()
    change = {"before": {"email": before}, "after": {"email": email}}
    signals.account_act.send(EmailChange, act="email_changed", user=user, **change)
