"""Says whether the database belongs to a newer version than this code, which then must not touch it."""

from pathlib import Path

from django.db import DatabaseError, connection

from webapp.operation.models import UsedVersion
from webapp.version import VERSION, applied_migrations, is_newer, unknown_migrations

NEWER = "rollcall.E007"
"""The id of the check that refuses."""


def refusal() -> str:
    """Returns in words why this code must not use the database; empty where it may, or where there is none yet."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite" and not Path(str(name)).exists():
        return ""  # a connection would make it
    try:
        applied = applied_migrations()
        version = _last_version() if any(name.startswith("operation.") for name in applied) else ""
        unknown = unknown_migrations(applied)
    except DatabaseError:
        return ""  # whoever needs it says so
    if not unknown and not is_newer(version):
        return ""
    by = f"version {version}" if is_newer(version) else "a newer version"
    changes = f" It has changes that are unknown here, as {unknown[-1]}." if unknown else ""
    return f"The database was used by {by}, and this is {VERSION}.{changes} Nothing was touched."


def _last_version() -> str:
    try:
        return UsedVersion.objects.order_by("-pk").values_list("version", flat=True).first() or ""
    except DatabaseError:  # of a version that keeps it elsewhere
        return ""
