"""Whether all works that a server needs, part by part."""

from collections.abc import Callable

import redis
from django.db import DatabaseError, connection

from webapp.jobs import health_queries, queues, store_mark_services

UNKNOWN = "cannot be told: the database does not answer"


def troubles() -> dict[str, str]:
    """Returns each part that has to work, and what is wrong with it; empty words where it works.

    Everybody may read them: no addresses, paths or counts.
    """
    found = {"database": _trouble(_ask_database, DatabaseError, "does not answer")}
    found["queue"] = _trouble(queues.lengths, (redis.RedisError, OSError), "does not answer")
    if found["database"]:
        return found | dict.fromkeys(("store", *map(_consumer, queues.ALL)), UNKNOWN)
    found["store"] = "cannot be used" if store_mark_services.trouble_in_words() else ""
    unserved = health_queries.unserved_queues()
    return found | {_consumer(queue): "takes no work" if queue in unserved else "" for queue in queues.ALL}


def _consumer(queue: str) -> str:
    return f"worker {queue}"


def _trouble(ask: Callable[[], object], errors: type[Exception] | tuple[type[Exception], ...], words: str) -> str:
    try:
        ask()
    except errors:
        return words
    return ""


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
