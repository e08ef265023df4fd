"""Has a process and its session step back behind others where the processor is busy."""

import os
import time
from contextlib import suppress
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
TRIES, PAUSE_S = 5, 0.11


def step_back(by: int) -> None:
    """Raises the niceness of this process, which its children inherit, and of the session that it leads.

    Linux may share the processor between sessions first (autogroups); the niceness of a process then counts among
    those of its own session alone.
    """
    os.nice(by)
    with suppress(FileNotFoundError, PermissionError):  # it does not share so
        for _ in range(TRIES):
            try:
                AUTOGROUP.write_text(str(by))
            except BlockingIOError:  # of all users but root it takes one change in a tenth of a second
                time.sleep(PAUSE_S)
            else:
                return
