"""Decodes video within the process that calls it: only limited processes may (see `analysis.video.decode`).

PyAV (FFmpeg's libraries) is used because it alone lets the decoder skip frames that no other frame refers to: at 1080p
that takes 67 % of the time of decoding all frames, reading them through `cv2.VideoCapture` 145 %.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from av.packet import Packet

from analysis.types import SegmentSpan, VideoInfo
from analysis.video.as_shown import Showing
from analysis.video.containers import TIMES_BY_ORDER, decode_packet, open_video, read_packets, seek_before
from analysis.video.frame import Frame, FrameScaling, luma_plane
from analysis.video.sampling import DecodeCounts, Sampling
from analysis.video.shot_cuts import CutDetector, thumbnail

MANY_PIXELS = 4096 * 2304
"""Above this, one thread decodes, so that fewer frames are in memory at once."""
DECODE_THREADS = 4
"""More than cores, as each waits for frames that others decode. Analysing a crowd on two cores takes 1.1 times as long
as decoding it, 1.3 times with two threads."""
MOST_DELAYED = 16
"""By how many frames that time may be later than the one by which the container seeks."""
STANDS_S, MOST_STANDING_S = 0.5, 60.0
"""A picture that stands for long is sampled again so often, but not for ever: who is in it is still on screen."""
BORDER_REACH_S = 10.0
"""A segment border moves to the next keyframe within this time, so that nothing is decoded twice."""


def segment_border_s(path: Path, time_s: float) -> float:
    """Returns the time at which a segment planned for `time_s` starts: the next keyframe, if that is near.

    The segment before asks the same question and so ends there.
    """
    with open_video(path) as (container, stream):
        if not seek_before(container, stream, time_s):
            return time_s
        for packet in read_packets(container, stream):
            if packet.pts is None:
                continue
            packet_s = float(packet.pts * packet.time_base)
            if packet_s > time_s + BORDER_REACH_S:
                break
            if packet.is_keyframe and packet_s >= time_s:
                return packet_s
    return time_s


def sample_frames(
    path: Path, info: VideoInfo, span: SegmentSpan, sampling: Sampling, counts: DecodeCounts, lut: Path | None = None
) -> Iterator[Frame]:
    """Yields the sampled frames of the span in order of time, and adds to `counts` what it meets.

    Damaged frames are counted and skipped. Raises UnreadableVideo or a subclass if the file cannot be opened.
    """
    with open_video(path) as (container, stream):
        yield from _timed(_Reader(container, stream, info, sampling, counts, lut).frames(span), counts)
        counts.damaged += _missing_frames(stream, info, span)


def _timed(frames: Iterator[Frame], counts: DecodeCounts) -> Iterator[Frame]:
    """Adds up the time spent on making frames, not on what is done with them."""
    while True:
        started = time.perf_counter()
        frame = next(frames, None)
        counts.seconds += time.perf_counter() - started
        if frame is None:
            return
        yield frame


class _Reader:
    """State of one decoding pass over a span."""

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.VideoStream,
        info: VideoInfo,
        sampling: Sampling,
        counts: DecodeCounts,
        lut: Path | None,
    ) -> None:
        self.container, self.stream, self.info = container, stream, info
        self.sampling, self.counts = sampling, counts
        self.cuts, self.looks = CutDetector(), sampling.long_side > 0
        self.scaling = FrameScaling(Showing(info, lut), sampling.long_side)
        self.fallback_time_s = info.start_s
        self.counts_by_order = container.format.name in TIMES_BY_ORDER
        self.gap = False
        self.hurries_until_s = -np.inf
        context = stream.codec_context
        context.thread_type = "AUTO"
        context.thread_count = 1 if info.width * info.height > MANY_PIXELS else DECODE_THREADS
        if not sampling.deblock:
            context.options = {**context.options, "skip_loop_filter": "all"}
        # Skipping must leave at least two frames per sample, and makes raw streams lose count of time.
        may_skip = info.seekable and info.rate_fps * sampling.step_s >= 4
        if sampling.references_only and may_skip:
            context.skip_frame = "NONREF"
        self.budget = _ShareBudget(sampling.share) if sampling.share < 1 and may_skip else None

    def frames(self, span: SegmentSpan) -> Iterator[Frame]:
        """Yields samples in order of time: on the grid, and the first and the last frame of every shot."""
        due_s, unused, latest = -np.inf, None, None
        for raw, time_s in self._decoded(span):
            latest = latest or (raw, time_s)
            for standing_s in self._standing_s(latest[1], time_s, span):
                if unused is not None:
                    yield from self._frame(*unused)
                unused = None
                yield from self._frame(latest[0], standing_s)
            latest = raw, time_s
            is_cut = self.looks and self.cuts.is_cut(thumbnail(luma_plane(raw)), after_gap=self.gap)
            self.gap = False
            if time_s < span.start_s:
                continue
            if time_s >= span.end_s:
                self.counts.cut_at_end = is_cut
                break
            if self.counts.decoded == 0:
                self.counts.cut_at_start = is_cut
            elif is_cut and unused is not None:
                yield from self._frame(*unused)
            self.counts.decoded += 1
            if time_s < due_s and not is_cut:
                unused = raw, time_s
                continue
            unused = None
            due_s = self._next_due(due_s, time_s, is_cut)
            yield from self._frame(raw, time_s, begins_shot=is_cut)
        if unused is not None:
            yield from self._frame(*unused)

    def _standing_s(self, latest_s: float, until_s: float, span: SegmentSpan) -> list[float]:
        """Returns when to sample the latest picture again, which a player shows until then."""
        if self.gap or not self.sampling.step_s or until_s - latest_s <= 2 * STANDS_S:
            return []
        last_s = min(until_s - STANDS_S / 2, latest_s + MOST_STANDING_S)
        times = np.arange(latest_s + STANDS_S, last_s, STANDS_S).tolist()
        return [time_s for time_s in times if span.start_s <= time_s < span.end_s]

    def _frame(self, raw: av.VideoFrame, time_s: float, begins_shot: bool = False) -> Iterator[Frame]:
        """Yields the frame, nothing where it is of a kind that no filter takes."""
        index = max(self.counts.decoded - 1, 0)
        frame = _scaled(raw, self.scaling, index=index, time_s=time_s, begins_shot=begins_shot)
        self.counts.sampled += frame is not None
        self.counts.damaged += frame is None
        if frame is not None:
            yield frame

    def _next_due(self, due_s: float, time_s: float, is_cut: bool) -> float:
        """Keeps to a regular grid as long as the frames do; a cut or a gap starts a new one."""
        step_s = self.sampling.step_s
        on_grid = not is_cut and due_s + step_s > time_s
        # A frame that comes a little too early still counts.
        return (due_s if on_grid else time_s) + step_s - 0.25 / self.info.rate_fps * (not on_grid)

    def _decoded(self, span: SegmentSpan) -> Iterator[tuple[av.VideoFrame, float]]:
        """Yields every frame that decodes, with its time, from the keyframe at or before the span's start."""
        early_s = MOST_DELAYED / self.info.rate_fps
        if self.info.seekable and span.start_s > self.info.start_s:
            seek_before(self.container, self.stream, span.start_s - (early_s if self.counts_by_order else 0.0))
            if not (self.looks or self.counts_by_order or self.sampling.references_only):
                self.hurries_until_s = span.start_s - early_s
        skipping = False
        for packet in read_packets(self.container, self.stream):
            self._hurry(packet)
            if not self._wants(packet):
                if not skipping:
                    yield from self._good(self._drained())
                skipping = True
                continue
            self.gap, skipping = self.gap or skipping, False
            yield from self._good(decode_packet(packet))

    def _hurry(self, packet: Packet[av.VideoStream]) -> None:
        """Leaves out, long before the span, what no other frame refers to: nobody sees those frames."""
        if self.hurries_until_s > -np.inf and packet.pts is not None:
            hurries = float(packet.pts * packet.time_base) < self.hurries_until_s
            self.stream.codec_context.skip_frame = "NONREF" if hurries else "DEFAULT"
            if not hurries:
                self.hurries_until_s = -np.inf

    def _wants(self, packet: Packet[av.VideoStream]) -> bool:
        if self.budget is None or packet.pts is None:
            return True
        return self.budget.wants(float(packet.pts * packet.time_base), packet.is_keyframe)

    def _good(self, frames: list[av.VideoFrame] | None) -> Iterator[tuple[av.VideoFrame, float]]:
        if frames is None:
            self.counts.damaged += 1
        for raw in frames or []:
            if raw.is_corrupt:
                self.counts.damaged += 1
            else:
                yield raw, self._time_s(raw)

    def _drained(self) -> list[av.VideoFrame] | None:
        """Returns the frames still inside the decoder and resets it."""
        context = self.stream.codec_context
        try:
            frames = list(context.decode(None))
        except (av.FFmpegError, EOFError):
            return None
        context.flush_buffers()
        return frames

    def _time_s(self, raw: av.VideoFrame) -> float:
        ticks = raw.dts if self.counts_by_order else raw.pts
        time_s = float(ticks * raw.time_base) if ticks is not None and raw.time_base else self.fallback_time_s
        self.fallback_time_s = time_s + 1 / self.info.rate_fps
        return time_s


def _scaled(
    raw: av.VideoFrame, scaling: FrameScaling, *, index: int, time_s: float, begins_shot: bool = False
) -> Frame | None:
    """Returns None for a frame that cannot be shown: a damaged one may tell odd colours or sides of itself."""
    try:
        shown = scaling.showing.show(raw)
    except av.FFmpegError:
        return None
    size = shown.width, shown.height
    return Frame(lambda: shown, scaling.small_bgr(shown), size, index=index, time_s=time_s, begins_shot=begins_shot)


class _ShareBudget:
    """Decides which packets to decode: about a share of the time, each run whole from its keyframe on."""

    FIRST_S = 2.0
    CLOSE_KEYFRAMES_S = 1.0

    def __init__(self, share: float) -> None:
        self.share = share
        self.credit_s = self.FIRST_S
        self.last_s = self.key_s = -np.inf
        self.open = False

    def wants(self, time_s: float, is_keyframe: bool) -> bool:
        """Returns whether to decode the next packet."""
        step_s = max(time_s - self.last_s, 0.0) if np.isfinite(self.last_s) else 0.0
        self.last_s = max(self.last_s, time_s)
        self.credit_s += self.share * step_s - (step_s if self.open else 0.0)
        if is_keyframe:
            self.open = time_s - self.key_s > self.CLOSE_KEYFRAMES_S
            self.key_s = time_s
            return True
        if self.credit_s <= 0:
            self.open = False
        return self.open


def _missing_frames(stream: av.VideoStream, info: VideoInfo, span: SegmentSpan) -> int:
    """Counts frames of the span that the index places beyond the end of the file."""
    missing = 0
    for entry in stream.index_entries:
        if entry.pos + entry.size > info.size_bytes:
            missing += span.start_s <= float(entry.timestamp * (stream.time_base or 0)) < span.end_s
    return missing


def keyframes_at(
    path: Path, info: VideoInfo, times_s: Sequence[float], long_side: int, lut: Path | None = None
) -> Iterator[Frame]:
    """Yields the keyframe at or before each time, once each, in the order asked; skips those that do not decode."""
    scaling, seen = FrameScaling(Showing(info, lut), long_side), set[float]()
    with open_video(path) as (container, stream):
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        for number, wanted_s in enumerate(times_s):
            # A stream that cannot be sought in gives only its first keyframe.
            if number > 0 and not info.seekable:
                return
            if info.seekable and not seek_before(container, stream, wanted_s):
                continue
            stream.codec_context.flush_buffers()
            raw = next(
                (frames[0] for packet in read_packets(container, stream) if (frames := decode_packet(packet))), None
            )
            time_s = None if raw is None else info.start_s if raw.time is None else float(raw.time)
            if raw is None or time_s is None or time_s in seen or raw.is_corrupt:
                continue
            seen.add(time_s)
            frame = _scaled(raw, scaling, index=number, time_s=time_s)
            if frame is not None:
                yield frame
