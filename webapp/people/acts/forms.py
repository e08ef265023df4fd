"""Checks what is typed about people: names, searches, thresholds."""

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from analysis.faces.search import IdentificationThresholds
from webapp.accounts.name_forms import NameField

LONGEST = 120


def typed(request: HttpRequest, key: str = "q") -> str:
    """Returns the search in the address, without the null character, which databases refuse."""
    return request.GET.get(key, "").replace("\0", "").strip()[:LONGEST]


class NameForm(forms.Form):
    """A name (empty: unnamed again), and what to do if somebody has it already."""

    name = NameField(required=False, max_length=LONGEST, label=_("Name"))
    merge_into = forms.UUIDField(required=False)
    as_new = forms.BooleanField(required=False)


class GiveForm(forms.Form):
    """Whom an unclear face shows: somebody who was chosen, or a name; `sure` once the reason against it was shown."""

    name = NameField(required=False, max_length=LONGEST)
    person = forms.UUIDField(required=False)
    as_new = forms.BooleanField(required=False)
    sure = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("name") and not cleaned.get("person"):
            raise forms.ValidationError(_("Enter a name, or choose someone."))
        return cleaned


class ThresholdsForm(forms.Form):
    """The least similarities in percent; empty: the default, which `usual` tells."""

    accept_from = forms.FloatField(required=False, min_value=1, max_value=100)
    review_from = forms.FloatField(required=False, min_value=1, max_value=100)

    def __init__(self, data: QueryDict, *, usual: IdentificationThresholds) -> None:
        super().__init__(data)
        self.usual = usual

    def clean(self) -> dict[str, float | None]:
        cleaned = super().clean() or self.cleaned_data
        accept, review = cleaned.get("accept_from"), cleaned.get("review_from")
        if accept is None and review is None:
            return cleaned
        least = 100 * self.usual.accept_from if accept is None else accept
        # Shown, the default is in whole percent.
        if round(100 * self.usual.review_from if review is None else review) > round(least):
            raise forms.ValidationError(_("“Ask me” cannot be higher than “Match automatically”."))
        return cleaned
