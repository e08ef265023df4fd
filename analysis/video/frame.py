"""One decoded frame: its time, a small picture to search, and full-size crops on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from analysis.types import Float32, Float64, Image
from analysis.video.as_shown import Showing

KNOWN_MATRICES = (Colorspace.ITU709, Colorspace.ITU601, Colorspace.FCC, Colorspace.SMPTE170M, Colorspace.SMPTE240M)


def luma_plane(raw: av.VideoFrame) -> Image:
    """Returns the brightness `(h, w)` of a decoded frame, without a copy if the format allows it."""
    if raw.format.name.startswith(("yuv4", "yuvj4", "nv12", "gray")) and raw.format.components[0].bits == 8:
        return _plane(raw, 0)
    small = raw.reformat(width=min(raw.width, 320), height=min(raw.height, 192), format="gray")
    return np.asarray(small.to_ndarray(), np.uint8)


def _plane(raw: av.VideoFrame, number: int) -> Image:
    plane = raw.planes[number]
    rows: Image = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


@dataclass(frozen=True, slots=True)
class FrameScaling:
    """How the frames of one video become pictures: as a player shows them, and small ones for the networks."""

    showing: Showing
    long_side: int
    """Small pictures are at most so many pixels long; with 0 they are one black pixel, which takes no time."""
    scaler: VideoReformatter = field(default_factory=VideoReformatter)

    def small_bgr(self, shown: av.VideoFrame) -> Image:
        """Returns the shown frame `(h, w, 3)` scaled down."""
        if not self.long_side:
            return np.zeros((1, 1, 3), np.uint8)
        scale = min(self.long_side / max(shown.width, shown.height), 1.0)
        width, height = max(round(shown.width * scale), 1), max(round(shown.height * scale), 1)
        return np.asarray(
            self.scaler.reformat(shown, width, height, "bgr24", interpolation="AREA").to_ndarray(), np.uint8
        )


@dataclass(frozen=True, slots=True)
class ColourTags:
    """Numbers that H.264 files carry, as FFmpeg counts them."""

    color_range: int
    colorspace: int
    color_primaries: int
    color_trc: int


class Frame:
    """A sampled frame as a player shows it. `image_bgr` is scaled; `raw`, 4:2:0 of 8 bits, is for full-size crops.

    `size` is its displayed width and height, `index` counts decoded frames. `begins_shot`: a hard cut lies between this
    sample and the one before.
    """

    __slots__ = ("_made_raw", "_make_raw", "_whole_bgr", "begins_shot", "image_bgr", "index", "size", "time_s")

    def __init__(
        self,
        make_raw: Callable[[], av.VideoFrame],
        image_bgr: Image,
        size: tuple[int, int],
        *,
        index: int,
        time_s: float,
        begins_shot: bool = False,
    ) -> None:
        self.index, self.time_s = index, time_s
        self.begins_shot = begins_shot
        self.image_bgr = image_bgr
        self.size = size
        self._make_raw = make_raw
        self._made_raw: av.VideoFrame | None = None
        self._whole_bgr: Image | None = None

    @property
    def raw(self) -> av.VideoFrame:
        """The frame at full size, made when it is asked for: of most only the small picture is."""
        if self._made_raw is None:
            self._made_raw = self._make_raw()
        return self._made_raw

    def crop_bgr(self, box_xyxy: Float32) -> tuple[Image, tuple[int, int]]:
        """Returns a full-size crop around a box in displayed pixels, and the displayed position of its top left corner.

        The box is clipped to the frame and grows to even pixels; at least 2 x 2 if the frame is that large.
        """
        width, height = self.size
        x1, y1 = (
            int(np.clip(np.floor(v), 0, limit - 1)) for v, limit in zip(box_xyxy[:2], (width, height), strict=True)
        )
        x2, y2 = (int(np.clip(np.ceil(v), 1, limit)) for v, limit in zip(box_xyxy[2:], (width, height), strict=True))
        x2, y2 = max(x2, x1 + 1), max(y2, y1 + 1)
        a, b, c, d = x1 & ~1, y1 & ~1, x2 + (x2 & 1), y2 + (y2 & 1)
        if c <= width and d <= height:
            return self._planar_crop(a, b, c, d), (a, b)
        return self._whole()[y1:y2, x1:x2], (x1, y1)

    @property
    def colour_tags(self) -> ColourTags:
        """Returns what tells a player how the colours of `planes` are meant."""
        raw = self.raw
        full = raw.format.name == "yuvj420p" or (raw.format.name == "yuv420p" and raw.color_range == ColorRange.JPEG)
        return ColourTags(
            int(ColorRange.JPEG if full else ColorRange.MPEG),
            int(raw.colorspace),
            int(raw.color_primaries),
            int(raw.color_trc),
        )

    def planes(self, width: int, height: int, scaler: VideoReformatter) -> Image:
        """Returns the frame upright and at this displayed size, both even, as Y, U and V in 4:2:0, 8 bit.

        The array is `(height * 3 // 2, width)`, as ffmpeg's "yuv420p": all of Y, then all of U and of V row by row.
        """
        raw = self.raw
        if (raw.width, raw.height) != (width, height):
            raw = scaler.reformat(raw, width, height, raw.format.name, interpolation="BILINEAR")
        return np.asarray(raw.to_ndarray(), np.uint8)

    def _planar_crop(self, x1: int, y1: int, x2: int, y2: int) -> Image:
        """Converts only what is asked for: a face takes 0.1 ms, a whole 1080p frame 5 ms."""
        luma = _plane(self.raw, 0)[y1:y2, x1:x2]
        shape = x2 - x1, y2 - y1
        chroma = [_plane(self.raw, n)[y1 // 2 : y2 // 2, x1 // 2 : x2 // 2] for n in (1, 2)]
        large = [cv2.resize(plane, shape, interpolation=cv2.INTER_LINEAR) for plane in chroma]
        return np.asarray(cv2.transform(cv2.merge([luma, *large]), bgr_matrix(self.raw)), np.uint8)

    def _whole(self) -> Image:
        if self._whole_bgr is None:
            self._whole_bgr = np.asarray(self.raw.to_ndarray(format="bgr24"), np.uint8)
        return self._whole_bgr


def split_planes(planes: Image) -> tuple[Image, Image, Image]:
    """Returns views on Y `(h, w)`, U and V `(h / 2, w / 2)` of an array as `Frame.planes` returns it."""
    rows, width = planes.shape
    height = rows * 2 // 3
    colours = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], colours[0], colours[1]


def bgr_matrix(raw: av.VideoFrame) -> Float64:
    """Returns `(3, 4)`: from the frame's Y, Cb, Cr to B, G, R, by its matrix (if unknown, by its size) and range."""
    high_definition = raw.colorspace == Colorspace.ITU709 or (
        raw.colorspace not in KNOWN_MATRICES and raw.height >= 720
    )
    red, blue = (0.2126, 0.0722) if high_definition else (0.299, 0.114)
    green = 1 - red - blue
    full = raw.color_range == ColorRange.JPEG or raw.format.name.startswith("yuvj")
    bright, colour, black = (1.0, 1.0, 0.0) if full else (255 / 219, 255 / 224, 16.0)
    to_blue, to_red = 2 * (1 - blue) * colour, 2 * (1 - red) * colour
    matrix: Float64 = np.array(
        [[bright, to_blue, 0, 0], [bright, -to_blue * blue / green, -to_red * red / green, 0], [bright, 0, to_red, 0]]
    )
    matrix[:, 3] = -matrix[:, :3] @ np.array([black, 128, 128])
    return matrix
