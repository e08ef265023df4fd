"""Finds the shared data for measuring, which is not part of the project, and prints figures."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def shared_folder(name: str) -> Path:
    """Returns a folder of the shared data; exits with a message if it is missing."""
    path = FOLDER / name
    if not path.exists():
        sys.exit(f"not measured: {path} is not here")
    return path


def say(what: str, figure: float, target: str, digits: int = 4) -> None:
    print(f"{what:66s} {figure:.{digits}f}   target {target}", flush=True)
