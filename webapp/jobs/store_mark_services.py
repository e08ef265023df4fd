"""Tells the media store that the database speaks of from any other: a worker with a wrong one would fail every job.

A mark lies in the store, and the database knows it.
"""

import logging
import time

from webapp import storage
from webapp.jobs.models import StoreMark

logger = logging.getLogger(__name__)

WAIT_S = 30.0
LOOK_EVERY_S = 2.0


def mark_new() -> None:
    """Puts the mark into the store where none was ever put. Raises StoreAway, and OSError as on a full disk."""
    if not StoreMark.objects.exists():
        mark_again()


def mark_again() -> None:
    """Makes the store that is set up here the one of the database, whatever it holds. Raises StoreAway."""
    mark = StoreMark.objects.first() or StoreMark(pk=1)
    storage.put_bytes(StoreMark.KEY, mark.value.hex.encode())
    mark.save()  # afterwards: a row without its mark would shut workers out


def is_ours() -> bool:
    """Returns False where the store is another than the database's. Raises StoreAway."""
    mark = StoreMark.objects.first()
    if mark is None:
        return True
    try:
        return storage.read_bytes(StoreMark.KEY) == mark.value.hex.encode()
    except FileNotFoundError:
        return False


def await_ours() -> bool:
    """Waits until the store can be worked with, for a while; returns whether it can."""
    ends_s = time.monotonic() + WAIT_S
    while (trouble := trouble_in_words()) is not None:
        logger.warning("This worker takes no work: %s", trouble)
        if time.monotonic() > ends_s:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def trouble_in_words() -> str | None:
    """Returns why nothing can be stored or read, for operators; None where it can."""
    try:
        if is_ours():
            return None
    except storage.StoreAway as error:
        return f"the store of media does not answer: {error}"
    except OSError as error:
        return f"the store of media cannot be read: {error}"
    return (
        "the store of media is not the one of this database, or is not mounted: it lacks the mark. Look at "
        "ROLLCALL_MEDIA_DIR or ROLLCALL_BUCKET; if it is the right one nevertheless, run: manage.py mark_store"
    )
