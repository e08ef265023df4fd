"""Deletes rows whose time is over."""

from typing import Any

from django.db.models import QuerySet


def delete_expired(rows: QuerySet[Any]) -> None:
    """Deletes these, and asks first: a DELETE takes the one lock for writing of SQLite also where it finds nothing."""
    if rows.exists():
        rows.delete()
