"""What people choose when they add samples; what is missing or odd becomes the default."""

from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from webapp.datasets.importing.option_types import (
    ANY,
    APPEARANCES,
    BEST_VIEWS,
    DROP_PARTS,
    EVERY,
    KEEP_PARTS,
    SCENES,
    WITH,
    WITHOUT,
    ImportOptions,
)
from webapp.datasets.models import Source
from webapp.datasets.services import clean_label
from webapp.http.ids import uuids_in
from webapp.http.list_words import sentences

MOST_CHOSEN = 2000
HOW = {
    Source.PEOPLE: ((BEST_VIEWS, _("Best views of each appearance")), (EVERY, _("One face every few seconds"))),
    Source.FRAMES: ((EVERY, _("One frame every few seconds")), (SCENES, _("One frame per shot"))),
    Source.MOMENTS: ((APPEARANCES, _("Around appearances of people")), (EVERY, _("One clip every few seconds"))),
}
FACES = ((ANY, _("All")), (WITH, _("With faces")), (WITHOUT, _("Without faces")))
PARTS = ((KEEP_PARTS, _("Keep these sets")), (DROP_PARTS, _("Ignore them and split later")))
LEAST_SIDE = {Source.PEOPLE: 40, Source.FRAMES: 0, Source.PICTURES: 16, Source.ARCHIVE: 16, Source.VIDEOS: 0}
"""Smaller faces say little even to people."""
STEP_S = {Source.PEOPLE: 1.0, Source.FRAMES: 5.0, Source.MOMENTS: 5.0, Source.VIDEOS: 2.0}
LENGTH_S = 3.0


class FillForm(forms.Form):
    """One form for all sources; each shows the fields that it asks for."""

    how = forms.CharField(required=False)
    step_s = forms.FloatField(required=False, min_value=0.2, max_value=3600)
    length_s = forms.FloatField(required=False, min_value=0.5, max_value=60)
    faces = forms.ChoiceField(required=False, choices=FACES)
    least_side = forms.IntegerField(required=False, min_value=0, max_value=4000)
    names_as_labels = forms.BooleanField(required=False)
    label = forms.CharField(required=False, max_length=80)
    one_source = forms.BooleanField(required=False)
    parts = forms.ChoiceField(required=False, choices=PARTS)
    expected = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
    title = forms.CharField(required=False, max_length=255)


@dataclass(frozen=True, slots=True)
class Filling:
    """A source, what was chosen for it, and whether anything that was typed cannot be used."""

    source: Source
    options: ImportOptions
    title: str
    errors: dict[str, str]


def filling_of(data: QueryDict, source: Source) -> Filling:
    form = FillForm(data)
    form.is_valid()
    fields = form.cleaned_data
    ways = [way for way, _words in HOW.get(source, ())] or [""]
    how, least_side = str(fields.get("how")), fields.get("least_side")
    options = ImportOptions(
        people=ids_in(data, "people"),
        videos=ids_in(data, "videos"),
        how=how if how in ways else ways[0],
        step_s=fields.get("step_s") or STEP_S.get(source, 2.0),
        length_s=fields.get("length_s") or LENGTH_S,
        faces=fields.get("faces") or ANY,
        least_side=LEAST_SIDE.get(source, 0) if least_side is None else least_side,
        names_as_labels=bool(fields.get("names_as_labels")),
        label=clean_label(fields.get("label") or ""),
        one_source=bool(fields.get("one_source")),
        parts=fields.get("parts") or "",
        expected=fields.get("expected") or 0,
    )
    errors = {name: sentences(*map(str, found)) for name, found in form.errors.items()}
    return Filling(source, options, fields.get("title") or "", errors)


def ids_in(data: QueryDict, name: str) -> tuple[str, ...]:
    """Returns only what looks like an id; whether it belongs to the team is asked where it is used."""
    return tuple(str(found) for found in uuids_in(data.getlist(name)[:MOST_CHOSEN]))
