"""What a page may ask about the progress of jobs."""

from django import forms


class WatchedForm(forms.Form):
    """A team, or else the subject of jobs; an invalid id counts as none."""

    team = forms.UUIDField(required=False)
    subject = forms.UUIDField(required=False)
