"""Embedders that an operator brings: an ONNX file and, beside it, a TOML file of the same name that describes it.

The network gets faces aligned by five points as ArcFace aligns them and gives one vector for each. Its digest is part
of the embedder's name, so that another file under the same name is another embedder.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import BadEmbedder
from analysis.faces.group import Thresholds
from analysis.faces.search import IdentificationThresholds
from analysis.faces.thresholds import EmbedderThresholds
from analysis.limited.limits import Limits
from analysis.limited.process import ask_limited

MAX_BYTES = 1024**3
USUAL_SIZE = 112
SIZES = range(64, 257)
"""Sides of the input in pixels."""
CHECK_MEMORY_BYTES = 16 * 1024**3
"""A file of `MAX_BYTES` is held several times."""
CHECK_S = 120
"""Of processor time."""
GROUPING_KEYS = ("within_recording", "across", "over_border", "one_track")
IDENTIFICATION_KEYS = ("accept", "review")
KEYS = {"name", "mean", "std", "scale", "channels", "size", "flip", "output", "thresholds"}


@dataclass(frozen=True, slots=True)
class EmbedderFile:
    """A described network. Inputs are `(pixel - mean) * scale` of pixels 0..255, with three channels in order."""

    path: Path
    label: str
    digest: str
    """SHA-256 of the network and of what its input is made of; not of label and thresholds."""
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    is_rgb: bool
    size: int
    flip: bool
    """Whether the vector of the mirrored face is added."""
    output: str
    """Name of the output; empty: the first."""
    thresholds: EmbedderThresholds | None
    """None: to be estimated."""

    @property
    def name(self) -> str:
        """The embedder's name, of at most 60 characters."""
        return f"{self.label[:43]} {self.digest[:16]}"


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file in the folder that cannot be used, and why."""

    file_name: str
    reason: str


def list_embedder_files(folder: Path) -> tuple[list[EmbedderFile], list[RefusedFile]]:
    """Returns the described networks of a folder, by name, and what is wrong with the others; opens no network."""
    found, refused = [], []
    for path in sorted(folder.glob("*.onnx")) if folder.is_dir() else []:
        try:
            found.append(read_embedder_file(path))
        except BadEmbedder as error:
            refused.append(RefusedFile(path.name, str(error)))
    return found, refused


def find_embedder_file(folder: Path, name: str) -> EmbedderFile:
    """Returns the file of the embedder with this name; raises BadEmbedder where it is gone or was changed."""
    for each in list_embedder_files(folder)[0]:
        if each.digest[:16] == name.rpartition(" ")[2]:
            return each
    raise BadEmbedder(f"the file of {name} is missing or was changed")


def read_embedder_file(path: Path) -> EmbedderFile:
    """Reads the description of a network; raises BadEmbedder with what is wrong."""
    if path.is_symlink() or not path.is_file():
        raise BadEmbedder(f"{path.name} is not a plain file")
    if path.stat().st_size > MAX_BYTES:
        raise BadEmbedder(f"{path.name} is larger than 1 GB")
    beside = path.with_suffix(".toml")
    try:
        told = tomllib.loads(beside.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadEmbedder(f"{beside.name} is missing") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadEmbedder(f"{beside.name}: {error}") from error
    if unknown := sorted(set(told) - KEYS):
        raise BadEmbedder(f"{beside.name}: unknown {', '.join(unknown)}")
    channels = told.get("channels", "RGB")
    if channels not in ("RGB", "BGR"):
        raise BadEmbedder(f'{beside.name}: channels must be "RGB" or "BGR"')
    size = told.get("size", USUAL_SIZE)
    if size not in SIZES:
        raise BadEmbedder(f"{beside.name}: size must be a whole number from {SIZES[0]} to {SIZES[-1]}")
    label = str(told.get("name", path.stem)).strip()
    if not label or not label.isprintable():
        raise BadEmbedder(f"{beside.name}: name must not be empty")
    mean, scale = _three(told, "mean", 127.5, beside.name), _scale(told, beside.name)
    is_rgb, flip, output = channels == "RGB", told.get("flip", False) is True, str(told.get("output", ""))
    thresholds = _thresholds(told.get("thresholds"), beside.name)
    digest = _digest(path, (mean, scale, is_rgb, size, flip, output))
    return EmbedderFile(path, label, digest, mean, scale, is_rgb, size, flip, output, thresholds)


def check_embedder_file(file: EmbedderFile) -> int:
    """Returns the length of the vectors; raises BadEmbedder with what is wrong.

    The network is opened in a limited process, as its content is not ours.
    """
    path = file.path.resolve()
    limits = Limits(
        CHECK_MEMORY_BYTES, CHECK_S, silent_s=2 * CHECK_S, reads=[str(path), str(path.with_suffix(".toml"))]
    )
    told, _ = ask_limited("check_embedder", {"path": str(path)}, limits, name=path.name, fails_as=BadEmbedder)
    return int(told["dimensions"])


def _digest(path: Path, description: tuple[object, ...]) -> str:
    with path.open("rb") as network:
        digest = hashlib.file_digest(network, "sha256")
    digest.update(repr(description).encode())
    return digest.hexdigest()


def _three(told: Mapping[str, Any], key: str, usual: float, where: str) -> tuple[float, float, float]:
    value = told.get(key, usual)
    values = value if isinstance(value, list) else [value] * 3
    if len(values) != 3 or not all(isinstance(each, int | float) and np.isfinite(each) for each in values):
        raise BadEmbedder(f"{where}: {key} must be a number or three")
    return (float(values[0]), float(values[1]), float(values[2]))


def _scale(told: Mapping[str, Any], where: str) -> tuple[float, float, float]:
    if "scale" in told and "std" in told:
        raise BadEmbedder(f"{where}: give std or scale, not both")
    if "scale" in told:
        return _three(told, "scale", 1.0, where)
    deviations = _three(told, "std", 127.5, where)
    if min(deviations) <= 0:
        raise BadEmbedder(f"{where}: std must be above 0")
    return (1 / deviations[0], 1 / deviations[1], 1 / deviations[2])


def _thresholds(told: object, where: str) -> EmbedderThresholds | None:
    if told is None:
        return None
    keys = (*GROUPING_KEYS, *IDENTIFICATION_KEYS)
    if not isinstance(told, dict) or set(told) != set(keys):
        raise BadEmbedder(f"{where}: thresholds must give all of {', '.join(keys)}, or leave the table out")
    values = [told[key] for key in keys]
    if not all(isinstance(value, int | float) and -1 <= value <= 1 for value in values):
        raise BadEmbedder(f"{where}: thresholds must be numbers from -1 to 1")
    if told["accept"] < told["review"]:
        raise BadEmbedder(f"{where}: accept must be at least review")
    return EmbedderThresholds(
        Thresholds(*(float(told[key]) for key in GROUPING_KEYS)),
        IdentificationThresholds(*(float(told[key]) for key in IDENTIFICATION_KEYS)),
    )
