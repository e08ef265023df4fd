"""Forms of the library and the video page."""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from webapp.access import Visitor
from webapp.accounts.models import Team
from webapp.accounts.name_forms import NameField
from webapp.http.ids import LARGEST_ID, uuids_in
from webapp.library import favourite_queries, label_filter_queries, people_filter_queries, queries
from webapp.library.label_filter_queries import LabelFilter
from webapp.library.people_filter_queries import PeopleFilter
from webapp.library.queries import SORTS
from webapp.library.tagging import queries as tagging
from webapp.videos.models import ThoroughnessChoice, Video, VideoState

MOST_PEOPLE = 20
"""In one filter."""
MAX_WINDOW_S = 600
"""A crowd has some 200 kB of boxes in ten minutes."""


class FilterForm(forms.Form):
    """Search, state and order of the library; invalid values in the address are ignored."""

    q = forms.CharField(required=False, max_length=200)
    state = forms.ChoiceField(required=False, choices=[("", _("All")), *VideoState.choices])
    sort = forms.ChoiceField(
        required=False,
        choices=[
            ("newest", _("Newest first")),
            ("oldest", _("Oldest first")),
            ("title", _("Title (A to Z)")),
            ("longest", _("Longest first")),
        ],
    )

    match = forms.ChoiceField(required=False, choices=[("all", _("All of them")), ("any", _("Any of them"))])
    labelled = forms.ChoiceField(required=False, choices=[("all", _("All of them")), ("any", _("Any of them"))])
    favourite = forms.BooleanField(required=False)
    unnamed = forms.BooleanField(required=False)
    uploader = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    who = forms.CharField(required=False, max_length=200)
    number = forms.IntegerField(required=False, min_value=1, max_value=10**6)

    _people: PeopleFilter | None = None

    def chosen(self) -> dict[str, str]:
        """Returns search, state and order, each with a usable value."""
        self.is_valid()
        chosen = {name: self.cleaned_data.get(name, "") for name in ("q", "state", "sort")}
        return chosen | {"sort": chosen["sort"] if chosen["sort"] in SORTS else "newest"}

    def found_in(self, videos: QuerySet[Video], team: Team | None, user: Visitor) -> QuerySet[Video]:
        """Returns the videos that the address asks for, in its order."""
        chosen = self.chosen()
        found = queries.filtered(videos, text=chosen["q"], state=chosen["state"], sort=chosen["sort"])
        found = tagging.bearing(found, self.tags())
        if self.is_of_favourites():
            found = favourite_queries.favourites(found, user)
        return label_filter_queries.apply(people_filter_queries.apply(found, self.people(team), team), self.labels())

    def called(self) -> str:
        """Returns the name by which somebody is looked for in the filter."""
        self.is_valid()
        return str(self.cleaned_data.get("who") or "")

    def people_page(self) -> int:
        """Returns which page of the people to filter by is asked for."""
        self.is_valid()
        return self.cleaned_data.get("number") or 1

    def people(self, team: Team | None) -> PeopleFilter:
        """Returns who should be in the videos, as today, who uploaded them, and when.

        `person` and `without` may repeat. They are looked up once.
        """
        if self._people is None:
            self._people = people_filter_queries.as_today(self._people_asked_for(), team)
        return self._people

    def _people_asked_for(self) -> PeopleFilter:
        self.is_valid()
        values = self.cleaned_data
        data = self.data if isinstance(self.data, QueryDict) else QueryDict()
        return PeopleFilter(
            people=uuids_in(data.getlist("person")[:MOST_PEOPLE]),
            without=uuids_in(data.getlist("without")[:MOST_PEOPLE]),
            is_any=values.get("match") == "any",
            has_unnamed=bool(values.get("unnamed")),
            uploader=values.get("uploader"),
            since=values.get("since"),
            until=values.get("until"),
        )

    def tags(self) -> tuple[UUID, ...]:
        """Returns the tags that the videos should have. `tag` may repeat."""
        data = self.data if isinstance(self.data, QueryDict) else QueryDict()
        return uuids_in(data.getlist("tag")[: tagging.MOST_IN_FILTER])

    def is_of_favourites(self) -> bool:
        """Returns whether only the visitor's favourites are asked for."""
        self.is_valid()
        return bool(self.cleaned_data.get("favourite"))

    def labels(self) -> LabelFilter:
        """Returns the labels that models should have found. `label` may repeat."""
        self.is_valid()
        data = self.data if isinstance(self.data, QueryDict) else QueryDict()
        return LabelFilter.of(data.getlist("label"), is_any=self.cleaned_data.get("labelled") == "any")


class TitleForm(forms.Form):
    """A new title."""

    title = NameField(max_length=255, label=_("Title"))


class ThoroughnessForm(forms.Form):
    """How much time an analysis may take."""

    thoroughness = forms.ChoiceField(choices=ThoroughnessChoice.choices, label=_("Thoroughness"))


class ViewForm(forms.Form):
    """What the address of a video page holds: moment, person, tab, minimum screen time, minimum score in percent.

    `only` plays one person alone, here or on through all videos; `first` is the video in which that began.
    """

    t = forms.FloatField(required=False, min_value=0)
    person = forms.UUIDField(required=False)
    tab = forms.ChoiceField(
        required=False,
        choices=[
            ("people", _("People")),
            ("labels", _("Labels")),
            ("details", _("Details")),
        ],
    )
    only = forms.ChoiceField(required=False, choices=[("here", _("In this video")), ("all", _("In all videos"))])
    first = forms.UUIDField(required=False)
    score = forms.IntegerField(required=False, min_value=0, max_value=100)
    min = forms.FloatField(required=False, min_value=0, max_value=3600)

    def chosen(self) -> dict[str, Any]:
        """Returns each value, or its default where the address holds an invalid one."""
        self.is_valid()
        chosen = {name: self.cleaned_data.get(name) for name in self.fields}
        return chosen | {"tab": chosen["tab"] or "people", "score": chosen["score"] or 0}


class WindowForm(forms.Form):
    """A stretch of player time."""

    start_s = forms.FloatField(min_value=0)
    end_s = forms.FloatField(min_value=0)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not 0 < cleaned["end_s"] - cleaned["start_s"] <= MAX_WINDOW_S:
            raise forms.ValidationError(_("This part of the video is empty or too long."))
        return cleaned
