"""Asks who has a second factor, and which."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from qrcode.main import QRCode

from webapp.accounts.models import User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""An app that makes codes, or a passkey. Recovery codes only stand in for one."""

FIRST_STEP_KEY = "first_step"
"""Of the session: what changes with the password and with signing out everywhere, as it was at the first step."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Security:
    """What protects an account beside its password."""

    app: Authenticator | None
    passkeys: list[Passkey]
    codes_left: int | None
    """None without recovery codes."""

    @property
    def has_second_factor(self) -> bool:
        return self.app is not None or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class QrPicture:
    """A QR code to draw: `path` of an SVG in a square of `size` modules, the quiet zone included."""

    size: int
    path: str


def note_first_step(request: HttpRequest, user: User) -> None:
    request.session[FIRST_STEP_KEY] = user.get_session_auth_hash()


def is_first_step_valid(request: HttpRequest, user: User | None) -> bool:
    """Returns whether the password that was given in the first step is still the account's, and opens it."""
    noted = str(request.session.get(FIRST_STEP_KEY, ""))
    return user is not None and user.is_active and constant_time_compare(noted, user.get_session_auth_hash())


def factors_of(user: User) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=user, type__in=FACTORS)


def has_second_factor(user: User) -> bool:
    return factors_of(user).exists()


def who_has_one(user_ids: Collection[int]) -> set[int]:
    """Returns the people of these who have a second factor."""
    rows = Authenticator.objects.filter(user__in=user_ids, type__in=FACTORS)
    return set(rows.values_list("user_id", flat=True))


def has_app(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def has_passkey(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()


def security_of(user: User) -> Security:
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    of_type = {row.type: row for row in rows}
    passkeys = [
        Passkey(row.pk, row.data["name"], row.created_at, row.last_used_at)
        for row in rows
        if row.type == Authenticator.Type.WEBAUTHN
    ]
    codes = of_type.get(Authenticator.Type.RECOVERY_CODES)
    return Security(of_type.get(Authenticator.Type.TOTP), passkeys, None if codes is None else len(codes_left(codes)))


def codes_left(codes: Authenticator) -> list[str]:
    """Returns the recovery codes that have not been used, for reading aloud: four digits, four digits."""
    try:
        unused: list[str] = codes.wrap().get_unused_codes()
    except InvalidToken:  # written under another secret key
        return []
    return [f"{code[:4]} {code[4:]}" for code in unused]


def qr_picture(text: str) -> QrPicture:
    code = QRCode()
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    return QrPicture(len(rows), "".join(dark))
