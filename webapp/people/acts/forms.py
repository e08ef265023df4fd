"""What people type about people."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

LONGEST = 120


def typed(request: HttpRequest, key: str = "q") -> str:
    """A search in the address. Databases refuse the null character."""
    return request.GET.get(key, "").replace("\0", "").strip()[:LONGEST]


class NameForm(forms.Form):
    """A name (empty: unnamed again), and what to do if somebody bears it already."""

    name = forms.CharField(required=False, max_length=LONGEST, label=_("Name"))
    merge_into = forms.UUIDField(required=False)
    as_new = forms.BooleanField(required=False)


class LimitsForm(forms.Form):
    """How alike, in percent, a new face must be; empty: as for everybody."""

    join_from = forms.FloatField(required=False, min_value=1, max_value=100)
    suggest_from = forms.FloatField(required=False, min_value=1, max_value=100)

    def clean(self) -> dict[str, float | None]:
        cleaned = super().clean() or self.cleaned_data
        join, ask = cleaned.get("join_from"), cleaned.get("suggest_from")
        if join is not None and ask is not None and ask > join:
            raise forms.ValidationError(_("Asking has to begin below joining."))
        return cleaned
