"""The folder that holds everything of one installation: created, locked against a second start, and tidied."""

import fcntl
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil

from analysis.errors import is_disk_full
from webapp.operation.backup.archive_codec import UNFINISHED
from webapp.supervisor import log_files
from webapp.supervisor.disk_reserve import DiskReserve
from webapp.supervisor.trouble import StartupError

LEAST_FREE_BYTES = 100 * 1024**2
"""Below that nothing can be set up; what has been set up starts, so that somebody can delete."""
RESERVE_BYTES = 64 * 1024**2
"""Less than the free space with which `storage.is_full`: what is given back goes to the database, not to new work."""
START_RESERVE_BYTES = 4 * 1024**2
"""Given back at a start only, as SQLite cannot even be read without some room; the other may have been used up."""
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
        self.reserve = DiskReserve(root / "disk_reserve", RESERVE_BYTES)
        self.start_reserve = DiskReserve(root / "disk_reserve_for_a_start", START_RESERVE_BYTES)
        self.lock_fd = -1

    def prepare(self) -> None:
        """Makes the folders and the key, and takes the lock. Raises StartupError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._refuse_full_disk()
            if self.reserve.give_back_where_full():
                log_files.discard_earlier(self.logs)
            self.start_reserve.give_back_where_full()
            self._lock()
            self._refuse_half_restored()
            shutil.rmtree(self.tmp, ignore_errors=True)
            for folder in (self.tmp, self.logs, self.valkey):
                folder.mkdir(exist_ok=True)
            self._make_secret_key()
        except OSError as error:
            raise self.trouble(error) from error

    def balance_reserves(self) -> None:
        """Gives back or keeps anew, as the disk has room; some questions to the system where nothing is to do."""
        if not self.reserve.give_back_where_full():
            self.reserve.keep_where_room()
            self.start_reserve.keep_where_room()

    def trouble(self, error: Exception) -> StartupError:
        """Returns why it cannot be used, in words."""
        if is_disk_full(error):
            words = f"The disk that holds {self.root} is full. Free some space, or choose another folder with"
        else:
            why = getattr(error, "strerror", None) or error
            words = f"The data folder {self.root} cannot be used ({why}). Choose another one with"
        return StartupError(f"{words} --data-dir.")

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.root).free
        if free < LEAST_FREE_BYTES and not self.secret_key.exists():
            raise StartupError(
                f"The disk that holds {self.root} is full ({free // 1024**2} MB left, {LEAST_FREE_BYTES // 1024**2} MB "
                "needed). Free some space, or choose another folder with --data-dir."
            )

    def _refuse_half_restored(self) -> None:
        if (self.root / UNFINISHED).exists():
            raise StartupError(f"A restore into {self.root} has not ended. Run it again: manage.py restore FILE")

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
        os.pwrite(self.lock_fd, f"{os.getpid():<20}".encode(), 0)  # over the last one's: a full disk has room for that

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


def running_supervisor(root: Path) -> int | None:
    """Returns the process id of the supervisor that runs on a data folder; None where there is none."""
    try:
        with (root / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        holder = (root / "lock").read_text().strip()
        return int(holder) if holder.isdigit() and psutil.pid_exists(int(holder)) else None
    return None
