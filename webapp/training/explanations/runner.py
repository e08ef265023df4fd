"""Explains a prediction in the worker: what the model predicts, and a heat map of what speaks for it."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from analysis.errors import Cancelled, UnreadablePicture, UnreadableVideo
from analysis.images.limited_read import read_limited
from analysis.training.data.samples import SplitPart, TrainingSample
from analysis.types import Float32, Image
from analysis.video.cut_clip import cut_clip
from analysis.video.decode import probe
from analysis.video.frames_at import frames_at, whole_picture
from webapp import storage
from webapp.datasets.choices import DatasetKind
from webapp.datasets.measuring import runner as measuring_runner
from webapp.datasets.models import Measured
from webapp.jobs import lifecycle
from webapp.jobs.errors import FileGone
from webapp.jobs.models import Job
from webapp.training.explanations import services
from webapp.training.models import Explanation
from webapp.training.registry import model_loading
from webapp.videos.ingest_runner import original_of
from webapp.videos.media_info import info_of

if TYPE_CHECKING:
    from analysis.training.evaluation.explanation_images import Averaged, SampleExplanation
    from analysis.training.predict import LoadedModel

logger = logging.getLogger(__name__)

STAGE = "explain"
PICTURE, HEAT, FRAMES = "picture.jpg", "heat.png", "frames.jpg"
AVERAGED = 24
"""Samples behind the average of a label: more of them hardly change it."""
NEAREST = 6
ROWS = 2000
FRAME_SIDE_PX = 1280
CLIP_S = 2.0
"""Length of the clip that is cut around a moment of a video, for models of clips."""
MOST_CLIP_S = 120.0


@dataclass(frozen=True, slots=True)
class Shown:
    """The file given to the model. `is_faceless`: no face was found, so it is the whole picture."""

    path: Path
    is_faceless: bool = False


def explain_picture(job: Job) -> None:
    """Computes the explanation of a job; stores its pictures, then its row. Raises Cancelled and AnalysisError."""
    explanation = Explanation.objects.filter(job=job, run__deleted_at=None).first()
    if explanation is None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    lifecycle.report(job, STAGE, 0, 1)
    model = model_loading.loaded_model(explanation.run)
    if services.is_average(explanation):
        average = _average(explanation, model, job)
        summary = {"count": average.count, "towards": explanation.label}
        _store(explanation, average.picture_jpeg, average.heat_png, summary)
        return
    with _file_of(explanation, model) as shown:
        found = _explained(explanation, model, shown.path)
        vector, embedder = _vector_of(explanation, shown.path)
    result: dict[str, Any] = {"said": found.predicted, "scores": found.scores, "towards": found.label}
    result |= {"over_time": list(found.over_time), "nearest": nearest(explanation, vector, embedder)}
    result["is_faceless"] = shown.is_faceless
    _store_picture(explanation, FRAMES, found.frames_jpeg)
    _store(explanation, found.picture_jpeg, found.heat_png, result)


def _explained(explanation: Explanation, model: "LoadedModel", path: Path) -> "SampleExplanation":
    from analysis.training.evaluation.explanation_images import explain_sample  # deferred: loads torch

    return explain_sample(model, model_loading.loaded_network(explanation.run), path, explanation.label or None)


@contextmanager
def _file_of(explanation: Explanation, model: "LoadedModel") -> Iterator[Shown]:
    """Yields the picture or clip as the model takes it. Raises FileGone, UnreadablePicture or UnreadableVideo."""
    with storage.scratch_dir() as scratch, ExitStack() as opened:
        if explanation.video is not None:
            yield _frame(explanation, model, scratch)
            return
        key = explanation.sample.key if explanation.sample is not None else explanation.file_key
        try:
            path = opened.enter_context(storage.local_path(key))
        except FileNotFoundError as error:
            raise FileGone(key) from error
        yield Shown(path) if explanation.sample is not None else _of_upload(explanation, model, path, scratch)


def _of_upload(explanation: Explanation, model: "LoadedModel", path: Path, scratch: Path) -> Shown:
    if TrainingSample(path, "").is_clip:
        if probe(path).duration_s > MOST_CLIP_S:
            raise UnreadableVideo(f"{explanation.file_name}: longer than {MOST_CLIP_S:.0f} s")
        return Shown(path)
    if _wants_clip(model):
        raise UnreadableVideo(f"{explanation.file_name}: a picture, where the model takes clips")
    image = measuring_runner.picture_reader().decode(path.read_bytes(), explanation.file_name)
    return _with_face(image, scratch) if explanation.run.kind == DatasetKind.FACES else Shown(_written(image, scratch))


def _frame(explanation: Explanation, model: "LoadedModel", scratch: Path) -> Shown:
    """Writes the frame of the video, or for models of clips a short clip around it."""
    assert explanation.video is not None and explanation.time_s is not None
    info = info_of(explanation.video)
    with original_of(explanation.video) as path:
        if _wants_clip(model):
            target = scratch / "clip.mp4"
            cut_clip(path, target, info, max(explanation.time_s - CLIP_S / 2, info.start_s), CLIP_S, lambda _: None)
            return Shown(target)
        for _index, frame in frames_at(path, info, [explanation.time_s]):
            image = whole_picture(frame, FRAME_SIDE_PX)
            if explanation.run.kind == DatasetKind.FACES:
                return _with_face(image, scratch)
            return Shown(_written(image, scratch))
    raise UnreadableVideo(f"{explanation.video.title}: no picture at {explanation.time_s:.2f} s")


def _wants_clip(model: "LoadedModel") -> bool:
    return model.input_spec.frames > 0


def _with_face(image_bgr: Image, scratch: Path) -> Shown:
    """Cuts out the largest face as a model of faces has them as samples; the whole picture without one."""
    from analysis.faces.detect import load_detector  # deferred: loads onnxruntime
    from analysis.training.evaluation.explanation_images import largest_face  # deferred: loads cv2

    face = largest_face(image_bgr, load_detector(threads=1))
    return Shown(_written(image_bgr if face is None else face, scratch), is_faceless=face is None)


def _written(image_bgr: Image, scratch: Path) -> Path:
    path = scratch / "picture.png"
    cv2.imwrite(str(path), image_bgr)
    return path


def _vector_of(explanation: Explanation, path: Path) -> tuple[Float32, str]:
    """Returns the embedding of the sample or file, `(d,)`, and the embedder's name."""
    if explanation.sample is not None:
        row = Measured.objects.filter(sample=explanation.sample).values_list("embedding", "embedder").first()
        if row is not None:
            return measuring_runner.unpack_vectors([row[0]])[0], row[1]
        image = measuring_runner.picture_of(explanation.sample)
    else:
        image = _still(path)
    if image is None:
        raise UnreadablePicture(f"{path.name}: cannot be read")
    embedder = measuring_runner.embedder()
    return embedder.embed([image])[0], embedder.name


def _still(path: Path) -> Image:
    from analysis.training.data.inputs import middle_picture  # deferred: loads cv2

    return middle_picture(path) if TrainingSample(path, "").is_clip else read_limited(path)


def nearest(explanation: Explanation, vector: Float32, embedder: str) -> list[int]:
    """Returns the numbers of the most similar training samples; none where the version is gone."""
    if explanation.run.version_id is None:
        return []
    learned = {"frozen_in__version": explanation.run.version_id, "frozen_in__part": SplitPart.TRAIN.value}
    rows = Measured.objects.filter(embedder=embedder, **{f"sample__{name}": value for name, value in learned.items()})
    rows = rows.exclude(sample=explanation.sample_id) if explanation.sample_id else rows
    found: list[tuple[float, int]] = []
    batch: list[tuple[int, bytes | memoryview]] = []
    for row in rows.values_list("sample__number", "embedding").iterator(ROWS):
        batch.append(row)
        if len(batch) == ROWS:
            found, batch = _best([*found, *_similarities(batch, vector)]), []
    return [number for _similarity, number in _best([*found, *_similarities(batch, vector)])]


def _similarities(rows: list[tuple[int, bytes | memoryview]], vector: Float32) -> list[tuple[float, int]]:
    if not rows:
        return []
    similarities = measuring_runner.unpack_vectors([blob for _number, blob in rows]) @ vector
    return [(float(similarity), number) for similarity, (number, _blob) in zip(similarities, rows, strict=True)]


def _best(found: list[tuple[float, int]]) -> list[tuple[float, int]]:
    return sorted(found, key=lambda each: (-each[0], each[1]))[:NEAREST]


def _average(explanation: Explanation, model: "LoadedModel", job: Job) -> "Averaged":
    from analysis.training.evaluation.explanation_images import average_of  # deferred: loads torch

    right = explanation.run.held_out_predictions.filter(
        truth=explanation.label, said=explanation.label, sample__isnull=False
    )
    keys = list(right.order_by("sample__sha256").values_list("sample__key", flat=True)[:AVERAGED])
    with ExitStack() as opened:
        paths = []
        for key in keys:
            try:
                paths.append(opened.enter_context(storage.local_path(key)))
            except FileNotFoundError as error:
                logger.warning("A sample's file is gone: %s", error)
        tell = lambda done: lifecycle.report(job, STAGE, done, len(paths))  # noqa: E731
        return average_of(model, model_loading.loaded_network(explanation.run), paths, explanation.label, tell)


def _store(explanation: Explanation, picture_jpeg: bytes, heat_png: bytes, result: dict[str, Any]) -> None:
    _store_picture(explanation, PICTURE, picture_jpeg)
    _store_picture(explanation, HEAT, heat_png)
    prefix = services.files_prefix(explanation)
    if not Explanation.objects.filter(pk=explanation.pk).update(result=result, heat_key=f"{prefix}/{HEAT}"):
        storage.delete_prefix(prefix)  # purged meanwhile, with its video or its upload


def _store_picture(explanation: Explanation, name: str, content: bytes) -> None:
    if content:
        storage.put_bytes(f"{services.files_prefix(explanation)}/{name}", content)
