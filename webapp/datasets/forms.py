"""What people type about datasets and their labels."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.accounts.name_forms import NameField
from webapp.datasets.models import Dataset, DatasetKind
from webapp.datasets.services import MOST_LABELS, clean_label
from webapp.hues import HUES
from webapp.name_folding import fold

LABEL_SEPARATOR = re.compile(r"[,，、\n]")
KIND_WORDS = {
    DatasetKind.FACES: _("One face per picture. Who is it? Is there a smile, a mask, a helmet?"),
    DatasetKind.FRAMES: _("Whole pictures. What do they show? Where were they taken?"),
    DatasetKind.CLIPS: _("A few seconds each. What happens? How does someone move?"),
}


class DatasetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and purpose of a dataset, and what happens to samples of deleted videos."""

    keeps_samples = forms.TypedChoiceField(
        label=_("When a video is deleted"),
        choices=[("yes", _("Keep its samples")), ("no", _("Delete its samples too"))],
        coerce=lambda word: word == "yes",
        initial="yes",
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Dataset
        fields = ["name", "purpose", "keeps_samples"]
        help_texts = {"purpose": _("What should the model tell apart, and what for? Optional.")}
        widgets = {"purpose": forms.Textarea(attrs={"rows": 2})}

    def clean_name(self) -> str:
        name = clean_label(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Enter a name."))
        return name


class NewDatasetForm(DatasetForm):
    """Also what a sample is, which never changes, and the first labels."""

    kind = forms.ChoiceField(label=_("Type of samples"), choices=DatasetKind.choices, initial=DatasetKind.FACES)
    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        max_length=4000,
        help_text=_("Separate them with commas, for example: smile, no smile. You can add more later."),
    )

    field_order = ["name", "purpose", "kind", "labels", "keeps_samples"]

    def clean_labels(self) -> list[str]:
        names = [clean_label(name) for name in LABEL_SEPARATOR.split(self.cleaned_data["labels"])]
        unique = {fold(name): name for name in reversed([name for name in names if name])}
        if len(unique) > MOST_LABELS:
            raise forms.ValidationError(_("A dataset can have at most %(n)d labels. Remove some.") % {"n": MOST_LABELS})
        return list(reversed(unique.values()))


class LabelForm(forms.Form):
    """A label's name, colour and key."""

    name = NameField(max_length=80, label=_("Name"))
    hue = forms.IntegerField(min_value=0, max_value=HUES - 1, required=False)
    # S, T, U and X are commands of the grid.
    key = forms.RegexField(r"^[1-9a-rvwyz]?$", required=False, max_length=1, label=_("Keyboard shortcut"))

    def clean_name(self) -> str:
        name = clean_label(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Enter a name."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["hue"] = cleaned.get("hue") or 0
        return cleaned
