"""`python -m webapp.supervisor.web FD|ADDRESS:PORT`: serves on a socket that it inherits, or opens one for several.

The second is what containers run: it starts as many web processes as `ROLLCALL_WEB_PROCESSES` says, keeps them
running, and replaces them one after the other at SIGUSR1.
"""

import argparse
import os
import signal
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

from webapp import env
from webapp.supervisor import addresses
from webapp.supervisor.children import Child
from webapp.supervisor.connection import LeavingConfig, PromptConnection
from webapp.supervisor.web_servers import LEAVES_WITHIN_S, REPLACE_SIGNAL, WebServers, command, wanted_count

PROJECT = Path(__file__).resolve().parent.parent.parent
CHECK_EVERY_S = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", metavar="FD|ADDRESS:PORT")
    parser.add_argument("--ready", type=Path, metavar="FILE", help="is made once connections are accepted")
    options = parser.parse_args()
    listener = _listener(options.place)
    if options.place.isdigit():
        server = LeavingServer(config(), options.ready)
        signal.signal(REPLACE_SIGNAL, lambda *_: server.leave())
        server.run(sockets=[listener])
    else:
        _run_several(listener)


def config() -> LeavingConfig:
    """Returns how Rollcall is served, however it was started."""
    proxies = env.networks("ROLLCALL_PROXIES")
    return LeavingConfig(
        "webapp.asgi:application",
        http=PromptConnection,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        ws_max_size=64 * 1024,  # browsers send nothing but pings
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )


class LeavingServer(uvicorn.Server):
    """Ends within two seconds when it is to stop, and when it is to leave, once it has answered what it has begun."""

    config: LeavingConfig

    def __init__(self, config: LeavingConfig, ready: Path | None = None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready is not None:
            with suppress(OSError):  # a full disk ends no web server; it only takes no other's place
                self._ready.touch()

    def leave(self) -> None:
        """Closes websockets, whose pages connect anew, and accepts nothing more; another process does."""
        self.config.is_leaving = True
        self.config.timeout_graceful_shutdown = int(LEAVES_WITHIN_S)
        self.should_exit = True

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.force_exit = self.force_exit or self.config.is_leaving
        super().handle_exit(sig, frame)


def _run_several(listener: socket.socket) -> None:
    stopping, replacing = threading.Event(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    signal.signal(REPLACE_SIGNAL, lambda *_: replacing.set())

    def make(name: str, ready: Path) -> Child:
        fd = listener.fileno()
        started = command(fd, ready), Path(os.devnull), dict(os.environ), PROJECT
        return Child(name, *started, stop_within_s=5.0, inherited_fds=(fd,), inherits_output=True)

    with tempfile.TemporaryDirectory() as folder:
        servers = WebServers(make, Path(folder), wanted_count())
        servers.start()
        while not stopping.wait(CHECK_EVERY_S):
            if replacing.is_set():
                replacing.clear()
                servers.replace()
            for words in servers.tick():
                print(words, flush=True)
        servers.stop()


def _listener(place: str) -> socket.socket:
    if place.isdigit():
        return socket.socket(fileno=int(place))
    os.umask(0o077)  # as `up` has set it where it hands over a socket
    host, _, port = place.rpartition(":")
    return addresses.listen(host.strip("[]"), int(port))


if __name__ == "__main__":
    main()
