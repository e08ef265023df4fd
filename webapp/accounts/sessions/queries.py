"""Lists where a person is signed in."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from webapp.accounts.models import User
from webapp.accounts.sessions.words import device_of

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class SignedInDevice:
    """A session as its person sees it."""

    id: int
    name: str
    address: str
    begun_at: datetime
    last_used_at: datetime
    is_this: bool


def devices_of(user: User, current_key: str | None) -> list[SignedInDevice]:
    """Returns the sessions that go on, this one first, then those used last. Two queries however many there are."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at")[: 2 * MOST_SHOWN])
    going_on = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now())
    right = user.get_session_auth_hash()
    keys = {
        each.session_key
        for each in going_on
        if constant_time_compare(str(each.get_decoded().get(HASH_SESSION_KEY, "")), right)
    }
    devices = [
        SignedInDevice(
            row.pk, device_of(row.user_agent), row.ip, row.created_at, row.last_seen_at, row.session_key == current_key
        )
        for row in rows
        if row.session_key in keys
    ]
    return sorted(devices, key=lambda each: not each.is_this)[:MOST_SHOWN]
