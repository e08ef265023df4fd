"""What somebody chooses of a link, and the password that a visitor types."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.http.clock import clock_of
from webapp.sharing.services import MOST_DAYS, USUAL_DAYS

LEAST_LETTERS = 8
SHORTEST_S = 0.2
"""A moment has at least a few frames."""
MOST_PARTS = 3


class ClockField(forms.CharField):
    """A moment as players show it, "1:02:14.5", or in seconds; cleaned to seconds."""

    def to_python(self, value: Any) -> float | None:  # type: ignore[override]
        text = super().to_python(value)
        if not text:
            return None
        parts = text.strip().replace(",", ".").split(":")
        is_clock = len(parts) <= MOST_PARTS and all(part.isascii() and part[:1].isdigit() for part in parts)
        try:
            numbers = [float(part) for part in parts] if is_clock else []
        except ValueError:
            numbers = []
        if not numbers or any(number >= 10**6 for number in numbers):
            raise forms.ValidationError(_("Enter a time such as 1:05."))
        seconds = 0.0
        for number in numbers:
            seconds = seconds * 60 + number
        return seconds

    def prepare_value(self, value: Any) -> Any:
        return clock_of(value) if isinstance(value, float) else value


class ShareForm(forms.Form):
    """A link to an export. People are read by the view."""

    title = forms.CharField(
        label=_("Title on the page"),
        max_length=255,
        required=False,
        help_text=_("Visitors see this title, and no other name of the video or its team."),
    )
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=MOST_DAYS, initial=USUAL_DAYS, localize=False
    )
    password = forms.CharField(
        label=_("Password (optional)"),
        required=False,
        strip=False,
        min_length=LEAST_LETTERS,
        max_length=128,
        help_text=_("At least 8 characters. Send it separately from the link."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    may_download = forms.BooleanField(
        label=_("Show a download button"),
        required=False,
    )

    def moment(self) -> tuple[float, float] | None:
        """Returns the moment that is to be cut out; None for all of it."""
        return None


class VideoShareForm(ShareForm):
    """A link to a video, or to one moment of it. `duration_s` is the video's."""

    WHOLE, MOMENT = "whole", "moment"

    part = forms.ChoiceField(
        label=_("What to share"),
        choices=[(MOMENT, _("One moment")), (WHOLE, _("The whole video"))],
        widget=forms.RadioSelect,
    )
    start_s = ClockField(label=_("From"), required=False)
    end_s = ClockField(label=_("Until"), required=False)

    def __init__(self, *args: Any, duration_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.duration_s = duration_s

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("part") != self.MOMENT or self.errors:
            return cleaned
        start_s, end_s = cleaned.get("start_s"), cleaned.get("end_s")
        if start_s is None or end_s is None:
            self.add_error("start_s", _("Enter from when until when."))
        elif start_s >= self.duration_s or min(end_s, self.duration_s) - start_s < SHORTEST_S:
            self.add_error("start_s", _("This moment is not in the video, or it is too short."))
        return cleaned

    def moment(self) -> tuple[float, float] | None:
        if self.cleaned_data["part"] == self.WHOLE:
            return None
        return self.cleaned_data["start_s"], min(self.cleaned_data["end_s"], self.duration_s)


class LinkPasswordForm(forms.Form):
    """What a visitor types."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
