"""The files of a model folder: their names, writing them whole, and whether they are still the ones written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from analysis.errors import DamagedModel, NoDiskSpace, is_disk_full
from analysis.training.run_document import RunDocument
from analysis.weights import sha256_of

CHECKPOINT, RUN, MODEL, ONNX = "checkpoint.pt", "run.json", "model.pt", "model.onnx"
CARD, SPLIT, PREDICTIONS = "model_card.md", "split.csv", "judged.csv"


def write_whole(target: Path, content: bytes) -> None:
    """Writes under a temporary name, flushes to the disk, then renames; raises NoDiskSpace and leaves the old file."""
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        if is_disk_full(error):
            raise NoDiskSpace(f"{target}: no space left for {len(content) / 1e6:.1f} MB") from error
        raise
    finally:
        part.unlink(missing_ok=True)


def write_json(target: Path, document: Any) -> None:
    write_whole(target, (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode())


def verified_file(folder: Path, name: str, run: RunDocument) -> Path:
    """Returns the path of a file of a model folder; raises DamagedModel when it is not the one that was written."""
    path, expected = folder / name, run.get("files", {}).get(name)
    if expected is None or not path.is_file():
        raise DamagedModel(f"{path}: missing")
    if sha256_of(path) != expected:
        raise DamagedModel(f"{path}: differs from the file that the training wrote (SHA-256)")
    return path
