"""Converter for files that are used as they come."""

import shutil
from pathlib import Path


def convert(source: Path, target: Path) -> None:
    """Copies the file."""
    shutil.copyfile(source, target)
