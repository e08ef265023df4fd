"""Using a trained model: files in, labels and scores out, through ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.device import open_session
from analysis.errors import AnalysisError, DamagedModel, UnreadablePicture
from analysis.images.limited_read import PictureReader
from analysis.images.read import SUFFIXES
from analysis.training.data.inputs import CLIP, FACE, InputSpec, Seen, channels_first, load_face_cutter, see
from analysis.training.data.samples import CLIP_SUFFIXES, TrainingSample
from analysis.training.evaluation.thresholds import decide
from analysis.training.model_folder import ONNX, RUN, verified_file
from analysis.training.run_document import RunDocument, read_run
from analysis.types import Float32, Float64

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH = 16
SCORE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A verified model folder, ready to predict."""

    folder: Path
    run: RunDocument
    labels: tuple[str, ...]
    inputs: tuple[str, ...]
    threshold: float
    input_spec: InputSpec
    session: InferenceSession

    def scores(self, seen: Sequence[Seen]) -> Float64:
        """Returns `(n, labels)`, each row summing to 1."""
        parts = [np.zeros((0, len(self.labels)))]
        for begin in range(0, len(seen), BATCH):
            batch = seen[begin : begin + BATCH]
            views = {view: network_view(batch, view) for view in self.inputs}
            parts.append(np.asarray(self.session.run(["scores"], views)[0], np.float64))
        return np.concatenate(parts)

    def decide(self, scores: Float64) -> list[str]:
        return [self.labels[number] for number in decide(scores, self.threshold)]


def load_model(folder: Path, threads: int = 0) -> LoadedModel:
    """Returns the model of a folder.

    Raises DamagedModel when a file is missing or is not the one that the training wrote, or MissingWeights.
    """
    run = read_run(folder / RUN)
    path = verified_file(folder, ONNX, run)
    try:
        spec = run["model"]
        inputs = tuple(spec["inputs"])
        cutter = load_face_cutter(threads) if FACE in inputs else None
        input_spec = InputSpec(spec["picture_size"], cutter, spec["frames"] if CLIP in inputs else 0)
        labels, threshold = tuple(run["labels"]), float(run["threshold"])
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(f"{folder / RUN}: lacks what a model needs ({error})") from error
    return LoadedModel(folder, run, labels, inputs, threshold, input_spec, open_session(path, threads=threads))


def network_view(seen: Sequence[Seen], view: str) -> Float32:
    """Returns `(n, 3, side, side)` or `(n, frames, 3, side, side)`, RGB 0..255."""
    return np.ascontiguousarray(channels_first(seen, view), dtype=np.float32)


def files_named(paths: Sequence[Path]) -> list[Path]:
    """Returns the files named, and the pictures and clips of the folders named, sorted; raises UnreadablePicture."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = (each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES | CLIP_SUFFIXES)
            files += sorted(each for each in found if each.is_file())
        elif path.exists():
            files.append(path)
        else:
            raise UnreadablePicture(f"{path}: no such file or folder")
    if not files:
        raise UnreadablePicture(f"{', '.join(map(str, paths))}: no pictures or clips in there")
    return files


def predict_files(model: LoadedModel, paths: Sequence[Path]) -> tuple[list[dict[str, Any]], list[AnalysisError]]:
    """Returns one entry for each file; unreadable ones have "error" and no label. Raises when none can be read."""
    with PictureReader() as reader:
        return _predict(model, files_named(paths), reader)


def _predict(
    model: LoadedModel, files: Sequence[Path], reader: PictureReader
) -> tuple[list[dict[str, Any]], list[AnalysisError]]:
    entries: list[dict[str, Any]] = []
    problems: list[AnalysisError] = []
    for begin in range(0, len(files), BATCH):
        good, seen = [], []
        for file in files[begin : begin + BATCH]:
            entry: dict[str, Any] = {"file": str(file), "label": None, "scores": {}}
            entries.append(entry)
            try:
                seen.append(see(TrainingSample(file, ""), model.input_spec, reader))
                good.append(entry)
            except AnalysisError as error:
                if len(files) == 1:
                    raise
                entry["error"] = error.code
                problems.append(error)
        scores = model.scores(seen)
        for entry, label, row in zip(good, model.decide(scores), scores, strict=True):
            entry["label"] = label
            entry["scores"] = {name: round(float(p), SCORE_DIGITS) for name, p in zip(model.labels, row, strict=True)}
    return entries, problems
