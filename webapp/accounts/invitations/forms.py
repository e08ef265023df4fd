"""Forms for making an invitation, and for joining with a new account."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webapp.accounts import words
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.forms import NewAccountForm
from webapp.accounts.models import Role, User


class InvitationForm(forms.Form):
    """What the person who joins will be, and who that is."""

    role = forms.ChoiceField(label=_("Role"))
    note = forms.CharField(
        label=_("Who is it for? (optional)"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    email = forms.EmailField(
        label=_("E-mail address (optional)"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    is_for_email_only = forms.BooleanField(
        label=_("Only an account with this e-mail address can use it"), required=False, initial=True
    )

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]
        field.initial = Role.VIEWER


class NewMemberForm(NewAccountForm):
    """The account of somebody who was invited; with the address that the invitation is for, if it is for one only."""

    def __init__(self, *args: Any, only_email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.only_email = only_email
        if only_email:
            self.fields["email"].initial = only_email
            self.fields["email"].widget.attrs["readonly"] = True
        self.fields["password"].help_text = password_validation.password_validators_help_text_html()

    def clean_email(self) -> str:
        email = canonical_email(self.cleaned_data["email"])
        if self.only_email and email != self.only_email:
            raise ValidationError(words.OTHER_EMAIL, code="other")
        if User.objects.filter(email=email).exists():
            raise ValidationError(words.EMAIL_TAKEN, code="taken")
        return email
