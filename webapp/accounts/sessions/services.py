"""Keeps the list of sessions, and ends them one by one or all but one."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from webapp.accounts import signals
from webapp.accounts.models import User
from webapp.accounts.sessions.words import device_of
from webapp.expiry_cleanup import delete_expired


def list_session(request: HttpRequest, *, before: str | None) -> str:
    """Lists the session of a request, or notes that it was used; returns its key.

    `before` is the key under which it was listed: one that has been rotated is still the same to its person.
    """
    session = request.session
    if session.session_key is None:
        session.save()
    assert session.session_key is not None
    if before and before != session.session_key:
        UserSession.objects.filter(session_key=session.session_key).delete()
        UserSession.objects.filter(session_key=before, user=request.user).update(session_key=session.session_key)
    UserSession.objects.create_from_request(request)
    return session.session_key


def end(row: UserSession) -> None:
    """Signs out one device; its open pages hear nothing more within 5 s."""
    row.end()
    tell(row.user, device_of(row.user_agent))


def tell(user: User, device: str) -> None:
    signals.account_act.send(User, act="signed_out_device", user=user, before={"device": device})


def clean_up(**_: object) -> None:
    """Forgets addresses and devices of sessions that have ended."""
    idle = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    of_ended = UserSession.objects.filter(last_seen_at__lt=idle).exclude(session_key__in=Session.objects.values("pk"))
    delete_expired(of_ended)
