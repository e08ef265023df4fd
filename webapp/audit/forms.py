"""The filters of the audit log."""

from django import forms

from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.queries import AuditFilter
from webapp.http.ids import LARGEST_ID


class AuditFilterForm(forms.Form):
    """What the address asks for; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=200)
    who = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    action = forms.ChoiceField(required=False, choices=Action.choices)
    kind = forms.ChoiceField(required=False, choices=SubjectKind.choices)
    subject = forms.CharField(required=False, max_length=64)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    after = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_ID - 1)

    def wanted(self) -> AuditFilter:
        self.is_valid()
        values = self.cleaned_data
        return AuditFilter(
            text=values.get("q") or "",
            user_id=values.get("who"),
            action=values.get("action") or "",
            subject_kind=values.get("kind") or "",
            subject_id=values.get("subject") or "",
            since=values.get("since"),
            until=values.get("until"),
        )

    def place(self) -> dict[str, int | None]:
        """Returns where the page begins, for `queries.page`."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in ("before", "after")}
