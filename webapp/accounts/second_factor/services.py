"""Checks the codes of second factors, and removes a factor that its owner has lost."""

import logging

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from cryptography.fernet import InvalidToken
from django.db import transaction

from webapp.accounts import signals, throttle_services
from webapp.accounts.models import User
from webapp.accounts.profile.services import sign_out_everywhere
from webapp.accounts.second_factor import words

logger = logging.getLogger(__name__)

UNHINDERED = 5
"""Guesses of one account's codes before each has to wait: there are but a million codes, and three fit."""


def use_code(user: User, code: str, address: str) -> Authenticator | None:
    """Returns the app or the recovery codes that a code is of; it is used up. Raises TooManyAttempts.

    Guesses are counted apart from those of the password: who knows that one could otherwise forget them by giving it.
    """
    guesses = f"second factor\0{user.pk}"  # nobody can type that as an address, to slow others down
    throttle_services.count_attempt(guesses, address, unhindered=UNHINDERED)
    rows = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    found = next((each for each in rows if _takes(each, code)), None)
    if found is not None:
        throttle_services.note_success(guesses, address)
    return found


def use_app_code(user: User, secret: str, code: str) -> bool:
    """Returns whether an app with this secret shows the code now, or did or will half a minute off, and uses it up."""
    step = _step_of(secret, code)
    return step is not None and throttle_services.use_once("app code", str(user.pk), str(step))


def remove_all(user: User, *, by: User | str) -> bool:
    """Removes all second factors of somebody who has lost theirs, and ends their sessions. Returns False without one.

    `by` is an admin, or the name of a command.
    """
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user).delete()
        if not removed:
            return False
        sign_out_everywhere(user)
        signals.account_act.send(User, act="removed_second_factor", user=user, by=by)
    return True


def tell(user: User, act: str, factor: Authenticator) -> None:
    """Tells that a factor of this person was added, removed or made anew by themselves."""
    change = {"factor": words.name_of(factor)}
    is_gone = act == "removed_second_factor"
    signals.account_act.send(
        User, act=act, user=user, by=user, before=change if is_gone else None, after=None if is_gone else change
    )


def _takes(factor: Authenticator, code: str) -> bool:
    try:
        if factor.type == Authenticator.Type.TOTP:
            return use_app_code(factor.user, decrypt(factor.data["secret"]), code)
        return bool(factor.wrap().validate_code(code))
    except InvalidToken:
        logger.warning("A second factor of account %s was stored under another secret key", factor.user_id)
        return False


def _step_of(secret: str, code: str) -> int | None:
    """Returns the number of the half minute whose code this is."""
    steps = list(yield_hotp_counters_from_time())
    fitting = [
        step for step in steps if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    ]
    return fitting[0] if fitting else None
