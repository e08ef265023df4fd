"""A page of the team that stays open during a drill, as far as its websocket goes."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

if TYPE_CHECKING:
    from benchmarks.drill_work import DrillWork


def socket_of(work: DrillWork) -> tuple[str, dict[str, str]]:
    """Returns the path of the team's websocket, which the library's page names, and the headers of who may open it."""
    work.patiently(lambda: work.visitor.ask("GET", "/videos/"))
    path = work.visitor.text.partition('data-socket="')[2].partition('"')[0]
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in work.visitor.cookies.items())
    return path, {"Cookie": cookie, "Origin": f"http://127.0.0.1:{work.product.port}"}


class OpenPage:
    """A page of the team that stays open, as a browser's does: it connects again when the server hangs up."""

    def __init__(self, work: DrillWork) -> None:
        self.told_s = 0.0
        self._work, self._ended = work, threading.Event()
        self._path, self._headers = socket_of(work)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._ended.is_set():
            with suppress(OSError, WebSocketException):
                self._hear()
            time.sleep(0.2)

    def _hear(self) -> None:
        address = f"ws://127.0.0.1:{self._work.product.port}{self._path}"
        with connect(address, additional_headers=self._headers) as socket:
            while not self._ended.is_set():
                with suppress(TimeoutError):
                    if json.loads(socket.recv(timeout=0.2))["type"] == "snapshot_end":
                        self.told_s = time.monotonic()
