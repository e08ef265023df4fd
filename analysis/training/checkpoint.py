"""Files of tensors: checkpoints and models, written whole and read without running code from them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from analysis.errors import DamagedModel
from analysis.training.model_folder import CHECKPOINT, write_whole


def save_tensors(target: Path, document: dict[str, Any]) -> None:
    """Writes from memory: torch's own writer reports a full disk as something else."""
    memory = io.BytesIO()
    torch.save(document, memory)
    write_whole(target, memory.getvalue())


def load_tensors(path: Path) -> dict[str, Any]:
    """Returns tensors and plain values only, no code; raises DamagedModel."""
    try:
        document = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, torch.serialization.pickle.UnpicklingError) as error:
        raise DamagedModel(f"{path}: cannot be read ({type(error).__name__})") from error
    if not isinstance(document, dict):
        raise DamagedModel(f"{path}: not a file of ours")
    return document


def load_checkpoint(folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """Returns the state of an unfinished run with the same settings and data, or None; a damaged one counts as none."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        document = load_tensors(path)
    except DamagedModel:
        return None
    return document if document.get("fingerprint") == fingerprint else None
