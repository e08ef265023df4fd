"""`python -m webapp.supervisor.web FD|ADDRESS:PORT`: the web server, on a socket that it inherits or opens."""

import os
import socket
import sys

import uvicorn

from webapp import env
from webapp.supervisor import addresses
from webapp.supervisor.connection import PromptConnection


def main() -> None:
    uvicorn.Server(config()).run(sockets=[_listener(sys.argv[1])])


def config() -> uvicorn.Config:
    """Returns how Rollcall is served, however it was started."""
    proxies = env.networks("ROLLCALL_PROXIES")
    return uvicorn.Config(
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


def _listener(place: str) -> socket.socket:
    if place.isdigit():
        return socket.socket(fileno=int(place))
    os.umask(0o077)  # as `up` has set it where it hands over a socket
    host, _, port = place.rpartition(":")
    return addresses.listen(host.strip("[]"), int(port))


if __name__ == "__main__":
    main()
