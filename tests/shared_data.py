"""Where the measuring data lies that is not part of the project; tests on it are skipped where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def shared_data(name: str) -> Path:
    """Path of a file or folder of the shared data, or skips the test with the reason."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"needs {name} of the shared data, which is not here")
    return path
