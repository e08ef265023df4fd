"""Room that is kept for the moment when the disk is full: without any, the database could not even note a deletion."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

KEPT_ABOVE_BYTES = 256 * 1024**2
"""So much free space has to be there before it is kept again."""


class DiskReserve:
    """A file that takes room for nothing."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path = path
        self.size_bytes = size_bytes

    def give_back_where_full(self) -> bool:
        """Returns whether the disk is full, or was before."""
        is_full = self._free_bytes() < self.size_bytes // 4
        if is_full:
            self.path.unlink(missing_ok=True)
        return is_full

    def keep_where_room(self) -> None:
        """Takes the room where there is plenty, and it is not kept yet."""
        if not self.path.exists() and self._free_bytes() >= KEPT_ABOVE_BYTES:
            self._keep()

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.path.parent).free

    def _keep(self) -> None:
        with suppress(OSError):  # somebody was quicker, or the file system keeps no room for anybody
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self.size_bytes)
            finally:
                os.close(descriptor)
