"""The list of files that a browser is about to upload."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.http.ids import LARGEST_ID

MAX_PRECHECKED = 500


class PrecheckForm(forms.Form):
    """Files that a browser is about to upload, and the team of the page that it does it on."""

    listed = forms.JSONField()
    team = forms.CharField(required=False)

    @classmethod
    def of_body(cls, body: bytes) -> "PrecheckForm":
        try:
            sent = json.loads(body)
            if not isinstance(sent, dict):
                return cls({})
            return cls({"listed": json.dumps(sent.get("files")), "team": str(sent.get("team") or "")})
        except (ValueError, RecursionError):
            return cls({})

    def clean_listed(self) -> list[dict[str, Any]]:
        files = self.cleaned_data["listed"]
        if not isinstance(files, list) or not 0 < len(files) <= MAX_PRECHECKED:
            raise forms.ValidationError(_("A list of files is expected."))
        return [self._clean_file(file) for file in files]

    @staticmethod
    def _clean_file(file: Any) -> dict[str, Any]:
        if not isinstance(file, dict) or type(file.get("size")) is not int or abs(file["size"]) > LARGEST_ID:
            raise forms.ValidationError(_("Each file needs a name and a size."))
        words = {key: str(file.get(key) or "") for key in ("name", "fingerprint", "type", "content")}
        return words | {"size": file["size"]}
