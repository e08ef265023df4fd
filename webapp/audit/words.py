"""Puts entries of the audit log into words: the verb, the kind of thing, and what changed."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.models import AuditEntry
from webapp.http.list_words import listed

FIELDS: dict[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "person": gettext_lazy("Person"),
    "people": gettext_lazy("People"),
    "appearances": gettext_lazy("Appearances"),
    "hidden": gettext_lazy("Hidden"),
    "deleted": gettext_lazy("Deleted"),
    "join_from": gettext_lazy("Match automatically above"),
    "suggest_from": gettext_lazy("Ask me above"),
    "team_accept_from": gettext_lazy("Match automatically above"),
    "team_review_from": gettext_lazy("Ask me above"),
    "undone": gettext_lazy("Undone"),
    "scope": gettext_lazy("Scope"),
    "expires": gettext_lazy("Expires"),
    "role": gettext_lazy("Role"),
    "email": gettext_lazy("E-mail address"),
    "run": gettext_lazy("Run"),
    "face_model": gettext_lazy("Face model"),
    "format": gettext_lazy("Format"),
    "samples": gettext_lazy("Samples"),
    "version": gettext_lazy("Version"),
    "recipe": gettext_lazy("Recipe"),
    "trials": gettext_lazy("Trials"),
    "picture": gettext_lazy("Picture"),
    "faces": gettext_lazy("Faces"),
    "found": gettext_lazy("Found"),
    "device": gettext_lazy("Device"),
    "requires_second_factor": gettext_lazy("Second factor required"),
    "factor": gettext_lazy("Second factor"),
    "photo_search_role": gettext_lazy("Search by photo"),
    "export_role": gettext_lazy("Export"),
    "share_role": gettext_lazy("Share links"),
    "kind": gettext_lazy("Kind"),
    "password": gettext_lazy("Password"),
    "download": gettext_lazy("Download"),
}
INNER = ("merged_into", "fingerprint")
"""Ids and hashes: they stand in the CSV file, and say nothing on the page."""


def action_label(value: str) -> str:
    return str(Action(value).label) if value in Action.values else value


def kind_label(value: str) -> str:
    return str(SubjectKind(value).label) if value in SubjectKind.values else value


def changes(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Returns field, before and after of what the entry says was changed; "" where there was nothing."""
    before, after = (_fields(text) for text in (entry.before, entry.after))
    names = [name for name in {**before, **after} if name not in INNER]
    return [(str(FIELDS.get(name, name.replace("_", " "))), _said(name, before), _said(name, after)) for name in names]


def new_name(entry: AuditEntry) -> str:
    """Returns what the thing was called afterwards, where the entry is of a renaming; it stands under the old name."""
    after = _fields(entry.after)
    return _said("name", after) if "name" in after and _said("name", after) != entry.subject_label else ""


def _fields(text: str) -> Mapping[str, Any]:
    value = json.loads(text) if text else {}
    return value if isinstance(value, dict) else {"value": value}


def _said(name: str, fields: Mapping[str, Any]) -> str:
    value = fields.get(name)
    if name == "undone" and isinstance(value, str):
        return action_label(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return listed(value)
    return "" if value is None else str(value)
