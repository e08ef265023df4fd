"""A poor line to the product: slow upwards, and cut every few seconds whatever is under way."""

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Self

BLOCK_BYTES = 16 * 1024
RESET = struct.pack("ii", 1, 0)
"""Closes at once and without a word to the other side, as `SO_LINGER` does."""


class CuttingProxy:
    """Passes connections on to a port of this machine until the next cut, which ends all of them."""

    def __init__(self, to_port: int, *, bytes_per_s: float, cut_every_s: float) -> None:
        self._to_port, self._bytes_per_s, self._cut_every_s = to_port, bytes_per_s, cut_every_s
        self._open: set[socket.socket] = set()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0

    def __enter__(self) -> Self:
        for work in (self._accept, self._cut_now_and_then):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _address = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
            except OSError:
                continue
            self._open |= {client, server}
            threading.Thread(target=self._pass, args=(client, server, self._bytes_per_s), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, 0), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, bytes_per_s: float) -> None:
        with suppress(OSError):
            while block := source.recv(BLOCK_BYTES):
                target.sendall(block)
                if bytes_per_s:
                    time.sleep(len(block) / bytes_per_s)
        for each in (source, target):
            self._open.discard(each)
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _cut_now_and_then(self) -> None:
        while not self._ended.wait(self._cut_every_s):
            self._cut()
            self.cuts += 1

    def _cut(self) -> None:
        for each in list(self._open):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                each.shutdown(socket.SHUT_RDWR)
