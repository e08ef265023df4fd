"""Asks of sessions that were opened earlier whether they still stand."""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from webapp.accounts.models import AccessToken, User


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who signed in with which session; `auth_hash` changes with the password."""

    session_key: str
    user_id: int
    auth_hash: str


def sign_in_of(session: SessionBase, user_id: int) -> SignIn:
    return SignIn(session.session_key or "", user_id, str(session.get(HASH_SESSION_KEY, "")))


def standing(sign_ins: Collection[SignIn]) -> dict[SignIn, User]:
    """Returns the people, read anew, whose session goes on: not signed out, idle, deactivated, or of an old password.

    Two queries however many there are.
    """
    keys = {each.session_key for each in sign_ins}
    going_on = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = set(going_on.values_list("session_key", flat=True))
    users = User.objects.filter(is_active=True).in_bulk({each.user_id for each in sign_ins})
    return {
        each: users[each.user_id]
        for each in sign_ins
        if each.session_key in sessions and each.user_id in users and _is_of_this_password(each, users[each.user_id])
    }


def is_still_signed_in(request: HttpRequest) -> bool:
    """Asks anew, in the middle of a request that takes long, whether its session or access token still stands."""
    token: AccessToken | None = getattr(request, "access_token", None)
    if token is None:
        return bool(standing([sign_in_of(request.session, request.user.pk or 0)]))
    return AccessToken.objects.filter(
        pk=token.pk, revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True
    ).exists()


def _is_of_this_password(sign_in: SignIn, user: User) -> bool:
    return constant_time_compare(sign_in.auth_hash, user.get_session_auth_hash())
