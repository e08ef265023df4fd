"""Embedders that an operator brings: an ONNX file and, beside it, a TOML file of the same name that describes it.

The network gets faces aligned by five points as ArcFace aligns them and gives one vector for each. Its digest is part
of the embedder's name, so that another file under the same name is another embedder.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.device import CPU, open_session
from analysis.errors import BadEmbedder
from analysis.faces.align import ARCFACE_SIZE, ARCFACE_TEMPLATE, align_faces
from analysis.faces.group import Thresholds
from analysis.faces.search import IdentificationThresholds
from analysis.faces.thresholds import EmbedderThresholds, remember_thresholds
from analysis.types import Float32, Image

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MAX_BYTES = 1024**3
SIZES = range(64, 257)
"""Sides of the input in pixels."""
DIMENSIONS = range(32, 4097)
CHECK_S, CHECK_MEMORY_BYTES = 120, 16 * 1024**3
SAME_VECTOR = 0.999
"""Cosine of the vectors of one face in two runs, alone or among others."""
INPUT_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
}
FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
GROUPING_KEYS = ("within_recording", "across", "over_border", "one_track")
IDENTIFICATION_KEYS = ("accept", "review")
KEYS = {"name", "mean", "std", "scale", "channels", "size", "flip", "output", "thresholds"}
ROOT = Path(__file__).resolve().parents[2]


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
    size = told.get("size", ARCFACE_SIZE)
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

    The network is opened in a child process with limited time and memory, as its content is not ours.
    """
    command = [sys.executable, "-m", "analysis.faces.embedder_files", str(file.path)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=2 * CHECK_S, check=False)
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise BadEmbedder(f"{file.path.name}: opening it took too long") from error
    except ValueError as error:
        raise BadEmbedder(f"{file.path.name}: opening it ended with code {done.returncode}") from error
    if "error" in told:
        raise BadEmbedder(f"{file.path.name}: {told['error']}")
    return int(told["dimensions"])


class OnnxEmbedder:
    """An operator's network over an ONNX Runtime session. Raises BadEmbedder where its interface does not fit."""

    def __init__(self, file: EmbedderFile, session: InferenceSession) -> None:
        self.name = file.name
        self.file = file
        self.session = session
        inputs, outputs = session.get_inputs(), {each.name: each for each in session.get_outputs()}
        if len(inputs) != 1:
            raise BadEmbedder(f"it has {len(inputs)} inputs, expected one")
        self.input_name, shape, kind = inputs[0].name, inputs[0].shape, inputs[0].type
        if kind not in INPUT_TYPES:
            raise BadEmbedder(f"its input is {kind}, expected one of {', '.join(INPUT_TYPES)}")
        self.input_type: Any = INPUT_TYPES[kind]
        expected = (3, file.size, file.size)
        if len(shape) != 4 or any(
            isinstance(is_, int) and is_ != e for is_, e in zip(shape[1:], expected, strict=True)
        ):
            raise BadEmbedder(f"its input is {shape}, expected (n, 3, {file.size}, {file.size})")
        self.batch = shape[0] if isinstance(shape[0], int) and shape[0] > 0 else 0
        """Faces in each run; 0: any number."""
        self.output_name = file.output or next(iter(outputs))
        if self.output_name not in outputs:
            raise BadEmbedder(f"it has no output {self.output_name!r}, but {', '.join(outputs)}")
        if outputs[self.output_name].type not in FLOATS:
            raise BadEmbedder(f"its output is {outputs[self.output_name].type}, expected floating point numbers")

    def align(self, image_bgr: Image, landmarks: Float32) -> Image:
        template = (ARCFACE_TEMPLATE * np.float32(self.file.size / ARCFACE_SIZE)).astype(np.float32)
        return align_faces(image_bgr, landmarks, template, self.file.size, smooth=True)

    def embed(self, aligned_bgr: Image, twice: NDArray[np.bool_] | None = None) -> Float32:
        ordered = aligned_bgr[..., ::-1] if self.file.is_rgb else aligned_bgr
        values = (ordered.astype(np.float32) - np.array(self.file.mean, np.float32)) * np.array(
            self.file.scale, np.float32
        )
        faces = values.transpose(0, 3, 1, 2)
        vectors = self._run(faces)
        if self.file.flip:
            again = np.ones(len(faces), bool) if twice is None else twice
            if again.any():
                vectors[again] += self._run(faces[again][..., ::-1])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Float32 = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
        return unit

    def _run(self, faces: Float32) -> Float32:
        step = self.batch or 4
        parts = []
        for start in range(0, max(len(faces), 1), step):
            part = faces[start : start + step]
            count = len(part)
            if count < step and (self.batch or not count):
                part = np.concatenate([part, np.zeros((step - count, *faces.shape[1:]), faces.dtype)])
            try:
                found = self.session.run([self.output_name], {self.input_name: self._typed(part)})[0]
            except _runtime_errors() as error:
                raise BadEmbedder(f"it does not run: {str(error)[:300]}") from error
            if found.ndim < 2 or len(found) != len(part):
                raise BadEmbedder(f"its output is {found.shape} for {len(part)} faces, expected ({len(part)}, d)")
            parts.append(found.reshape(len(found), -1)[:count].astype(np.float32))
        return np.concatenate(parts)

    def _typed(self, values: Float32) -> NDArray[Any]:
        if np.issubdtype(self.input_type, np.integer):
            limits = np.iinfo(self.input_type)
            values = np.clip(np.rint(values), limits.min, limits.max)
        return np.ascontiguousarray(values, self.input_type)


def load_embedder_file(file: EmbedderFile, threads: int = 0, providers: list[str] | None = None) -> OnnxEmbedder:
    """Opens the network; raises BadEmbedder. Remembers its thresholds where the description gives them."""
    try:
        session = open_session(file.path, threads=threads, providers=providers)
    except _runtime_errors() as error:
        raise BadEmbedder(f"it cannot be opened: {str(error)[:300]}") from error
    if file.thresholds is not None:
        remember_thresholds(file.name, file.thresholds)
    return OnnxEmbedder(file, session)


def _runtime_errors() -> tuple[type[Exception], ...]:
    """Returns what ONNX Runtime raises; its errors have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # deferred: loads onnxruntime

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented")
    return (RuntimeError, state.RuntimeException, *(getattr(state, name) for name in names))


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


def _dimensions(file: EmbedderFile) -> int:
    """Opens the network and returns the length of its vectors; raises BadEmbedder."""
    _refuse_other_files(file.path)
    embedder = load_embedder_file(file, threads=1, providers=[CPU])
    faces = np.random.default_rng(1).integers(0, 256, (3, file.size, file.size, 3), dtype=np.uint8)
    vectors = embedder.embed(faces)
    if vectors.shape[1] not in DIMENSIONS:
        raise BadEmbedder(f"its vectors have {vectors.shape[1]} numbers, expected {DIMENSIONS[0]} to {DIMENSIONS[-1]}")
    if not np.isfinite(vectors).all():
        raise BadEmbedder("its vectors are not finite")
    if np.abs(np.linalg.norm(vectors, axis=1) - 1).max() > 0.01:
        raise BadEmbedder("its vectors are zero")
    again = np.concatenate([embedder.embed(faces[row : row + 1]) for row in range(len(faces))])
    if float((vectors * again).sum(axis=1).min()) < SAME_VECTOR:
        raise BadEmbedder("it gives different vectors for one face")
    if float((vectors @ vectors.T)[~np.eye(len(faces), dtype=bool)].max()) > 1 - 1e-6:
        raise BadEmbedder("it gives one vector for all faces")
    return int(vectors.shape[1])


def _refuse_other_files(path: Path) -> None:
    """Weights in further files would be read from wherever the network says."""
    import onnx  # deferred: rarely needed
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # deferred: rarely needed

    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, RuntimeError) as error:
        raise BadEmbedder("it is not an ONNX file") from error
    if any(onnx.external_data_helper.uses_external_data(tensor) for tensor in model.graph.initializer):
        raise BadEmbedder("its weights are in further files, expected a single one")


def main(path: str) -> None:
    """Runs in the child: limits it for good, then prints the length of the vectors, or an object with "error"."""
    resource.setrlimit(resource.RLIMIT_AS, (CHECK_MEMORY_BYTES, CHECK_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CHECK_S, CHECK_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        told: dict[str, object] = {"dimensions": _dimensions(read_embedder_file(Path(path)))}
    except BadEmbedder as error:
        told = {"error": str(error)}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
