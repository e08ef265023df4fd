"""Second factors for tests, and the codes of them."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from webapp.accounts.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP_S = 30


def give_app(user: User, secret: str = SECRET) -> Authenticator:
    app: Authenticator = TOTP.activate(user, secret).instance
    return app


def give_recovery_codes(user: User) -> list[str]:
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def app_code(secret: str = SECRET, steps_off: int = 0) -> str:
    """What an app shows whose clock is so many half minutes off."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // STEP_S + steps_off)))
