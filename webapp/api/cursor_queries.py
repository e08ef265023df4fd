"""Reads lists page by page. A cursor says behind which row to go on, so that what comes or goes moves no other row."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from webapp.api.errors import ApiError

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
Place = tuple[Any, ...]
"""The values of a row by which a list is ordered; the last is its own, so that no two rows have the same."""


def page_of_rows(
    rows: QuerySet[Row], order: Sequence[str], cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """Returns at most `limit` rows in this order (as `order_by` takes it), and the cursor of the next ones.

    Raises ApiError (400) for a cursor that is not of this order.
    """
    fields = [field.removeprefix("-") for field in order]
    if cursor:
        rows = rows.filter(_behind(order, _read(cursor, order)))
    found = list(rows.order_by(*order)[: limit + 1])
    is_more = len(found) > limit
    found = found[:limit]
    last = tuple(getattr(found[-1], field) for field in fields) if is_more else ()
    return found, _written(last, order) if is_more else None


def page_of_list(
    items: Iterable[Item], place: Callable[[Item], Place], cursor: str | None, limit: int
) -> tuple[list[Item], str | None]:
    """Does the same with what is reckoned, in rising order of its places."""
    listed = sorted(items, key=place)
    if cursor:
        behind = _read(cursor, ["list"])
        try:
            listed = [item for item in listed if place(item) > behind]
        except TypeError as error:
            raise _bad_cursor() from error
    is_more, listed = len(listed) > limit, listed[:limit]
    return listed, _written(place(listed[-1]), ["list"]) if is_more else None


def _behind(order: Sequence[str], place: Place) -> Q:
    """Returns the condition that a row stands behind a place: greater in one field, and equal in those before it."""
    condition, equal = Q(), Q()
    for field, value in zip(order, place, strict=True):
        name = field.removeprefix("-")
        condition |= equal & Q((f"{name}__{'lt' if field != name else 'gt'}", value))
        equal &= Q((name, value))
    return condition


def _written(place: Place, order: Sequence[str]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in place]
    return signing.dumps([str(value) if isinstance(value, UUID) else value for value in plain], salt=_salt(order))


def _read(cursor: str, order: Sequence[str]) -> Place:
    try:
        return tuple(signing.loads(cursor, salt=_salt(order)))
    except signing.BadSignature as error:
        raise _bad_cursor() from error


def _salt(order: Sequence[str]) -> str:
    return f"webapp.api {' '.join(order)}"


def _bad_cursor() -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, _("This cursor is not of this list. Begin again without one."))
