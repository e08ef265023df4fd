"""Runs an operator's embedder over ONNX Runtime, and checks in a child process whether it can be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.device import CPU, open_session
from analysis.errors import BadEmbedder
from analysis.faces.align import ARCFACE_SIZE, ARCFACE_TEMPLATE, align_faces
from analysis.faces.embedder_files import EmbedderFile, read_embedder_file
from analysis.faces.thresholds import remember_thresholds
from analysis.limited.messages import Fields, Message
from analysis.types import Float32, Image

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DIMENSIONS = range(32, 4097)
SAME_VECTOR = 0.999
"""Cosine of the vectors of one face in two runs, alone or among others."""
INPUT_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
}
FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")


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


def check(fields: Fields, parts: Sequence[bytearray]) -> Iterator[Message]:
    """Runs in the limited process: says the length of the vectors. Raises BadEmbedder."""
    path = Path(fields["path"])
    try:
        yield {"dimensions": _dimensions(read_embedder_file(path))}, []
    except BadEmbedder as error:
        raise BadEmbedder(f"{path.name}: {error}") from error
