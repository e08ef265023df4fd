"""Forms for a person's name, theme, language and password."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from webapp.accounts import words
from webapp.accounts.models import Theme
from webapp.accounts.name_forms import NameField
from webapp.accounts.tokens.queries import count_working


class OwnNameForm(forms.Form):
    """A person's name; it may not be empty, because it is what others know them by."""

    name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))


class AppearanceForm(forms.Form):
    """How pages look, and in which language; the latter only where there is a choice."""

    theme = forms.ChoiceField(
        label=_("Theme"), choices=((each.value, each.label) for each in (Theme.AUTO, Theme.LIGHT, Theme.DARK))
    )
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("As the browser")), *settings.LANGUAGES]
        if len(settings.LANGUAGES) < 2:
            del self.fields["language"]


class OwnPasswordForm(PasswordChangeForm):
    """The old password and the new one, twice. Not what a person comes to the page for first, so it takes no focus.

    Who has access tokens is asked whether these end as well.
    """

    revokes_tokens = forms.BooleanField(
        label=_("Also revoke all my access tokens. Programs that use them stop working."), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not count_working(self.user):
            del self.fields["revokes_tokens"]
        self.fields["new_password1"].help_text = words.PASSWORD_HELP
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password2"].label = _("New password again")
        self.fields["new_password2"].help_text = ""
