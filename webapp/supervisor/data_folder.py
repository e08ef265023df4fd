"""The folder that holds everything of one installation: created, locked against a second start, and tidied."""

import errno
import fcntl
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil

from webapp.supervisor.trouble import StartupError

LEAST_FREE_BYTES = 100 * 1024**2
"""Below that neither the database nor the queue can be relied on."""
PREDECESSOR_ENDS_WITHIN_S = 15
"""The children of a killed supervisor hold the lock until they have ended."""


class DataFolder:
    """Paths of one installation. `lock_fd` is inherited by all children, so the lock lasts until the last has ended."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tmp = root / "tmp"
        self.logs = root / "logs"
        self.valkey = root / "valkey"
        self.static = root / "static"
        self.secret_key = root / "secret_key"
        self.lock_fd = -1

    def prepare(self) -> None:
        """Makes the folders and the key, and takes the lock. Raises StartupError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._refuse_full_disk()
            self._lock()
            shutil.rmtree(self.tmp, ignore_errors=True)
            for folder in (self.tmp, self.logs, self.valkey):
                folder.mkdir(exist_ok=True)
            self._make_secret_key()
        except OSError as error:
            raise StartupError(_words(error, self.root)) from error

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.root).free
        if free < LEAST_FREE_BYTES:
            raise StartupError(
                f"The disk that holds {self.root} is full ({free // 1024**2} MB left, {LEAST_FREE_BYTES // 1024**2} MB "
                "needed). Free some space, or choose another folder with --data-dir."
            )

    def _lock(self) -> None:
        self.lock_fd = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        give_up_at = time.monotonic() + PREDECESSOR_ENDS_WITHIN_S
        while not self._try_lock():
            holder = os.pread(self.lock_fd, 20, 0).decode().strip()
            if (holder.isdigit() and psutil.pid_exists(int(holder))) or time.monotonic() > give_up_at:
                raise StartupError(
                    f"Rollcall is already running on {self.root} (process {holder or 'unknown'}). Stop that one first, "
                    "or choose another folder with --data-dir."
                )
            time.sleep(0.1)
        os.ftruncate(self.lock_fd, 0)
        os.pwrite(self.lock_fd, str(os.getpid()).encode(), 0)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _make_secret_key(self) -> None:
        with suppress(FileExistsError):
            fd = os.open(self.secret_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w") as file:
                file.write(secrets.token_urlsafe(48))


def _words(error: OSError, root: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {root} is full. Free some space, or choose another folder with --data-dir."
    return f"The data folder {root} cannot be used ({error.strerror}). Choose another one with --data-dir."
