"""The version of this code, and whether a database was written by a newer one."""

import re

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

VERSION = "0.1.0"


def applied_migrations() -> list[str]:
    """Returns the migrations that the database has, as `app.name`, sorted; none before the first."""
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def unknown_migrations(applied: list[str]) -> list[str]:
    """Returns those of the migrations that are Rollcall's own but not of this code: a newer version made them.

    Others may be of a library that was left since.
    """
    ours = {app.label for app in apps.get_app_configs() if app.name.startswith("webapp.")}
    known = {".".join(key) for key in MigrationLoader(None).disk_migrations}
    return [name for name in applied if name not in known and name.partition(".")[0] in ours]


def is_newer(version: str) -> bool:
    """Returns whether a version is a later one than this."""
    return _numbers(version) > _numbers(VERSION)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
