"""Keeps the logs of the child processes small: each has at most one predecessor, `NAME.log.1`."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

TURNS_AT_BYTES = 10 * 1024**2


def turn_large(folder: Path) -> None:
    """Turns every log of a folder that has become too large; some `stat`s when there is nothing to do."""
    for path in folder.glob("*.log"):
        with suppress(FileNotFoundError):
            turn_if_large(path)


def discard_earlier(folder: Path) -> None:
    """Deletes what has been turned, where the disk is full."""
    for path in folder.glob("*.log.1"):
        path.unlink(missing_ok=True)


def turn_if_large(path: Path) -> None:
    """Moves the content of a large log to `NAME.log.1`.

    The file itself stays, emptied: the process that writes it keeps it open, and as it appends, goes on at the new end.
    A line written between the copy and the emptying is lost. Where the disk has no room for the copy, all are.
    """
    if not path.exists() or path.stat().st_size <= TURNS_AT_BYTES:
        return
    earlier = path.with_name(f"{path.name}.1")
    earlier.unlink(missing_ok=True)
    try:
        shutil.copyfile(path, earlier)
    except OSError:
        earlier.unlink(missing_ok=True)
    os.truncate(path, 0)
