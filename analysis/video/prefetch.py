"""Runs a generator ahead of its consumer in a thread: decoding releases the GIL, so both cores work."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

from analysis.types import VideoInfo

logger = logging.getLogger(__name__)

T = TypeVar("T")


LISTEN_S = 0.5
"""How often `while_waiting` is called."""


MOST_AHEAD, MOST_AHEAD_PIXELS = 6, 8e6
"""So many frames of full size at most, and frames of so many pixels, wait for who asks for them."""


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class _End:
    pass


def frames_ahead(info: VideoInfo) -> int:
    """Returns how many frames of a video, at full size, may be decoded in advance."""
    return int(min(max(MOST_AHEAD_PIXELS / (info.width * info.height), 2), MOST_AHEAD))


def prefetch(
    items: Iterator[T], depth: int, while_waiting: Callable[[], None] = lambda: None
) -> Generator[T, None, None]:
    """Yields the same items, up to `depth` of them produced in advance; raises what the producer raises.

    `while_waiting` is called in the consumer's thread as long as there is none; it may raise.

    However the consumer leaves (end, exception, `close()`), the producer is stopped and its thread joined.
    """
    waiting: queue.Queue[T | _Failure | _End] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(item: T | _Failure | _End) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put(item):
                    break
            close = getattr(items, "close", None)
            if close is not None:
                close()
        except BaseException as error:  # handed to the consumer, which raises it
            if not put(_Failure(error)):
                logger.warning("Failed after its consumer had left", exc_info=error)
        else:
            put(_End())

    thread = threading.Thread(target=produce, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = waiting.get(timeout=LISTEN_S)
            except queue.Empty:
                while_waiting()
                continue
            if isinstance(item, _End):
                return
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        stop.set()
        thread.join()
