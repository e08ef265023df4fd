"""Where the queue of `manage.py up` is, for whoever starts it and for commands beside it, which are told nothing."""

import hashlib
import os
from pathlib import Path

LONGEST_SOCKET_PATH = 100
"""The kernel takes 107 bytes."""


def socket_of(data_dir: Path) -> Path:
    """Returns a path in the data folder, or in a private folder elsewhere if that is too long for a socket."""
    root = data_dir.resolve()
    path = root / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return Path("/tmp") / f"rollcall-{os.getuid()}-{name}" / "valkey.sock"


def redis_url(socket: Path) -> str:
    return f"unix://{socket}?db=0"


def url_of_running(data_dir: Path) -> str | None:
    """Returns where the queue of this data folder answers; None where none was started there."""
    socket = socket_of(data_dir)
    return redis_url(socket) if socket.exists() else None
