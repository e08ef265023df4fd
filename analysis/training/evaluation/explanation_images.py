"""What a page shows of an explanation: the picture that the model saw, a transparent map of its heat, scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from torch import nn

from analysis.errors import AnalysisError, BadTrainingConfig, UnreadablePicture
from analysis.images.limited_read import read_limited
from analysis.training.data.inputs import CLIP, PICTURE, Seen, middle_picture, see
from analysis.training.data.samples import TrainingSample
from analysis.training.evaluation.explain import as_seen, heat_of
from analysis.training.predict import LoadedModel
from analysis.types import Float32, Image

if TYPE_CHECKING:
    from analysis.faces.detect import FaceDetector

LONG_SIDE_PX = 640
HEAT_SIDE_PX = 256
FRAME_SIDE_PX = 96
JPEG_QUALITY = 88
SOFTNESS = 0.6
"""Exponent of the opacity: below 1 also weaker places can be seen."""
FACE_SURROUNDINGS = 1.8
"""Side of the square cut around a face in sides of its box: as samples of faces are cut."""
FACE_FILLS = 0.4
"""Of the shorter side of the picture: a face as large as that needs no cutting out."""


@dataclass(frozen=True, slots=True)
class SampleExplanation:
    """`label` is what the heat speaks for, `predicted` what the model predicts; pictures are whole files."""

    predicted: str
    label: str
    scores: dict[str, float]
    over_time: tuple[float, ...]
    """0..1 for each frame of a clip; empty for pictures."""
    picture_jpeg: bytes
    heat_png: bytes
    """With transparency, to be laid over the picture at its whole size."""
    frames_jpeg: bytes = b""
    """The frames of a clip side by side."""


@dataclass(frozen=True, slots=True)
class Averaged:
    """The mean heat for a label over `count` files, over the mean of their pictures."""

    count: int
    picture_jpeg: bytes
    heat_png: bytes


def explain_sample(model: LoadedModel, network: nn.Module, file: Path, label: str | None = None) -> SampleExplanation:
    """Returns prediction and heat for one file.

    Raises BadTrainingConfig for a label that the model does not know, UnreadablePicture or UnreadableVideo.
    """
    if label is not None and label not in model.labels:
        raise BadTrainingConfig(f"label: expected one of {', '.join(model.labels)}, got {label}")
    seen = see(TrainingSample(file, ""), model.input_spec)
    scores = model.scores([seen])
    predicted = model.decide(scores)[0]
    towards = label or predicted
    heat = heat_of(network, model.inputs, seen, model.labels.index(towards))
    is_clip = heat.view == CLIP
    return SampleExplanation(
        predicted=predicted,
        label=towards,
        scores={name: round(float(p), 4) for name, p in zip(model.labels, scores[0], strict=True)},
        over_time=tuple(round(float(share), 3) for share in heat.over_time) if is_clip else (),
        picture_jpeg=_jpeg(_shown(file, seen, heat.view, int(heat.over_time.argmax()))),
        heat_png=heat_png(heat.place),
        frames_jpeg=_jpeg(_strip(seen)) if is_clip else b"",
    )


def average_of(
    model: LoadedModel, network: nn.Module, files: Sequence[Path], label: str, on_done: Callable[[int], None]
) -> Averaged:
    """Returns the mean heat for a label; skips unreadable files and raises UnreadablePicture when none can be read."""
    number = model.labels.index(label)
    places: list[Float32] = []
    pictures: list[Float32] = []
    for done, file in enumerate(files):
        on_done(done)
        try:
            seen = see(TrainingSample(file, ""), model.input_spec)
        except AnalysisError:
            continue
        heat = heat_of(network, model.inputs, seen, number)
        places.append(cv2.resize(heat.place, (HEAT_SIDE_PX, HEAT_SIDE_PX)).astype(np.float32))
        image = as_seen(seen, heat.view, int(heat.over_time.argmax()))
        pictures.append(cv2.resize(image, (HEAT_SIDE_PX, HEAT_SIDE_PX)).astype(np.float32))
    if not places:
        raise UnreadablePicture(f"none of {len(files)} files can be read")
    place: Float32 = np.stack(places).mean(axis=0, dtype=np.float32)
    picture = np.rint(np.mean(pictures, axis=0)).astype(np.uint8)
    heat_map = np.asarray(place / max(float(place.max()), 1e-12), np.float32)
    return Averaged(len(places), _jpeg(picture), heat_png(heat_map))


def heat_png(place: Float32) -> bytes:
    """Returns `(h, w)` 0..1 as colours that are the more opaque the hotter they are."""
    levels = np.clip(cv2.resize(place, (HEAT_SIDE_PX, HEAT_SIDE_PX), interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((levels * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    opacity = (255 * levels**SOFTNESS).astype(np.uint8)
    return cv2.imencode(".png", np.dstack([colours, opacity]))[1].tobytes()


def largest_face(image_bgr: Image, detector: FaceDetector) -> Image | None:
    """Returns a square around the largest face, as samples of faces are cut; the picture itself where it fills that.

    None: there is no face in it.
    """
    faces = detector.detect(image_bgr)
    if not len(faces):
        return None
    sides = (faces.boxes_xyxy[:, 2:] - faces.boxes_xyxy[:, :2]).max(axis=1)
    box, side = faces.boxes_xyxy[int(sides.argmax())], float(sides.max())
    if side >= FACE_FILLS * min(image_bgr.shape[:2]):
        return image_bgr
    half = side * FACE_SURROUNDINGS / 2
    (left, top), (right, bottom) = (box[:2] + box[2:]) / 2 - half, (box[:2] + box[2:]) / 2 + half
    height, width = image_bgr.shape[:2]
    rows = np.clip(np.arange(int(top), int(bottom) + 1), 0, height - 1)
    columns = np.clip(np.arange(int(left), int(right) + 1), 0, width - 1)
    return image_bgr[np.ix_(rows, columns)]


def _shown(file: Path, seen: Seen, view: str, frame: int) -> Image:
    """What the heat lies over, in its own shape where that is known; BGR."""
    if view != PICTURE:
        return as_seen(seen, view, frame)
    image_bgr = middle_picture(file) if TrainingSample(file, "").is_clip else read_limited(file)
    scale = min(1.0, LONG_SIDE_PX / max(image_bgr.shape[:2]))
    size = (max(round(image_bgr.shape[1] * scale), 1), max(round(image_bgr.shape[0] * scale), 1))
    return np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _strip(seen: Seen) -> Image:
    assert seen.clip_rgb is not None
    side = (FRAME_SIDE_PX, FRAME_SIDE_PX)
    return np.hstack([np.asarray(cv2.resize(image[..., ::-1], side), np.uint8) for image in seen.clip_rgb])


def _jpeg(image_bgr: Image) -> bytes:
    return cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
