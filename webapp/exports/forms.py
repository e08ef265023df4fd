"""What somebody chooses of an export: a form for each kind. Videos and people are read by the view."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy as _

from webapp.exports import words
from webapp.exports.choices import OrderChoice, SoundChoice, StyleChoice, Whom
from webapp.exports.copy_queries import PlannedCopy, planned_copies
from webapp.exports.models import ExportKind
from webapp.exports.reel_queries import plan_reel, reel_options
from webapp.exports.services import ExportWish
from webapp.http.list_words import filled
from webapp.people.models import Person
from webapp.videos.models import Video

MOST_PADDING_S = 10
MOST_MARGIN_PERCENT = 100
NOBODY_CODE = "nobody"


class KindForm(forms.Form):
    """The fields of one kind. `advanced` ones are folded away on the page, `listed` ones below the others.

    `has_chosen_people`: the people stand firm, and the videos are theirs. `free`: so many exports may begin now.
    """

    advanced: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    needs_people = False
    """Without people there is nothing to make."""

    def __init__(
        self,
        *args: Any,
        videos: Sequence[Video],
        people: Sequence[Person],
        has_chosen_people: bool = False,
        free: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.videos, self.people = videos, people
        self.has_chosen_people, self.free = has_chosen_people, free

    def clean(self) -> dict[str, Any]:
        if self.needs_people and not self.people:
            raise forms.ValidationError(words.NOBODY_CHOSEN, code=NOBODY_CODE)
        return self.cleaned_data

    @property
    def lacks_people(self) -> bool:
        """Whether its error belongs at the choice of people, which is no field of the form."""
        return self.has_error(NON_FIELD_ERRORS, NOBODY_CODE)

    def first_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in self.advanced + self.listed]

    def advanced_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.advanced]

    def options(self) -> dict[str, Any]:
        """Returns what is stored with the export."""
        return dict(self.cleaned_data)

    def wishes(self, kind: str) -> list[ExportWish]:
        """Returns the exports to start."""
        return [ExportWish(kind, "", self.videos, self.people, self.options())]


def _seconds(label: Any, initial: float, most: float) -> forms.FloatField:
    return forms.FloatField(label=label, initial=initial, min_value=0, max_value=most, step_size=0.1)


class ClipForm(KindForm):
    """One appearance: `moment` is its start and end in player time."""

    advanced = ("padding_s", "captions")

    moment = forms.RegexField(r"^\d{1,6}(\.\d{1,3})?-\d{1,6}(\.\d{1,3})?$", label=_("Appearance"))
    padding_s = _seconds(_("Seconds before and after"), 0.5, MOST_PADDING_S)
    captions = forms.BooleanField(label=_("Show name, video and time in the picture"), required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        if len(self.people) != 1:
            raise forms.ValidationError(_("Select one person."))
        return self.cleaned_data

    def clean_moment(self) -> tuple[float, float]:
        start_s, end_s = map(float, self.cleaned_data["moment"].split("-"))
        if not start_s < end_s or start_s >= self.videos[0].duration_s:
            raise forms.ValidationError(_("This appearance is not in the video."))
        return start_s, end_s

    def options(self) -> dict[str, Any]:
        start_s, end_s = self.cleaned_data["moment"]
        kept = {name: self.cleaned_data[name] for name in self.advanced}
        return kept | {"start_s": start_s, "end_s": end_s}


class ReelForm(KindForm):
    """The moments of people, one after the other."""

    needs_people = True
    advanced = ("order", "min_s", "padding_s", "captions")

    together = forms.BooleanField(label=_("Only moments in which all of them are on screen"), required=False)
    order = forms.ChoiceField(label=_("Order"), choices=OrderChoice.choices, initial=OrderChoice.VIDEO)
    min_s = _seconds(_("Leave out appearances shorter than (seconds)"), 1, 60)
    padding_s = _seconds(_("Seconds before and after each"), 0.5, MOST_PADDING_S)
    captions = forms.BooleanField(label=_("Show name, video and time in the picture"), required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            plan = plan_reel(self.videos, self.people, reel_options(self.cleaned_data))
            if not plan.moments:
                raise forms.ValidationError(words.no_moment(plan))
        return self.cleaned_data

    def chosen_options(self) -> dict[str, Any] | None:
        """Returns what is chosen, whether or not the form was sent; None while a value is not a possible one."""
        try:
            return {name: field.clean(self[name].value()) for name, field in self.fields.items()}
        except forms.ValidationError:
            return None


class HidingForm(KindForm):
    """Whose faces are hidden, and how."""

    advanced = ("margin",)

    whom = forms.ChoiceField(
        label=_("Whose faces should be blurred?"),
        choices=Whom.choices,
        initial=Whom.EVERYBODY,
        widget=forms.RadioSelect,
    )
    style = forms.ChoiceField(label=_("How"), choices=StyleChoice.choices, initial=StyleChoice.PIXELS)
    margin = forms.IntegerField(
        label=_("Margin around each face, in percent"), initial=25, min_value=0, max_value=MOST_MARGIN_PERCENT
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("whom") in (Whom.CHOSEN, Whom.OTHERS) and not self.people:
            raise forms.ValidationError(words.NOBODY_CHOSEN, code=NOBODY_CODE)
        if self.cleaned_data.get("whom") == Whom.EVERYBODY and self.people:
            self.add_error("whom", _("You selected people, but “Everyone” is chosen. Choose whom you mean."))
        return self.cleaned_data

    def options(self) -> dict[str, Any]:
        return self.cleaned_data | {"margin": self.cleaned_data["margin"] / 100}


class BlurForm(HidingForm):
    """A copy of each video with people hidden; of several videos one chooses which."""

    listed = ("copies",)

    sound = forms.ChoiceField(
        label=_("Sound"),
        choices=SoundChoice.choices,
        initial=SoundChoice.KEEP,
        help_text=_("A changed pitch can be changed back. Mute the sound if nobody may recognise the voices."),
    )
    copies = forms.MultipleChoiceField(label=_("Copies of these videos"), widget=forms.CheckboxSelectMultiple)
    field_order = ("whom", "style", "sound", "margin")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.videos) < 2:
            del self.fields["copies"]
        else:
            copies = cast(forms.MultipleChoiceField, self.fields["copies"])
            copies.choices = [(str(video.pk), video.title) for video in self.videos]
            copies.initial = [str(video.pk) for video in self.videos[: max(self.free, 1)]]
        if self.has_chosen_people:
            who = words.names_of(self.people)
            whom = cast(forms.ChoiceField, self.fields["whom"])
            whom.choices = [(each, filled(str(words.WHOM_OF[each]), who=who)) for each in words.WHOM_OF]

    def copied_videos(self) -> list[Video]:
        """Returns the videos that are ticked, whether or not the form was sent."""
        if "copies" not in self.fields:
            return list(self.videos)
        ticked = set(self["copies"].value() or ())
        return [video for video in self.videos if str(video.pk) in ticked]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.errors:
            return self.cleaned_data
        planned = planned_copies(self.copied_videos(), self.people, self.cleaned_data["whom"])
        if not planned:
            raise forms.ValidationError(
                _("Nobody you selected was found in these videos, so there is nothing to blur.")
            )
        if len(planned) > max(self.free, 1):
            self.add_error("copies", words.too_many_copies(self.free))
        self.planned: list[PlannedCopy] = planned
        return self.cleaned_data

    def wishes(self, kind: str) -> list[ExportWish]:
        options = {name: value for name, value in self.options().items() if name != "copies"}
        return [ExportWish(kind, "", [copy.video], copy.people, options | {"whom": copy.whom}) for copy in self.planned]


class PictureForm(HidingForm):
    """One frame with people hidden; of a video that is not analysed, with all faces hidden."""

    time_s = forms.FloatField(
        label=_("Time in the video, in seconds"),
        initial=0,
        min_value=0,
        step_size=0.001,  # frames lie closer than a tenth
    )
    field_order = ("time_s", "whom", "style", "margin")

    def __init__(self, *args: Any, videos: Sequence[Video], people: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, videos=videos, people=people, **kwargs)
        if not videos[0].current_analysis_id:
            del self.fields["whom"]

    def clean_time_s(self) -> float:
        time_s: float = self.cleaned_data["time_s"]
        if time_s > self.videos[0].duration_s:
            raise forms.ValidationError(_("The video is shorter than that."))
        return time_s


FORMS: dict[str, type[KindForm]] = {
    ExportKind.CLIP: ClipForm,
    ExportKind.REEL: ReelForm,
    ExportKind.BLUR: BlurForm,
    ExportKind.CHAPTERS: KindForm,
    ExportKind.PICTURE: PictureForm,
}
