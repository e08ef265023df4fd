"""Which edition of the library analysed the sample ahead; loads nothing that analyses."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from analysis.weights import sample_analysis_path, sample_video_path

LIBRARIES = ("av", "numpy", "onnxruntime", "onnxruntime-gpu", "opencv-python-headless")
"""Whose versions may change what is found; one of the two runtimes is there."""


def is_prepared(folder: Path | None = None) -> bool:
    """Tells whether the sample is drawn, and analysed by this very code."""
    return sample_video_path(folder).is_file() and stored_ahead(folder) is not None


def stored_ahead(folder: Path | None = None) -> dict[str, Any] | None:
    """Returns what the analysis ahead stored; None where there is none, or one of other code than this."""
    try:
        stored: dict[str, Any] = json.loads(sample_analysis_path(folder).read_text())
    except (OSError, ValueError):
        return None
    return stored if stored.get("edition") == edition() else None


@cache
def edition() -> str:
    """Returns a digest of all that decides what is found: the library with its weights' checksums, and others'."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    digest.update(" ".join(map(_version, LIBRARIES)).encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"
