"""Names that somebody gives, as others are to read them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import LONGEST_NAME
from webapp.accounts.name_rules import readable_name


class NameField(forms.CharField):
    """A name in one line, in which something is to be seen."""

    def __init__(self, *, max_length: int = LONGEST_NAME, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value) or "")
        name = readable_name(text)
        if text and not name:
            raise ValidationError(_("Enter a name that others can read."), code="invisible")
        return name
