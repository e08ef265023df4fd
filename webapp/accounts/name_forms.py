"""Names of people and teams, as others are to read them."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import LONGEST_NAME

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They have the text after a name read backwards."""
SEEN = "LNPS"
"""Letters, numbers, punctuation and symbols: first letters of Unicode's categories."""


def readable_name(text: str) -> str:
    """Returns a name that nobody typed, as from another sign-in, by the rules of those that are; empty without one."""
    try:
        return str(NameField(required=False).clean(text.strip()[:LONGEST_NAME]))
    except ValidationError:
        return ""


class NameField(forms.CharField):
    """A name in one line, in which something is to be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_NAME, **kwargs)

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value) or "")
        name = " ".join("".join(each for each in text if each not in TURNING).split())
        if text and not any(unicodedata.category(each)[0] in SEEN for each in name):
            raise ValidationError(_("Enter a name that others can read."), code="invisible")
        return name
