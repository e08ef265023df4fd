"""A database file with all migrations applied, made once for all processes of a test run: they take eight seconds."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
# A process of its own that soon ends has no need to look for garbage, which takes a third of its time.
MANAGE = "import gc, manage; gc.disable(); manage.main()"


def copy_migrated(factory: pytest.TempPathFactory, to: Path) -> None:
    """Copies the file for SQLite to a path; whoever comes first makes it, and the others wait."""
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = shared / "migrated" / "rollcall.sqlite3"
    made.parent.mkdir(exist_ok=True)
    with (shared / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _migrate(made)
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, to)


def _migrate(made: Path) -> None:
    """Under another name until it is whole; closed, so that nothing of it is left in a journal beside it."""
    unfinished = made.with_name("unfinished.sqlite3")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": f"sqlite:///{unfinished}"}
    command = [sys.executable, "-c", MANAGE, "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True)
    unfinished.replace(made)
