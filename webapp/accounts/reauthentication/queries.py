"""Asks whether somebody who is signed in has lately proved to be the account's owner, and how they can.

Signing in is a proof. Who has a second factor proves it by that one: a password that somebody else found out opens
nothing in a browser that was left alone.
"""

import time

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from webapp.accounts.second_factor.queries import has_second_factor

HOLDS_S = 5 * 60
"""How long a proof is recent."""


def proved_recently(request: HttpRequest) -> bool:
    """Returns whether the person behind the request proved who they are within the last five minutes."""
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    if has_second_factor(request.user):
        records = [each for each in records if each["method"] == "mfa"]
    return any(0 <= time.time() - each["at"] < HOLDS_S for each in records)
