"""Makes the sample video: camera moves over public-domain portraits, with hard cuts.

The portraits ship in registry packages and are fetched at setup (see `analysis.weights`); none is in the repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from analysis.images.read import read_picture
from analysis.types import Image, OnProgress, Progress
from analysis.weights import SAMPLE_PICTURES, sample_video_path, verified_path

WIDTH, HEIGHT, RATE_FPS = 960, 540, 25
SOFTNESS_PX = 25
"""Standard deviation of the blur of a portrait's backdrop, which is the enlarged portrait itself."""
SOFT_SCALE = 4


@dataclass(frozen=True, slots=True)
class CameraMove:
    """A camera move over a picture: zoom and centre (shares of width and height) at the start and at the end."""

    zoom: tuple[float, float]
    centre_x: tuple[float, float]
    centre_y: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown between two cuts: one picture, or several side by side."""

    pictures: tuple[str, ...]
    seconds: float
    move: CameraMove


SLOWLY_IN = CameraMove((1.0, 1.25), (0.5, 0.5), (0.5, 0.42))
SLOWLY_OUT = CameraMove((1.35, 1.0), (0.5, 0.5), (0.4, 0.5))
TO_THE_RIGHT = CameraMove((1.15, 1.15), (0.46, 0.54), (0.47, 0.47))
STILL = CameraMove((1.0, 1.04), (0.5, 0.5), (0.5, 0.5))

STORY = (
    Scene(("collins",), 4.0, SLOWLY_IN),
    Scene(("rocket",), 2.0, TO_THE_RIGHT),
    Scene(("hopper",), 4.0, SLOWLY_OUT),
    Scene(("collins", "hopper"), 5.0, STILL),
    Scene(("hopper",), 3.0, TO_THE_RIGHT),
    Scene(("rocket",), 1.6, SLOWLY_IN),
    Scene(("collins",), 4.4, SLOWLY_OUT),
)
DURATION_S = sum(scene.seconds for scene in STORY)


def sample_pictures() -> dict[str, Path]:
    """Returns the verified picture files of `STORY` by name. Raises MissingWeights."""
    return {name: verified_path(picture) for name, picture in SAMPLE_PICTURES.items()}


def draw_ahead(folder: Path | None = None) -> Path:
    """Draws the sample video of an installation unless it is there: seconds that nobody should wait for at a click.

    Raises MissingWeights, or OSError where the folder cannot be written.
    """
    target = sample_video_path(folder)
    if not target.is_file():
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            make_sample_video(sample_pictures(), unfinished)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    return target


def make_sample_video(pictures: dict[str, Path], target: Path, on_progress: OnProgress = lambda _: None) -> None:
    """Writes an H.264 MP4 of about 24 s, the same for the same input; `pictures`: a file for each name in `STORY`."""
    images = {name: read_picture(path) for name, path in pictures.items()}
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE_FPS, options={"crf": "21", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count = 1
        for number, image_bgr in enumerate(_frames(images)):
            frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, RATE_FPS)
            container.mux(stream.encode(frame))
            on_progress(Progress("draw", number / RATE_FPS, DURATION_S))
        container.mux(stream.encode())


def _frames(images: dict[str, Image]) -> Iterator[Image]:
    for scene in STORY:
        canvas_bgr = _compose([images[name] for name in scene.pictures])
        count = round(scene.seconds * RATE_FPS)
        for number in range(count):
            yield _camera_frame(canvas_bgr, scene.move, number / max(count - 1, 1))


def _compose(pictures: list[Image]) -> Image:
    """Returns the pictures side by side, each over a soft, enlarged copy of itself, at twice the size of a frame."""
    height, width = 2 * HEIGHT, 2 * WIDTH // len(pictures)
    cells = []
    for picture in pictures:
        backdrop = cv2.convertScaleAbs(_soft(_fill(picture, width, height)), alpha=0.6)
        scale = min(height / picture.shape[0], width / picture.shape[1])
        front = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        top, left = (height - front.shape[0]) // 2, (width - front.shape[1]) // 2
        backdrop[top : top + front.shape[0], left : left + front.shape[1]] = front
        cells.append(backdrop)
    return np.hstack(cells).astype(np.uint8)


def _soft(picture: Image) -> Image:
    """Blurs at a quarter of the size, which looks the same; blurring all pixels takes 15 times as long."""
    size = picture.shape[1], picture.shape[0]
    small = cv2.resize(picture, None, fx=1 / SOFT_SCALE, fy=1 / SOFT_SCALE, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), SOFTNESS_PX / SOFT_SCALE)
    return cv2.resize(blurred, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def _fill(picture: Image, width: int, height: int) -> Image:
    """Returns the picture scaled and cropped so that it covers width x height."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    return large[top : top + height, left : left + width].astype(np.uint8)


def _camera_frame(canvas_bgr: Image, move: CameraMove, share: float) -> Image:
    """Returns one frame of the move; `share` goes from 0 to 1 and is eased at both ends."""
    eased = share * share * (3 - 2 * share)
    zoom, x, y = (start + (end - start) * eased for start, end in (move.zoom, move.centre_x, move.centre_y))
    height, width = canvas_bgr.shape[:2]
    scale = WIDTH / width * zoom
    x = float(np.clip(x * width, WIDTH / 2 / scale, width - WIDTH / 2 / scale))
    y = float(np.clip(y * height, HEIGHT / 2 / scale, height - HEIGHT / 2 / scale))
    matrix = np.array([[scale, 0, WIDTH / 2 - x * scale], [0, scale, HEIGHT / 2 - y * scale]])
    return cv2.warpAffine(canvas_bgr, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA).astype(np.uint8)
