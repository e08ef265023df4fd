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

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]
        field.initial = Role.VIEWER


class NewMemberForm(NewAccountForm):
    """The account of somebody who was invited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = password_validation.password_validators_help_text_html()

    def clean_email(self) -> str:
        email = canonical_email(self.cleaned_data["email"])
        if User.objects.filter(email=email).exists():
            raise ValidationError(words.EMAIL_TAKEN, code="taken")
        return email
