"""Counts requests: everybody has a budget that fills up again all the time (a token bucket).

Valkey keeps the budgets of all servers; while it does not answer, each server goes on with its own.
"""

import logging
import threading
import time
from functools import cache

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

FILLS_IN_S = 60.0
PATIENCE_S = 0.2
ALONE_S = 5.0
"""So long nobody waits for a Valkey that did not answer."""
MOST_KEPT = 10_000

SPEND = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local most, per_s, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = math.min(most, (tonumber(kept[1]) or most) + (at - (tonumber(kept[2]) or at)) * per_s)
local wait = 0
if left >= cost then left = left - cost else wait = (cost - left) / per_s end
redis.call('HSET', KEYS[1], 'left', left, 'at', at)
redis.call('PEXPIRE', KEYS[1], math.ceil(1000 * most / per_s))
return tostring(wait)
"""


class _OwnBudgets:
    """Of this process; each is what is left, and when that was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        self.until_s = 0.0

    def spend(self, who: str, cost: float, most: float) -> float:
        now_s, per_s = time.monotonic(), most / FILLS_IN_S
        with self._lock:
            if len(self._left) >= MOST_KEPT:
                self._left = {key: row for key, row in self._left.items() if now_s - row[1] < FILLS_IN_S}
            left, at_s = self._left.get(who, (most, now_s))
            left = min(most, left + (now_s - at_s) * per_s)
            wait_s = 0.0 if left >= cost else (cost - left) / per_s
            self._left[who] = (left if wait_s else left - cost, now_s)
        return wait_s


_own = _OwnBudgets()


def spend(who: str, cost: float) -> float:
    """Takes `cost` off the budget of `who`; returns 0, or the seconds after which there is enough."""
    most = float(settings.REQUESTS_PER_MINUTE)
    if time.monotonic() >= _own.until_s:
        try:
            return float(_script()(keys=[f"requests:{who}"], args=[most, most / FILLS_IN_S, cost]))
        except redis.RedisError as error:
            _own.until_s = time.monotonic() + ALONE_S
            logger.warning("Requests are counted without Valkey: %s", error)
    return _own.spend(who, cost, most)


@cache
def _script() -> "redis.commands.core.Script":
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    return client.register_script(SPEND)
