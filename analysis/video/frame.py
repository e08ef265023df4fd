"""One decoded frame: its time, a small picture to search, and full-size crops on request."""

from __future__ import annotations

from dataclasses import dataclass, field

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from analysis.types import Float32, Float64, Image

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
PLANAR_420 = ("yuv420p", "yuvj420p")
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
    """How the frames of one video become small pictures: turned clockwise, at most `long_side` pixels long."""

    rotation_deg: int
    """0, 90, 180 or 270."""
    long_side: int
    scaler: VideoReformatter = field(default_factory=VideoReformatter)

    def small_bgr(self, raw: av.VideoFrame) -> Image:
        """Returns the frame `(h, w, 3)` scaled down and upright."""
        scale = min(self.long_side / max(raw.width, raw.height), 1.0)
        width, height = max(round(raw.width * scale), 1), max(round(raw.height * scale), 1)
        small = self.scaler.reformat(raw, width, height, "bgr24", interpolation="AREA")
        return turn(np.asarray(small.to_ndarray(), np.uint8), self.rotation_deg)


@dataclass(frozen=True, slots=True)
class ColourTags:
    """Numbers that H.264 files carry, as FFmpeg counts them."""

    color_range: int
    colorspace: int
    color_primaries: int
    color_trc: int


class Frame:
    """A sampled frame. `image_bgr` is scaled and upright; the decoder's frame is kept for full-size crops.

    `index` counts decoded frames. `begins_shot`: a hard cut lies between this sample and the one before.
    """

    __slots__ = ("_whole_bgr", "begins_shot", "image_bgr", "index", "raw", "rotation_deg", "time_s")

    def __init__(
        self,
        raw: av.VideoFrame,
        image_bgr: Image,
        rotation_deg: int,
        *,
        index: int,
        time_s: float,
        begins_shot: bool = False,
    ) -> None:
        self.index, self.time_s, self.rotation_deg = index, time_s, rotation_deg
        self.begins_shot = begins_shot
        self.raw, self.image_bgr = raw, image_bgr
        self._whole_bgr: Image | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Displayed width and height of the frame at full size."""
        width, height = self.raw.width, self.raw.height
        return (height, width) if self.rotation_deg in (90, 270) else (width, height)

    def crop_bgr(self, box_xyxy: Float32) -> tuple[Image, tuple[int, int]]:
        """Returns a full-size crop around a box in displayed pixels, and the displayed position of its top left corner.

        The box is clipped to the frame and grows to even pixels; at least 2 x 2 if the frame is that large.
        """
        width, height = self.size
        x1, y1 = (
            int(np.clip(np.floor(v), 0, limit - 1)) for v, limit in zip(box_xyxy[:2], (width, height), strict=True)
        )
        x2, y2 = (int(np.clip(np.ceil(v), 1, limit)) for v, limit in zip(box_xyxy[2:], (width, height), strict=True))
        shown = (x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))
        stored = _stored_box(shown, self.raw.width, self.raw.height, self.rotation_deg)
        a, b, c, d = stored[0] & ~1, stored[1] & ~1, stored[2] + (stored[2] & 1), stored[3] + (stored[3] & 1)
        planar = self.raw.format.name in PLANAR_420 and c <= self.raw.width and d <= self.raw.height
        if not planar:
            a, b, c, d = stored
        cut = self._planar_crop(a, b, c, d) if planar else self._whole()[b:d, a:c]
        corner = _displayed_corner((a, b, c, d), self.raw.width, self.raw.height, self.rotation_deg)
        return turn(cut, self.rotation_deg), corner

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
        sides = (height, width) if self.rotation_deg in (90, 270) else (width, height)
        raw = self.raw
        if raw.format.name not in PLANAR_420 or (raw.width, raw.height) != sides:
            kept = raw.format.name if raw.format.name in PLANAR_420 else "yuv420p"
            raw = scaler.reformat(raw, *sides, kept, interpolation="BILINEAR")
        stored = np.asarray(raw.to_ndarray(), np.uint8)
        if self.rotation_deg == 0:
            return stored
        upright: Image = np.empty((height * 3 // 2, width), np.uint8)
        for into, plane in zip(split_planes(upright), split_planes(stored), strict=True):
            into[:] = turn(plane, self.rotation_deg)
        return upright

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


def turn(image: Image, rotation_deg: int) -> Image:
    """Returns the picture turned clockwise by 0, 90, 180 or 270 degrees."""
    if rotation_deg not in TURNS:
        return image
    return np.asarray(cv2.rotate(image, TURNS[rotation_deg]), np.uint8)


def _stored_box(
    box: tuple[int, int, int, int], width: int, height: int, rotation_deg: int
) -> tuple[int, int, int, int]:
    """Converts a displayed box to the stored picture of `width` x `height`."""
    x1, y1, x2, y2 = box
    if rotation_deg == 90:
        return y1, height - x2, y2, height - x1
    if rotation_deg == 180:
        return width - x2, height - y2, width - x1, height - y1
    if rotation_deg == 270:
        return width - y2, x1, width - y1, x2
    return box


def _displayed_corner(stored: tuple[int, int, int, int], width: int, height: int, rotation_deg: int) -> tuple[int, int]:
    """Returns the displayed top left corner of a box in the stored picture: the inverse of `_stored_box`."""
    x1, y1, x2, y2 = stored
    if rotation_deg == 90:
        return height - y2, x1
    if rotation_deg == 180:
        return width - x2, height - y2
    if rotation_deg == 270:
        return y1, width - x2
    return x1, y1
