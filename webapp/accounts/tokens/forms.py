"""The form for a new access token."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team, TokenScope, User
from webapp.accounts.tokens import words
from webapp.accounts.tokens.services import MAY_GIVE, MOST_DAYS, USUAL_DAYS


class NewTokenForm(forms.Form):
    """Name, team, scope and how long it works; `cleaned_data["team"]` is a Team."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("Upload script")}),
    )
    team = forms.ChoiceField(label=_("Team"))
    scope = forms.ChoiceField(
        label=_("Scope"), choices=TokenScope.choices, initial=TokenScope.WRITE, help_text=words.SCOPE_HELP
    )
    days = forms.IntegerField(
        label=_("Days until it expires"), min_value=1, max_value=MOST_DAYS, initial=USUAL_DAYS, localize=False
    )

    def __init__(self, *args: Any, user: User, teams: Sequence[Team], **kwargs: Any) -> None:
        """`teams` are those that the person may choose from, the one they work in in front."""
        super().__init__(*args, **kwargs)
        self.user = user
        self.teams = {str(team.pk): team for team in teams}
        field = self.fields["team"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, team.name) for key, team in self.teams.items()]

    def clean_team(self) -> Team:
        return self.teams[self.cleaned_data["team"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        team, scope = cleaned.get("team"), cleaned.get("scope")
        if team and scope and not MAY_GIVE[TokenScope(scope)](self.user).filter(pk=team.pk).exists():
            self.add_error("scope", ValidationError(words.MORE_THAN_ROLE % {"team": team.name}, code="role"))
        return cleaned
