"""Forms for a new team and for the settings of one."""

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Role
from webapp.accounts.name_forms import NameField

FROM_ROLE_ON = (
    (Role.VIEWER, _("Everyone in the team")),
    (Role.EDITOR, _("Editors, admins and owners")),
    (Role.ADMIN, _("Admins and owners")),
    (Role.OWNER, _("Owners only")),
)


class NewTeamForm(forms.Form):
    """The name of a further team."""

    name = NameField(label=_("Name of the team"), widget=forms.TextInput(attrs={"autocomplete": "off"}))


class TeamSettingsForm(forms.Form):
    """What admins set for the whole team."""

    name = NameField(label=_("Name of the team"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    photo_search_role = forms.ChoiceField(
        label=_("Who may find people by photo?"),
        choices=FROM_ROLE_ON,
        help_text=_("Searching with a photo of a face tells whether that person is in your videos."),
    )
    export_role = forms.ChoiceField(
        label=_("Who may export?"),
        choices=FROM_ROLE_ON,
        help_text=_("Exports are clips, reels, blurred copies and lists of who appears when."),
    )
    share_role = forms.ChoiceField(
        label=_("Who may share links?"),
        choices=FROM_ROLE_ON,
        help_text=_("A link shows a video, a moment or an export to people without an account."),
    )
