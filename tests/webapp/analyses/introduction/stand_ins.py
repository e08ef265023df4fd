"""An embedder for tests that need no pictures: it turns the stored vectors into another space, exactly or worse."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analysis.faces.group import Thresholds
from analysis.faces.search import IdentificationThresholds
from analysis.faces.stored_views import StoredView
from analysis.faces.thresholds import EmbedderThresholds, remember_thresholds
from analysis.types import FRONTAL, Float32, ViewMeasures
from webapp import storage
from webapp.analyses.introduction import runner
from webapp.analyses.introduction.vectors_runner import Readers
from webapp.jobs import lifecycle
from webapp.people import sample_codec
from webapp.people.introduction.models import Introduction
from webapp.people.models import Face

NEW = "stand-in 0123456789abcdef"
SIZE = 48

remember_thresholds(NEW, EmbedderThresholds(Thresholds(0.53, 0.42, 0.5, 0.2), IdentificationThresholds(0.61, 0.42)))


class StandInEmbedder:
    """Only its name is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name

    def align(self, image_bgr: Any, landmarks: Any) -> Any:
        raise NotImplementedError

    def embed(self, aligned_bgr: Any, twice: Any = None) -> Any:
        raise NotImplementedError


class StandInViews:
    """Reads a view by the face that its picture names; `change` says what the new embedder makes of the old vector."""

    def __init__(self, change: Callable[[Face, Float32], Float32 | None] = lambda _face, vector: vector) -> None:
        self.change = change
        self.batches = 0
        self.fails_at: int | None = None
        self.measures = FRONTAL

    def embed(self, views: Sequence[StoredView], embedder: Any, *, guess: bool = False) -> list[Float32 | None]:
        self._count()
        turn = _turn() if embedder.name == NEW else _turn().T
        found: list[Float32 | None] = []
        for view in views:
            face = Face.objects.get(pk=view.picture_jpeg.decode())
            old = sample_codec.unpack_vector(face.embedding)
            changed = self.change(face, old)
            if changed is None and not guess:
                found.append(None)
                continue
            new = (turn @ np.resize(old if changed is None else changed, turn.shape[1])).astype(np.float32)
            found.append(new / np.linalg.norm(new))
        return found

    def measure(self, views: Sequence[StoredView], mesh: Any) -> list[ViewMeasures | None]:
        self._count()
        return [self.measures] * len(views)

    def _count(self) -> None:
        self.batches += 1
        if self.batches == self.fails_at:
            raise KilledWorker


class KilledWorker(Exception):
    """Stands for a worker that is killed between two batches."""


def _turn() -> np.ndarray:
    """(SIZE, 32) with orthonormal columns: another space with the same cosines."""
    return np.linalg.qr(np.random.default_rng(5).normal(size=(SIZE, SIZE)))[0][:, :32]


def name_pictures() -> None:
    """Makes each stored picture say which face it shows."""
    for face in Face.objects.all():
        storage.put_bytes(face.picture_key, str(face.pk).encode())


def readers(views: StandInViews) -> Callable[[str], Readers]:
    return lambda name: Readers(views, StandInEmbedder(name), None)  # type: ignore[arg-type]


def work_on(introduction: Introduction, views: StandInViews | None = None, slice_s: float = 60.0) -> Introduction:
    """Runs its job to the end, slice by slice."""
    name_pictures()
    for _ in range(50):
        introduction.refresh_from_db()
        assert introduction.job is not None
        introduction.job.refresh_from_db()
        if not introduction.job.is_active:
            break
        with lifecycle.working(introduction.job.pk) as job:
            if job is not None:
                runner.run(job, readers(views or StandInViews()), slice_s)
    introduction.refresh_from_db()
    return introduction
