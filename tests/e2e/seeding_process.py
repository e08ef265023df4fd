"""A process that puts rows and files into a product that runs: one for all wishes, as its start takes seconds.

End-to-end tests touch no row themselves; this is for what has no quick way through the pages.
"""

import atexit
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.product import OWN_VARIABLES, PROJECT
from tests.services import variables_of

_processes: dict[Path, subprocess.Popen[str]] = {}
"""By the product's data folder."""


def in_product(module: str, data_dir: Path, wish: dict[str, Any]) -> Any:
    """Has the wish done by the module's `make` in the product with this data folder; returns what that returns."""
    process = _processes.get(data_dir) or _started(data_dir)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{json.dumps([module, wish])}\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, f"{module} failed with {process.wait()}, see the captured errors"
    return json.loads(answer)


def _started(data_dir: Path) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    own = {"DJANGO_SETTINGS_MODULE": "webapp.settings", "ROLLCALL_DATA_DIR": str(data_dir), **variables_of(data_dir)}
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.e2e.seeding_process"]
    started = subprocess.Popen(command, cwd=PROJECT, env=clean | own, stdin=pipe, stdout=pipe, text=True)
    return _processes.setdefault(data_dir, started)


@atexit.register
def _end() -> None:
    for process in _processes.values():
        process.communicate()


def main() -> None:
    """Answers a line with a line; what else is printed goes where errors go."""
    import django
    from django.db import connections

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    django.setup()
    from webapp.team_scope import across_teams

    for line in sys.stdin:
        module, wish = json.loads(line)
        with across_teams():
            made = importlib.import_module(module).make(wish)
        connections.close_all()
        print(json.dumps(made), file=answers, flush=True)


if __name__ == "__main__":
    main()
