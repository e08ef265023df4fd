"""Where the measuring data lies that is not part of the project."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def shared_folder(name: str) -> Path:
    """A folder of the shared data; ends the program with a line where it is absent."""
    path = FOLDER / name
    if not path.exists():
        sys.exit(f"not measured: {path} is not here")
    return path


def say(what: str, figure: float, target: str, digits: int = 4) -> None:
    print(f"{what:66s} {figure:.{digits}f}   target {target}", flush=True)
