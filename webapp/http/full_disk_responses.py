"""What a request does where the disk is full: it says so in words, and whoever only reads goes on reading."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from analysis.errors import is_disk_full
from webapp import storage
from webapp.undo_period import UNDO_PERIOD

logger = logging.getLogger(__name__)

FULL_DISK = gettext_lazy("The server is out of disk space. Delete videos, then try again.")
READS = ("GET", "HEAD", "OPTIONS")


@contextmanager
def reading_goes_on(request: HttpRequest) -> Iterator[None]:
    """Within it, what a full disk lets nobody note is left out where a request only reads."""
    try:
        yield
    except (OSError, DatabaseError) as error:
        if request.method not in READS or not is_disk_full(error):
            raise
        logger.warning("Not noted, as the disk is full: %s", error)


def disk_state(request: HttpRequest) -> dict[str, object]:
    """Returns template context; the disk is looked at only when a template asks."""
    return {"disk_is_full": SimpleLazyObject(storage.is_full), "undo_minutes": int(UNDO_PERIOD.total_seconds() // 60)}
