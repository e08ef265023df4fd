"""Stamps the database with the version that brought it up to date, refuses one of a newer version to commands and
workers, and keeps SQLite's statistics fresh.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.db import connection

from webapp.checks import TAG
from webapp.operation.models import UsedVersion
from webapp.operation.version_queries import NEWER, refusal
from webapp.version import VERSION

logger = logging.getLogger(__name__)

OPTIMIZE_EVERY_S = 24 * 3600.0
OPTIMIZE_FIRST_AFTER_S = 600.0
"""Not while it starts."""
ROWS_LOOKED_AT = 400
"""Of an index, so that writers wait for milliseconds only; as SQLite's documentation advises."""


@dataclass
class _Optimizing:
    due_s: float | None = None


_optimizing = _Optimizing()


def stamp(**_kwargs: Any) -> None:
    """Notes the version after a migration, where it is another one than before."""
    if UsedVersion._meta.db_table not in connection.introspection.table_names():
        return  # brought back to before there were stamps
    if UsedVersion.objects.order_by("-pk").values_list("version", flat=True).first() != VERSION:
        UsedVersion.objects.create(version=VERSION)


def optimize(**_kwargs: Any) -> None:
    """Lets SQLite renew what its query planner knows, once a day; does nothing with PostgreSQL, which has its own."""
    now_s = monotonic()
    if _optimizing.due_s is None:
        _optimizing.due_s = now_s + OPTIMIZE_FIRST_AFTER_S
    if connection.vendor != "sqlite" or now_s < _optimizing.due_s:
        return
    _optimizing.due_s = now_s + OPTIMIZE_EVERY_S
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {ROWS_LOOKED_AT}")
        cursor.execute("PRAGMA optimize")
    logger.info("The database's statistics are up to date")


@register(TAG)
def database_is_not_newer(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    words = refusal()
    hint = "Start the version that used it or a later one, or restore a backup of this version into another folder."
    return [Error(words, hint=hint, id=NEWER)] if words else []


def refuse_worker(**_kwargs: Any) -> None:
    """Ends a worker of older code in words; where the supervisor starts it, it has looked itself."""
    if not os.environ.get("CELERY_SKIP_CHECKS") and (words := refusal()):
        raise SystemExit(f"This worker does not start. {words}")
