"""Asks who has a second factor."""

from allauth.mfa.models import Authenticator

from webapp.accounts.models import User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""An app that makes codes, or a passkey. Recovery codes only stand in for one."""


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()
