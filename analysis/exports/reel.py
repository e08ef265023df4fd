"""Cuts moments out of videos and joins them to one: exact frames, with sound, one size and rate, with captions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from av.video.reformatter import VideoReformatter

from analysis.errors import NothingToShow, UnreadableVideo
from analysis.exports.captions import CaptionPen
from analysis.exports.choice import Sound
from analysis.exports.copy_file import StretchWriter, sound_arguments
from analysis.exports.moments import ReelMoment, ReelSource
from analysis.progress import paced
from analysis.types import Image, OnProgress, Progress, SegmentSpan, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, sample_frames
from analysis.video.ffmpeg import run_ffmpeg
from analysis.video.frame import Frame, split_planes
from analysis.video.prefetch import prefetch
from analysis.video.web_copy import copy_size, input_arguments, written_whole

USUAL_RATES_FPS = (24.0, 25.0, 30_000 / 1001, 30.0, 50.0, 60_000 / 1001, 60.0)
USUAL_WITHIN = 0.02
"""Containers give rates that are a little off; what is so near to a usual rate was meant to be it."""
EARLY_SHARE = 0.3
"""By how much of a frame of the reel a frame may come late: containers round times to milliseconds."""
SOUND_HZ, SOUND_SAMPLE_BYTES = 48_000, 4
SOUND_SPARE_S = 0.1
"""Read in addition, as rates do not divide evenly."""
CHUNK_BYTES = 2**20
FRAMES_AHEAD = 6
NO_PICTURE_SIDE = 16
BLACK_YUV = (16, 128, 128)


@dataclass(frozen=True, slots=True)
class ReelPart:
    """A moment as it is in the reel: from `at_s` on for `length_s`, its first and last frame's times in the source."""

    source: int
    first_s: float
    last_s: float
    frames: int
    at_s: float
    length_s: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReelReport:
    """What a reel consists of. `rate_fps` is 0 where frames keep the times of their only source."""

    parts: tuple[ReelPart, ...]
    frames: int
    duration_s: float
    width: int
    height: int
    rate_fps: float

    def summary(self) -> str:
        """Returns it in a line."""
        rate = f"{self.rate_fps:g} fps" if self.rate_fps else "the source's rate"
        return (
            f"{len(self.parts)} moments, {self.frames} frames, {self.duration_s:.3f} s, "
            f"{self.width} x {self.height}, {rate}"
        )


def write_reel(
    sources: Sequence[ReelSource],
    moments: Sequence[ReelMoment],
    target: Path,
    on_progress: OnProgress,
    *,
    captions: bool = True,
) -> ReelReport:
    """Writes the moments one after the other as an MP4 (H.264, AAC); one moment makes a clip.

    A moment's frames are those at or after its `start_s` and before its `end_s`, by the times that the analysis knows.
    Of several sources the one that is shown longest gives size and rate; others are fitted with black bars, and their
    frames repeated or left out. A single source keeps its frames' times. The file appears under its name only once it
    is complete. `on_progress` may raise Cancelled. Raises NothingToShow if there is no frame, or UnreadableVideo.
    """
    used = sorted({moment.source for moment in moments})
    if not used:
        raise NothingToShow("there is no moment of the chosen people")
    shown_s = {n: sum(moment.end_s - moment.start_s for moment in moments if moment.source == n) for n in used}
    longest = sources[max(used, key=lambda number: shown_s[number])].info
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".reel-") as scratch, written_whole(target) as part:
        picture, sound = Path(scratch) / "picture.nut", Path(scratch) / "sound.pcm"
        reel = _Reel(sources, longest, len(used) > 1, sum(shown_s.values()), captions, paced(on_progress))
        with StretchWriter(picture, reel.width, reel.height, longest.rate_fps) as writer, sound.open("wb") as pcm:
            for moment in moments:
                reel.add(moment, writer, pcm)
        if not reel.parts:
            raise NothingToShow("the chosen moments hold no frame")
        _mux(picture, sound if reel.has_sound else None, part, reel.report_of("join"))
    return reel.report()


class _Reel:
    """State of a reel that is being made."""

    def __init__(
        self,
        sources: Sequence[ReelSource],
        longest: VideoInfo,
        is_mixed: bool,
        total_s: float,
        captions: bool,
        on_progress: OnProgress,
    ) -> None:
        self.sources, self.total_s, self.on_progress = sources, total_s, on_progress
        self.width, self.height = copy_size(longest)
        self.rate_fps = usual_rate(longest.rate_fps) if is_mixed else 0.0
        self.pen = CaptionPen(self.width, self.height) if captions else None
        self.parts: list[ReelPart] = []
        self.end_s = 0.0
        self.frames = 0
        self.has_sound = any(source.info.audio_codec for source in sources)

    def report_of(self, stage: str) -> Callable[[float], None]:
        return lambda done_s: self.on_progress(Progress(stage, done_s, self.total_s))

    def add(self, moment: ReelMoment, writer: StretchWriter, pcm: IO[bytes]) -> None:
        """Adds a moment's frames and sound; nothing if it holds no frame."""
        source = self.sources[moment.source]
        scaler = VideoReformatter()
        times: list[float] = []
        shown = None
        written = 0
        report = self.report_of("cut")
        for frame, at_s, is_new in self._placed(source, moment):
            if is_new or shown is None:
                shown = self._fitted(frame, source.info, scaler)
                times.append(frame.time_s)
                if self.pen is not None:
                    self.pen.draw(shown, caption_of(moment, source, frame.time_s))
            writer.add(shown, self.end_s + at_s, frame.colour_tags if not self.rate_fps else None)
            written, last_s = written + 1, at_s
            report(self.end_s + at_s)
        if not times:
            return
        # A frame is shown until the next one would come, the last as long as is usual.
        length_s = last_s + 1 / (self.rate_fps or source.info.rate_fps)
        if self.has_sound:
            count = round((self.end_s + length_s) * SOUND_HZ) - round(self.end_s * SOUND_HZ)
            append_sound(source, times[0], length_s, count, pcm, lambda _done_s: report(self.end_s))
        self.parts.append(ReelPart(moment.source, times[0], times[-1], written, self.end_s, length_s, moment.names))
        self.end_s += length_s
        self.frames += written

    def _placed(self, source: ReelSource, moment: ReelMoment) -> Iterator[tuple[Frame, float, bool]]:
        """Yields frames, when each comes after the moment's begin, and whether it is another than the one before."""
        span = SegmentSpan(0, moment.start_s, moment.end_s)
        every = Sampling(0, NO_PICTURE_SIDE, references_only=False, deblock=True)
        rate = self.rate_fps
        with closing(
            prefetch(sample_frames(source.path, source.info, span, every, DecodeCounts()), FRAMES_AHEAD)
        ) as frames:
            first_s, count, held = None, 0, None
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
        own_width, own_height = info.width * info.sample_aspect_ratio, info.height
        scale = min(self.width / own_width, self.height / own_height)
        width = min(max(2, round(own_width * scale / 2) * 2), self.width)
        height = min(max(2, round(own_height * scale / 2) * 2), self.height)
        planes = frame.planes(width, height, scaler)
        if (width, height) == (self.width, self.height):
            return planes
        canvas: Image = np.empty((self.height * 3 // 2, self.width), np.uint8)
        left, top = (self.width - width) // 4 * 2, (self.height - height) // 4 * 2
        parts = zip(split_planes(canvas), split_planes(planes), BLACK_YUV, strict=True)
        for number, (into, plane, black) in enumerate(parts):
            half = 1 if number else 0
            into[:] = black
            into[top >> half : (top + height) >> half, left >> half : (left + width) >> half] = plane
        return canvas

    def report(self) -> ReelReport:
        return ReelReport(tuple(self.parts), self.frames, self.end_s, self.width, self.height, self.rate_fps)


def usual_rate(rate_fps: float) -> float:
    """Returns the usual rate that is nearest if it is near, else the rate itself, at most 60."""
    nearest = min(USUAL_RATES_FPS, key=lambda usual: abs(usual - rate_fps))
    return nearest if abs(nearest / rate_fps - 1) <= USUAL_WITHIN else min(rate_fps, USUAL_RATES_FPS[-1])


def caption_of(moment: ReelMoment, source: ReelSource, time_s: float) -> tuple[str, str, str]:
    """Returns who is seen, in which video, at which of its seconds, as a player counts them."""
    return ", ".join(moment.names_at(time_s)), source.title, clock(time_s - source.info.start_s)


def clock(time_s: float) -> str:
    """Returns whole seconds as "0:05", "12:30" or "1:02:03"."""
    minutes, seconds = divmod(int(max(time_s, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def append_sound(
    source: ReelSource, start_s: float, length_s: float, count: int, pcm: IO[bytes], report: Callable[[float], None]
) -> None:
    """Writes `count` samples of 16-bit stereo from container time `start_s` on; silence where there is no sound."""
    left = count * SOUND_SAMPLE_BYTES
    if source.info.audio_codec:
        with tempfile.TemporaryDirectory(dir=Path(pcm.name).parent) as scratch:
            raw = Path(scratch) / "sound.pcm"
            command = [
                *("-ss", f"{max(start_s - source.info.start_s, 0):.6f}", *input_arguments(source.path)),
                *("-t", f"{length_s + SOUND_SPARE_S:.6f}", "-map", "0:a:0", "-vn", "-sn", "-dn"),
                *("-af", f"aresample={SOUND_HZ}:async=1:first_pts=0", "-ac", "2", "-f", "s16le", str(raw)),
            ]
            if run_ffmpeg(command, report) is None and raw.exists():
                with raw.open("rb") as sound:
                    while left and (chunk := sound.read(min(left, CHUNK_BYTES))):
                        pcm.write(chunk)
                        left -= len(chunk)
    while left:
        pcm.write(bytes(min(left, CHUNK_BYTES)))
        left -= min(left, CHUNK_BYTES)


def _mux(picture: Path, sound: Path | None, target: Path, report: Callable[[float], None]) -> None:
    inputs = ["-i", f"file:{picture}"]
    streams = ["-map", "0:v:0", "-c:v", "copy"]
    if sound is not None:
        inputs += ["-f", "s16le", "-ar", str(SOUND_HZ), "-ac", "2", "-i", f"file:{sound}"]
        streams += ["-map", "1:a:0", *sound_arguments(Sound.KEEP)]
    ending = ["-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", str(target)]
    problem = run_ffmpeg([*inputs, *streams, *ending], report)
    if problem is not None:
        raise UnreadableVideo(f"the reel could not be written ({problem})")
