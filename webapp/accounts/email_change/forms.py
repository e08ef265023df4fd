"""The form for another e-mail address."""

from django import forms
from django.utils.translation import gettext_lazy as _


class NewEmailForm(forms.Form):
    """The new address."""

    email = forms.EmailField(
        label=_("New e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )
