"""Turning samples into what the networks see: whole pictures, upright faces, frames of clips; all kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from analysis.errors import AnalysisError, UnreadableVideo
from analysis.images.limited_read import PictureReader, read_limited
from analysis.training.data.samples import TrainingSample
from analysis.types import Float32, Image, SegmentSpan

if TYPE_CHECKING:
    from analysis.faces.detect import FaceDetector
    from analysis.faces.embed import MobileFaceNetEmbedder

PICTURE, FACE, CLIP = "picture", "face", "clip"
"""What a network looks at: the whole picture, the upright face cut out of it, or frames of a clip."""
FACE_SIDE_PX = 112
FACE_SEARCH_PX = 320
"""Longer side at which faces are looked for: those that fill a good part of the picture are meant."""
SMALLEST_SEARCH_PX = 160
"""Smaller pictures are enlarged to this."""
BORDER_SHARE = 1 / 3
"""Faces that fill the picture are found only with something around them."""
FACE_MIN_SCORE = 0.3
CENTRE_SHARE = 0.5
"""Clips seen by a model of pictures are seen at their middle."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One sample as the networks see it, RGB, and what its face tells."""

    picture_rgb: Image | None = None
    """`(side, side, 3)`."""
    face_rgb: Image | None = None
    """`(112, 112, 3)`: upright, or the whole picture where no face is found."""
    vector: Float32 | None = None
    """`(192,)` of the face, for telling people apart."""
    clip_rgb: Image | None = None
    """`(frames, side, side, 3)`."""


def squeeze(image_bgr: Image, side: int) -> Image:
    """Returns a square RGB picture `(side, side, 3)` of a BGR one of any shape: nothing is cut off."""
    shrinks = max(image_bgr.shape[:2]) > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image_bgr, (side, side), interpolation=method)[..., ::-1])


class FaceCutter:
    """Finds the main face of a picture and turns it upright."""

    def __init__(self, detector: FaceDetector, embedder: MobileFaceNetEmbedder) -> None:
        self.detector, self.embedder = detector, embedder

    def cut(self, image_bgr: Image) -> Image | None:
        """`(112, 112, 3)` BGR, or None where there is no face."""
        longer = max(image_bgr.shape[:2])
        scale = min(max(longer, SMALLEST_SEARCH_PX), FACE_SEARCH_PX) / longer
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=method)
        border = round(max(small.shape[:2]) * BORDER_SHARE)
        padded = np.asarray(cv2.copyMakeBorder(small, border, border, border, border, cv2.BORDER_CONSTANT), np.uint8)
        faces = self.detector.detect_frame(padded, FACE_MIN_SCORE)
        if not len(faces):
            return None
        widths = faces.boxes_xyxy[:, 2] - faces.boxes_xyxy[:, 0]
        main = int(np.argmax(widths * faces.scores))
        landmarks = (faces.landmarks[main : main + 1] - border) / scale
        upright: Image = self.embedder.align(image_bgr, landmarks.astype(np.float32))[0]
        return upright


def load_face_cutter(threads: int) -> FaceCutter:
    """Raises MissingWeights."""
    from analysis.faces.detect import load_detector  # deferred: rarely needed
    from analysis.faces.embed import load_mobilefacenet  # deferred: rarely needed

    return FaceCutter(load_detector(threads), load_mobilefacenet(threads))


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network takes of each sample: a picture of so many pixels, a face, or so many frames."""

    picture_side: int = 0
    cutter: FaceCutter | None = None
    frames: int = 0


def see(sample: TrainingSample, spec: InputSpec, reader: PictureReader | None = None) -> Seen:
    """Reads in a limited process: of `reader`, which who sees many pictures keeps.

    Raises UnreadablePicture, PictureTooLarge or UnreadableVideo.
    """
    if spec.frames:
        return see_frames(clip_frames(sample.path, spec.frames, spec.picture_side), spec)
    return see_picture(middle_picture(sample.path) if sample.is_clip else read_limited(sample.path, reader), spec)


def see_frames(images_bgr: Sequence[Image], spec: InputSpec) -> Seen:
    """A clip of as many frames as the network takes."""
    return Seen(clip_rgb=np.stack([squeeze(image, spec.picture_side) for image in images_bgr]))


def see_picture(image_bgr: Image, spec: InputSpec) -> Seen:
    picture = squeeze(image_bgr, spec.picture_side) if spec.picture_side else None
    if spec.cutter is None:
        return Seen(picture_rgb=picture)
    face_bgr = spec.cutter.cut(image_bgr)
    if face_bgr is None:
        return Seen(picture_rgb=picture, face_rgb=squeeze(image_bgr, FACE_SIDE_PX))
    vector = spec.cutter.embedder.embed(face_bgr[None])[0]
    return Seen(picture, np.ascontiguousarray(face_bgr[..., ::-1]), vector)


def see_all(
    samples: Sequence[TrainingSample], spec: InputSpec, tell: Callable[[int, int], None]
) -> tuple[list[TrainingSample], list[Seen], list[tuple[TrainingSample, AnalysisError]]]:
    """Returns the samples that can be read, what they show, and the broken ones with the reason."""
    good, seen, broken = [], [], []
    with PictureReader() as reader:
        for number, sample in enumerate(samples):
            tell(number, len(samples))
            try:
                seen.append(see(sample, spec, reader))
                good.append(sample)
            except AnalysisError as error:
                broken.append((sample, error))
    tell(len(samples), len(samples))
    return good, seen, broken


def channels_first(seen: Sequence[Seen], view: str) -> Image:
    """Returns `(n, 3, side, side)` or `(n, frames, 3, side, side)`, RGB: what the samples show to one input."""
    images = [{PICTURE: each.picture_rgb, FACE: each.face_rgb, CLIP: each.clip_rgb}[view] for each in seen]
    return np.moveaxis(np.stack([image for image in images if image is not None]), -1, -3)


def middle_picture(path: Path) -> Image:
    return clip_frames(path, 1, FACE_SEARCH_PX)[0]


def clip_frames(path: Path, count: int, side: int) -> list[Image]:
    """`count` frames BGR spread evenly over the clip, repeated where it has fewer; raises UnreadableVideo."""
    from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames  # deferred: rarely needed

    info = probe(path)
    step_s = max(info.duration_s, 1 / info.rate_fps) / (2 * count)
    span = SegmentSpan(0, -np.inf, np.inf)
    sampling = Sampling(step_s=step_s, long_side=2 * side, references_only=False, deblock=True)
    found = [(frame.time_s, frame.image_bgr) for frame in sample_frames(path, info, span, sampling, DecodeCounts())]
    if not found:
        raise UnreadableVideo(f"{path.name}: no picture of it can be decoded")
    return spread(found, count)


def spread(found: Sequence[tuple[float, Image]], count: int) -> list[Image]:
    """`count` of the pictures, which are in order of time, as evenly over their time as they allow."""
    times = np.array([time_s for time_s, _ in found])
    shares = np.linspace(0, 1, count) if count > 1 else np.array([CENTRE_SHARE])
    wanted = times[0] + shares * (times[-1] - times[0])
    nearest = np.abs(times[None] - wanted[:, None]).argmin(axis=1)
    return [found[int(index)][1] for index in nearest]
