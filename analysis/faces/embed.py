"""Embeds aligned faces: vectors whose angle tells people apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.device import open_session
from analysis.faces.align import ARCFACE_SIZE, ARCFACE_TEMPLATE, align_faces
from analysis.types import Float32, Image
from analysis.weights import MOBILEFACENET, verified_path

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH = 4
"""Faces in one run of a network: more of them leave the cache (5.1 ms a face at 32, 3.2 at 4)."""


class Embedder(Protocol):
    """Makes vectors of faces. `name` identifies the weights: vectors of different names cannot be compared."""

    name: str

    def align(self, image_bgr: Image, landmarks: Float32) -> Image:
        """Returns the faces of one picture as `embed` takes them, `(n, size, size, 3)` BGR; landmarks `(n, 5, 2)`."""
        ...

    def embed(self, aligned_bgr: Image, twice: NDArray[np.bool_] | None = None) -> Float32:
        """Returns vectors `(n, d)` of length 1 for aligned faces `(n, size, size, 3)`.

        `twice` (n,) tells which faces are worth a second, mirrored pass, if the embedder has one; None means all.
        """
        ...


class MobileFaceNetEmbedder:
    """MobileFaceNet, 192 numbers: the sum of the vectors of the face and, in a second pass, of its mirror image."""

    name = "mobilefacenet_192"

    def __init__(self, session: InferenceSession) -> None:
        self.session = session

    def align(self, image_bgr: Image, landmarks: Float32) -> Image:
        return align_faces(image_bgr, landmarks, ARCFACE_TEMPLATE, ARCFACE_SIZE, smooth=True)

    def embed(self, aligned_bgr: Image, twice: NDArray[np.bool_] | None = None) -> Float32:
        planes_rgb = aligned_bgr[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)
        faces = (planes_rgb - np.float32(127.5)) / np.float32(128)
        vectors = _in_batches(self.session, faces)
        again = np.ones(len(faces), bool) if twice is None else twice
        if again.any():
            vectors[again] += _in_batches(self.session, faces[again][..., ::-1])
        return _unit_length(vectors)


def load_mobilefacenet(threads: int = 0) -> MobileFaceNetEmbedder:
    """Loads the embedder with verified weights on the best device; raises MissingWeights."""
    return MobileFaceNetEmbedder(open_session(verified_path(MOBILEFACENET), threads=threads))


load_embedder = load_mobilefacenet
"""The default."""


def _in_batches(session: InferenceSession, faces: Float32) -> Float32:
    """Returns `(n, d)`; the network also runs for no faces, so that `d` is right."""
    parts = [
        session.run(["embedding"], {"input": np.ascontiguousarray(faces[start : start + BATCH])})[0]
        for start in range(0, max(len(faces), 1), BATCH)
    ]
    return np.concatenate(parts)


def _unit_length(vectors: Float32) -> Float32:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32 = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
