"""Checks the names of tags, and which videos they are for."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from webapp.accounts.name_forms import NameField
from webapp.http.ids import uuids_in
from webapp.library.queries import MOST_AT_ONCE
from webapp.name_folding import fold
from webapp.videos.models import Tag


class TagForm(forms.Form):
    """The name of a tag, in the field `tag`."""

    tag = NameField(max_length=Tag._meta.get_field("name").max_length or 0, label=_("Tag"))

    def clean_tag(self) -> str:
        name = str(self.cleaned_data["tag"])
        if not fold(name):
            raise forms.ValidationError(_("Enter a name."))
        return name

    @classmethod
    def name_in(cls, request: HttpRequest) -> str:
        """Returns the name that was sent; empty where it is none."""
        form = cls(request.POST)
        return str(form.cleaned_data["tag"]) if form.is_valid() else ""


def videos_in(data: Any) -> tuple[UUID, ...]:
    """Returns the ids in a field `videos`, where commas separate them."""
    return uuids_in(str(data.get("videos", "")).split(",")[:MOST_AT_ONCE])
