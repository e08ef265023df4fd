"""`python -m webapp.supervisor.web FD`: the web server on a listening socket that it inherits."""

import socket
import sys

import uvicorn


def main() -> None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    config = uvicorn.Config(
        "webapp.asgi:application",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        ws_max_size=64 * 1024,  # browsers send nothing but pings
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
