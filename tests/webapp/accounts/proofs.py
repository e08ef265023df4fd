"""A browser whose person has just proved who they are, for what asks for that."""

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client

from tests.conftest import signed_in
from webapp.accounts.models import User


def proved(user: User, *, by: str = "password", ago_s: float = 0) -> Client:
    """Signs somebody in who gave their password, or used their second factor ("mfa"), so long ago."""
    client = signed_in(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": by, "at": time.time() - ago_s}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
    return client
