"""Makes links with which somebody who forgot their password sets a new one, and sets it."""

import secrets
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation

from webapp import access
from webapp.accounts import signals
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.mail import services as mail_services
from webapp.accounts.mail.words import password_letter
from webapp.accounts.models import PasswordLink, User
from webapp.accounts.passwords import queries
from webapp.accounts.tokens.services import revoke_all
from webapp.digests import sha256_of
from webapp.expiry_cleanup import delete_expired

MAILED_WORKS_FOR = timedelta(hours=1)
HANDED_WORKS_FOR = timedelta(hours=24)
"""A link that one person gives another takes its time."""


class MayNotMakeLink(Exception):
    """The account is not one that the person manages altogether, or it is deactivated."""


class PasswordLinkClosed(Exception):
    """The link was used, has expired, or was never made."""


def mail_link(email: str, *, origin: str, language: str) -> None:
    """Sends a link to the account with this address; nobody hears of it where there is none. Takes as long as mail."""
    user = User.objects.filter(email=canonical_email(email), is_active=True).first()
    if user is None:
        return
    with translation.override(language):
        link = origin + path_of(_new_link(user, MAILED_WORKS_FOR))
        mail_services.send_now(user.email, password_letter(user, link))


def make_link_for(user: User, *, by: User) -> str:
    """Returns the secret of a link for somebody whom the person manages. Raises MayNotMakeLink."""
    with transaction.atomic():
        if not access.manageable_accounts(by).filter(pk=user.pk, is_active=True).exists():
            raise MayNotMakeLink
        signals.account_act.send(PasswordLink, act="password_link_made", user=user, by=by)
        return _new_link(user, HANDED_WORKS_FOR, made_by=by)


def make_link_by_command(user: User, *, command: str) -> str:
    """Returns the secret of a link that the operator asked for."""
    with transaction.atomic():
        signals.account_act.send(PasswordLink, act="password_link_made", user=user, by=command)
        return _new_link(user, HANDED_WORKS_FOR)


def path_of(token: str) -> str:
    return reverse("accounts:new_password", args=[token])


def use(token: str, password: str) -> None:
    """Sets the password; ends all sessions of the person and what programs do with their access tokens.

    Raises PasswordLinkClosed, TooBusyToHash.
    """
    encoded = make_password(password)  # takes its time: not while the database is locked
    with transaction.atomic():
        link = queries.open_link(token)
        if link is None or not PasswordLink.objects.filter(pk=link.pk).delete()[0]:
            raise PasswordLinkClosed
        PasswordLink.objects.filter(user=link.user).delete()
        User.objects.filter(pk=link.user_id).update(password=encoded, sign_outs=F("sign_outs") + 1)
        revoke_all(link.user)
        signals.account_act.send(PasswordLink, act="password_reset", user=link.user)


def clean_up(**_: object) -> None:
    delete_expired(PasswordLink.objects.filter(expires_at__lt=timezone.now()))


def _new_link(user: User, works_for: timedelta, made_by: User | None = None) -> str:
    token = secrets.token_urlsafe(32)
    expires_at = timezone.now() + works_for
    PasswordLink.objects.create(user=user, made_by=made_by, token_hash=sha256_of(token), expires_at=expires_at)
    return token
