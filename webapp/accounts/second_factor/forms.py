"""The forms that set up and use second factors."""

from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webapp.accounts import throttle_services
from webapp.accounts import words as account_words
from webapp.accounts.models import User
from webapp.accounts.second_factor import services
from webapp.accounts.second_factor.queries import has_app
from webapp.http.client_info import client_address

LONGEST_CODE = 20
LONGEST_NAME = 60


def _code_field(label: Any) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "spellcheck": "false"}
    return forms.CharField(label=label, max_length=LONGEST_CODE, widget=forms.TextInput(attrs=attrs))


class _CountedCode(forms.Form):
    """Counts an attempt before the code is looked at."""

    user: User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_by_app = has_app(self.user)
        self.fields["code"] = _code_field(
            _("Code from your app, or a recovery code") if is_by_app else _("Recovery code")
        )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            found = services.use_code(self.user, code, client_address(context.request))
        except throttle_services.TooManyAttempts as error:
            raise ValidationError(account_words.TOO_MANY_ATTEMPTS, code="throttled") from error
        if found is None:
            note_failure(self.user)
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = found
        return code


class SecondStepForm(_CountedCode, AuthenticateForm):
    """The second step of signing in."""


class CodeProofForm(_CountedCode, ReauthenticateForm):
    """A code from somebody who is signed in."""


class TotpSetupForm(ActivateTOTPForm):
    """The first code that an app shows: the proof that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field(_("Code that the app shows"))

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not services.use_app_code(self.user, self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class PasskeyNameForm(forms.Form):
    """What its owner calls a passkey."""

    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


def _checked(check: Callable[[], Any]) -> Any:
    """Runs a check of what a browser sent; whatever it stumbles over was no answer of a passkey."""
    try:
        return check()
    except (ArithmeticError, AttributeError, InvalidSignature, LookupError, TypeError, ValueError) as error:
        raise ValidationError(_("This passkey did not work. Try again."), code="passkey") from error


class NewPasskeyForm(AddWebAuthnForm):
    """The name of a new passkey, and what the browser made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        help_text = _("For example the device that it is on.")
        widget = forms.TextInput(attrs={"autocomplete": "off"})
        self.fields["name"] = forms.CharField(
            label=_("Name"), max_length=LONGEST_NAME, required=False, help_text=help_text, widget=widget
        )
        self.order_fields(["name", "credential"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = _checked(super().clean)
        return cleaned


class PasskeyStepForm(AuthenticateWebAuthnForm):
    """A passkey as the second step of signing in."""

    def clean_credential(self) -> Authenticator:
        return _checked(super().clean_credential)


class PasskeySignInForm(LoginWebAuthnForm):
    """A passkey in place of the password and the second step."""

    def clean_credential(self) -> Authenticator:
        return _checked(super().clean_credential)


class PasskeyProofForm(ReauthenticateWebAuthnForm):
    """A passkey from somebody who is signed in."""

    def clean_credential(self) -> Authenticator:
        return _checked(super().clean_credential)


def note_failure(user: User) -> None:
    """Has it recorded that somebody failed to prove to be this person."""
    user_login_failed.send(__name__, credentials={"email": user.email}, request=context.request)
