"""The form for what others see of a person."""

from django import forms
from django.utils.translation import gettext_lazy as _


class OwnNameForm(forms.Form):
    """A person's name; it may not be empty, because it is what others know them by."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
