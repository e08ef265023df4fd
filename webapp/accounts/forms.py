"""Forms for signing in and for creating the first account."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webapp.accounts import words
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import User
from webapp.accounts.name_forms import NameField


class SignInForm(LoginForm):
    """E-mail address and password; `AccountAdapter` counts the attempt, checks them and says what is wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        self.fields["login"] = forms.CharField(label=_("E-mail address"), max_length=254, widget=widget)
        self.fields["password"] = forms.CharField(
            label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
        )
        self.order_fields(["login", "password"])

    def add_prefix(self, field_name: str) -> str:
        """Keeps the name under which browsers have stored the address."""
        return "username" if field_name == "login" else str(super().add_prefix(field_name))

    def clean_login(self) -> str:
        return canonical_email(self.cleaned_data["login"])


class NewAccountForm(forms.Form):
    """Name, e-mail address and password of somebody who had no account."""

    name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}))
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=words.PASSWORD_HELP,
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

    team = NameField(
        label=_("Name of your team"),
        initial=_("My team"),
        help_text=_("Everyone in the team can see its videos."),
    )
