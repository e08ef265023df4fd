"""What people type about people."""

from django import forms
from django.utils.translation import gettext_lazy as _


class NameForm(forms.Form):
    """A name (empty: unnamed again), and what to do if somebody bears it already."""

    name = forms.CharField(required=False, max_length=120, label=_("Name"))
    merge_into = forms.UUIDField(required=False)
    as_new = forms.BooleanField(required=False)
