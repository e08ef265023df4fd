"""Forms for a person's name and password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.utils.translation import gettext_lazy as _


class OwnNameForm(forms.Form):
    """A person's name; it may not be empty, because it is what others know them by."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class OwnPasswordForm(PasswordChangeForm):
    """The old password and the new one, twice. Not what a person comes to the page for first, so it takes no focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password2"].label = _("New password again")
        self.fields["new_password2"].help_text = ""
