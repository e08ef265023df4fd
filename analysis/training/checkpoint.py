"""Files that are whole or not there: checkpoints, models, documents."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import torch

from analysis.errors import DamagedModel, NoDiskSpace, is_disk_full
from analysis.weights import sha256_of

CHECKPOINT, RUN, MODEL, ONNX, CARD, SPLIT, JUDGED = (
    "checkpoint.pt",
    "run.json",
    "model.pt",
    "model.onnx",
    "model_card.md",
    "split.csv",
    "judged.csv",
)


def write_whole(target: Path, content: bytes) -> None:
    """Under a temporary name, flushed to the disk, then renamed; raises NoDiskSpace and leaves the old file."""
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


def save_tensors(target: Path, document: dict[str, Any]) -> None:
    """Made in memory first: torch's own writer reports a full disk as something else."""
    memory = io.BytesIO()
    torch.save(document, memory)
    write_whole(target, memory.getvalue())


def load_tensors(path: Path) -> dict[str, Any]:
    """Tensors and plain values only, no code; raises DamagedModel."""
    try:
        document = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, torch.serialization.pickle.UnpicklingError) as error:
        raise DamagedModel(f"{path}: cannot be read ({type(error).__name__})") from error
    if not isinstance(document, dict):
        raise DamagedModel(f"{path}: not a file of ours")
    return document


def load_checkpoint(folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """The state of an unfinished run with the same settings and data, or None; a damaged one counts as none."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        document = load_tensors(path)
    except DamagedModel:
        return None
    return document if document.get("fingerprint") == fingerprint else None


def verified_file(folder: Path, name: str, run: dict[str, Any]) -> Path:
    """Path of a file of a model folder; raises DamagedModel when it is not the one that was written."""
    path, expected = folder / name, run.get("files", {}).get(name)
    if expected is None or not path.is_file():
        raise DamagedModel(f"{path}: missing")
    if sha256_of(path) != expected:
        raise DamagedModel(f"{path}: differs from the file that the training wrote (SHA-256)")
    return path


def read_run(folder: Path) -> dict[str, Any]:
    """`run.json` of a model folder; raises DamagedModel."""
    try:
        run = json.loads((folder / RUN).read_text())
    except (OSError, ValueError) as error:
        raise DamagedModel(f"{folder / RUN}: missing or unreadable") from error
    if not isinstance(run, dict) or run.get("schema") != 1:
        raise DamagedModel(f"{folder / RUN}: not of a kind that this version reads")
    return run
