"""Forms for signing in and for creating the first account."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webapp.accounts import throttle_services, words
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.models import User


class SignInForm(AuthenticationForm):
    """E-mail address and password; after too many wrong ones signing in is blocked for a while."""

    error_messages = {
        "invalid_login": _("E-mail or password is wrong. Check both and try again."),
        "inactive": _("This account is deactivated. Ask an owner of your team."),
        "throttled": words.TOO_MANY_ATTEMPTS,
        "busy": words.BUSY,
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("E-mail address")
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})

    def clean(self) -> dict[str, Any]:
        email = canonical_email(str(self.cleaned_data.get("username", "")))
        if not email or not self.cleaned_data.get("password"):
            return self.cleaned_data  # its fields say what is missing
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        try:
            throttle_services.count_attempt(email, address)
        except throttle_services.TooManyAttempts as error:
            raise ValidationError(self.error_messages["throttled"], code="throttled") from error
        self.cleaned_data["username"] = email
        try:
            cleaned = super().clean()
        except TooBusyToHash as error:
            raise ValidationError(self.error_messages["busy"], code="busy") from error
        throttle_services.note_success(email, address)
        return cleaned


class NewAccountForm(forms.Form):
    """Name, e-mail address and password of somebody who had no account."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 12 characters. A short sentence works well."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            somebody = User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
            try:
                password_validation.validate_password(password, somebody)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class FirstOwnerForm(NewAccountForm):
    """The owner's account and the name of the first team."""

    team = forms.CharField(
        label=_("Name of your team"),
        max_length=120,
        initial=_("My team"),
        help_text=_("Everyone in the team can see its videos."),
    )
