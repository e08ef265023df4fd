"""What a limited process does for a reel: decodes its moments, fits and captions their frames, encodes all of them."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from av.video.reformatter import VideoReformatter

from analysis.exports.appearances import BETWEEN_NAMES
from analysis.exports.captions import CaptionPen
from analysis.exports.copy_file import QUICK, StretchWriter
from analysis.exports.moments import ReelMoment
from analysis.limited.messages import Fields, Message
from analysis.types import Image, SegmentSpan, VideoInfo
from analysis.video.frame import Frame, split_planes
from analysis.video.prefetch import frames_ahead, prefetch
from analysis.video.sampling import DecodeCounts, Sampling
from analysis.video.unlimited_decode import sample_frames

EARLY_SHARE = 0.3
"""By how much of a frame of the reel a frame may come late: containers round times to milliseconds."""
EVERY_FRAME = Sampling(0, 0, references_only=False, deblock=True)
BLACK_YUV = (16, 128, 128)
TOLD_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class CutSource:
    """A video that moments are cut out of; `lut` is the table of its curve, "" for none."""

    path: str
    info: VideoInfo
    title: str
    lut: str = ""

    @classmethod
    def of_document(cls, document: Fields) -> CutSource:
        """Returns what `asdict` made a document of."""
        return cls(**{**document, "info": VideoInfo(**document["info"])})


@dataclass(frozen=True, slots=True)
class ReelShape:
    """How frames of a reel are. With a `rate_fps` of 0 they keep the times of their only source."""

    width: int
    height: int
    rate_fps: float
    encoder_fps: float
    captions: bool
    between_names: str = BETWEEN_NAMES


@dataclass(frozen=True, slots=True)
class CutPart:
    """A moment as it was cut: from `at_s` of the reel on for `length_s`, the times of its frames in the source."""

    source: int
    first_s: float
    last_s: float
    frames: int
    at_s: float
    length_s: float


def cut(fields: Fields, parts: Any) -> Iterator[Message]:
    """Says for each of `moments` the `part` that it became, None without a frame; always how much is `done_s`.

    `sources` are documents of `CutSource` by their number, `shape` is one of `ReelShape`. All frames, one moment after
    the other, are in the file `target`, as by `StretchWriter`; there is no file if there is no frame.
    """
    shape = ReelShape(**fields["shape"])
    sources = {int(number): CutSource.of_document(source) for number, source in fields["sources"].items()}
    cutter = _Cutter(sources, shape)
    file = Path(fields["target"])
    with StretchWriter(file, shape.width, shape.height, shape.encoder_fps, search=QUICK) as writer:
        for moment in fields["moments"]:
            made = yield from cutter.cut(ReelMoment(**moment), writer)
            yield {"done_s": cutter.end_s, "part": asdict(made) if made else None}, ()


class _Cutter:
    """State of a reel that is being cut."""

    def __init__(self, sources: dict[int, CutSource], shape: ReelShape) -> None:
        self.sources, self.shape = sources, shape
        self.pen = CaptionPen(shape.width, shape.height) if shape.captions else None
        self.end_s = 0.0
        self._told_at_s = 0.0

    def cut(self, moment: ReelMoment, writer: StretchWriter) -> Generator[Message, None, CutPart | None]:
        """Adds a moment's frames, and returns what became of it; says now and then how much of the reel there is."""
        source, rate_fps = self.sources[moment.source], self.shape.rate_fps
        scaler = VideoReformatter()
        times: list[float] = []
        shown = None
        written = 0
        for frame, at_s, is_new in self._placed(source, moment):
            if is_new or shown is None:
                shown = self._fitted(frame, source.info, scaler)
                times.append(frame.time_s)
                if self.pen is not None:
                    self.pen.draw(shown, caption_of(moment, source, frame.time_s, self.shape.between_names))
            writer.add(shown, self.end_s + at_s, frame.colour_tags if not rate_fps else None)
            written, last_s = written + 1, at_s
            if time.monotonic() - self._told_at_s > TOLD_EVERY_S:
                self._told_at_s = time.monotonic()
                yield {"done_s": self.end_s + at_s}, ()
        if not times:
            return None
        # A frame is shown until the next one would come, the last as long as is usual.
        length_s = last_s + 1 / (rate_fps or source.info.rate_fps)
        at_s, self.end_s = self.end_s, self.end_s + length_s
        return CutPart(moment.source, times[0], times[-1], written, at_s, length_s)

    def _placed(self, source: CutSource, moment: ReelMoment) -> Iterator[tuple[Frame, float, bool]]:
        """Yields frames, when each comes after the moment's begin, and whether it is another than the one before."""
        span = SegmentSpan(0, moment.start_s, moment.end_s)
        rate = self.shape.rate_fps
        lut = Path(source.lut) if source.lut else None
        first_s, count, held = None, 0, None
        decoded = sample_frames(Path(source.path), source.info, span, EVERY_FRAME, DecodeCounts(), lut)
        with closing(prefetch(decoded, frames_ahead(source.info))) as frames:
            for frame in frames:
                first_s = frame.time_s if first_s is None else first_s
                if not rate:
                    yield frame, frame.time_s - first_s, True
                else:
                    is_new = True
                    while held is not None and first_s + (count + EARLY_SHARE) / rate < frame.time_s:
                        yield held, count / rate, is_new
                        count, is_new = count + 1, False
                    held = frame
        if held is not None and first_s is not None:
            is_new, until_s = True, min(held.time_s + 1 / source.info.rate_fps, moment.end_s)
            while count == 0 or first_s + (count + EARLY_SHARE) / rate < until_s:
                yield held, count / rate, is_new
                count, is_new = count + 1, False

    def _fitted(self, frame: Frame, info: VideoInfo, scaler: VideoReformatter) -> Image:
        """Returns the frame's planes, of the reel's size; black where it is narrower or lower."""
        shape = self.shape
        own_width, own_height = info.width * info.sample_aspect_ratio, info.height
        scale = min(shape.width / own_width, shape.height / own_height)
        width = min(max(2, round(own_width * scale / 2) * 2), shape.width)
        height = min(max(2, round(own_height * scale / 2) * 2), shape.height)
        planes = frame.planes(width, height, scaler)
        if (width, height) == (shape.width, shape.height):
            return planes
        canvas: Image = np.empty((shape.height * 3 // 2, shape.width), np.uint8)
        left, top = (shape.width - width) // 4 * 2, (shape.height - height) // 4 * 2
        parts = zip(split_planes(canvas), split_planes(planes), BLACK_YUV, strict=True)
        for number, (into, plane, black) in enumerate(parts):
            half = 1 if number else 0
            into[:] = black
            into[top >> half : (top + height) >> half, left >> half : (left + width) >> half] = plane
        return canvas


def caption_of(
    moment: ReelMoment, source: CutSource, time_s: float, between_names: str = BETWEEN_NAMES
) -> tuple[str, str, str]:
    """Returns who is seen, in which video, at which of its seconds, as a player counts them."""
    return between_names.join(moment.names_at(time_s)), source.title, clock(time_s - source.info.start_s)


def clock(time_s: float) -> str:
    """Returns whole seconds as "0:05", "12:30" or "1:02:03"."""
    minutes, seconds = divmod(int(max(time_s, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
