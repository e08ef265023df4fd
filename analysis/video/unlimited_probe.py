"""Reads a video's metadata within the process that calls it: only limited processes may (see `analysis.video.decode`).

What a container says of itself is checked: by one decoded frame, by seeking, as an index may be wrong, and by all
packets where it says nothing or odd things.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.frame import PictureType

from analysis.errors import UnreadableVideo
from analysis.types import BLANK_S, VideoInfo
from analysis.video.as_shown import curve_of, orientation_of
from analysis.video.containers import (
    TICKS_PER_S,
    TIMES_BY_ORDER,
    SteadyClock,
    clock_may_jump,
    decode_packet,
    is_of_known_codec,
    open_video,
    read_packets,
    refuse_large,
    seek_before,
    seek_by_index,
)

UNKNOWN_RATE_FPS = 25.0
MAX_RATE_FPS = 1000.0
FIRST_FRAME_PACKETS = 2_000
"""A file of which so many packets fail to decode counts as unreadable."""
LONG_GAP_S = 12.0
"""An index with no keyframe for longer is checked by reading all packets: it may end early, or know none."""
CHECKED_SHARES = (0.37, 0.71)
"""Where it is tried whether keyframes are what the index says; cuts and chapters seldom lie just there."""
PACKETS_TO_FRAME = 64
RESTART_SHARES = (0.1, *CHECKED_SHARES, 0.9)
RESTART_UNIT = 5
"""Of H.264: a slice of a picture behind which nothing refers to what was before it."""


@dataclass(frozen=True, slots=True)
class Structure:
    """How long a video is, how far before a picture decoding has to begin at most, and what its index is worth."""

    duration_s: float
    keyframe_gap_s: float
    is_steady: bool = True
    """Times rise and keyframes are such, so that one can seek."""
    is_indexed: bool = True
    """The file itself says how long it is and where its keyframes are."""


def probe(path: Path) -> VideoInfo:
    """Returns the container's metadata, checked by decoding one frame; raises UnreadableVideo or a subclass."""
    info, may_jump = _first_seen(path)
    structure = _structure(path, info, may_jump=may_jump)
    return replace(
        info,
        duration_s=structure.duration_s,
        seekable=info.seekable and structure.is_steady,
        keyframe_gap_s=structure.keyframe_gap_s,
        indexed=structure.is_indexed,
        open_groups=_has_open_groups(path, info.start_s, structure.duration_s),
    )


def _first_seen(path: Path) -> tuple[VideoInfo, bool]:
    """Returns what headers and the first frame tell, and whether the clock may jump; no index has been tried.

    Nothing of its decoder is left, which holds hundreds of megabytes of large pictures.
    """
    with open_video(path) as (container, stream):
        refuse_large(stream.codec_context.width, stream.codec_context.height, path)
        stream.codec_context.thread_count = 1
        first = _first_frame(container, stream, path)
        refuse_large(first.width, first.height, path)
        return _told(path, container, stream, first), clock_may_jump(container)


def _told(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream, first: av.VideoFrame
) -> VideoInfo:
    rotation, mirrored = orientation_of(first)
    ratio = stream.sample_aspect_ratio or Fraction(1)
    width, height = _square_pixels(first.width, first.height, ratio)
    turned = rotation in (90, 270)
    start_s = _start_s(container, stream)
    return VideoInfo(
        duration_s=float((container.duration or 0) / TICKS_PER_S),
        width=height if turned else width,
        height=width if turned else height,
        rate_fps=_rate_fps(stream),
        rotation_deg=rotation,
        start_s=start_s,
        container=container.format.name,
        video_codec=stream.codec_context.name,
        pixel_format=first.format.name,
        audio_codec=_sound_codec(container),
        size_bytes=path.stat().st_size,
        frames_estimate=max(stream.frames, 0),
        video_stream=stream.index,
        video_streams=len(container.streams.video),
        seekable=first.pts is not None,
        first_frame_s=start_s if first.time is None else float(first.time),
        mirrored=mirrored,
        stretched=ratio != 1,
        interlaced=first.interlaced_frame,
        curve=curve_of(first),
    )


def _first_frame(container: av.container.InputContainer, stream: av.VideoStream, path: Path) -> av.VideoFrame:
    for number, packet in enumerate(read_packets(container, stream)):
        frames = decode_packet(packet)
        if frames:
            return frames[0]
        if number > FIRST_FRAME_PACKETS:
            break
    raise UnreadableVideo(f"{path.name}: no frame can be decoded")


def _square_pixels(width: int, height: int, ratio: Fraction) -> tuple[int, int]:
    """Returns the size with square pixels: the side that is too short becomes longer, as players do it."""
    if ratio >= 1:
        return round(width * ratio), height
    return width, round(height / ratio)


def _sound_codec(container: av.container.InputContainer) -> str:
    """Returns the codec, empty without sound that can be decoded; FFmpeg's "mp3float" is a decoder for mp3."""
    first = next(iter(container.streams.audio), None)
    return first.codec_context.name.removesuffix("float") if first and is_of_known_codec(first) else ""


def _rate_fps(stream: av.VideoStream) -> float:
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    return rate if 0 < rate <= MAX_RATE_FPS else UNKNOWN_RATE_FPS


def _start_s(container: av.container.InputContainer, stream: av.VideoStream) -> float:
    """Returns when what is played begins: of all streams a copy holds this one and the first with sound."""
    held = [stream, *container.streams.audio[:1]]
    starts = [
        float(each.start_time * each.time_base) for each in held if each.start_time is not None and each.time_base
    ]
    whole = (container.start_time or 0) / TICKS_PER_S
    return max(min(starts, default=whole), whole)


def _structure(path: Path, info: VideoInfo, *, may_jump: bool) -> Structure:
    """Checks how long the container says that it is, and its index; `may_jump`: its clock."""
    start_s, duration_s = info.start_s, info.duration_s
    gap_s = _gap_by_index(path, start_s, duration_s)
    # Matroska's length counts from zero on.
    counts_blank = start_s > BLANK_S and "mp4" not in info.container.split(",")
    if duration_s <= 0 or may_jump or counts_blank or gap_s > LONG_GAP_S:
        whole = _measured(path, start_s, info.rate_fps)
        is_indexed = duration_s > 0 and gap_s <= whole.keyframe_gap_s + LONG_GAP_S
    else:
        whole, is_indexed = Structure(duration_s, gap_s), True
    behind_s = [_behind_s(path, start_s + share * whole.duration_s) for share in CHECKED_SHARES]
    is_steady = whole.is_steady and math.isfinite(max(behind_s))
    gap_s = min(max(whole.keyframe_gap_s, *behind_s), whole.duration_s)
    return Structure(whole.duration_s, gap_s, is_steady, is_indexed)


def _gap_by_index(path: Path, start_s: float, duration_s: float) -> float:
    """Returns the longest time without a keyframe by the index, infinite where there is none, or a wrong one."""
    with open_video(path) as (container, stream):
        for share in CHECKED_SHARES:  # also because some indexes are read when they are needed
            if not seek_by_index(container, stream, start_s + share * duration_s):
                return math.inf
            first = next(read_packets(container, stream), None)
            if first is None or not first.is_keyframe:
                return math.inf
        base = float(stream.time_base or 0)
        keys = sorted(float(entry.timestamp) * base for entry in stream.index_entries if entry.is_keyframe)
        gaps = [b - a for a, b in pairwise([start_s, *keys, start_s + duration_s])]
        return max(gaps) if keys else math.inf


def _has_open_groups(path: Path, start_s: float, duration_s: float) -> bool:
    """Tells whether pictures of H.264 refer to what lies before the keyframe that they are shown after."""
    with open_video(path) as (container, stream):
        if stream.codec_context.name != "h264":
            return False
        restarts = BitStreamFilterContext(f"filter_units=pass_types={RESTART_UNIT}", stream)
        for share in RESTART_SHARES:
            if not seek_before(container, stream, start_s + share * duration_s):
                continue
            key = next((packet for packet in read_packets(container, stream) if packet.is_keyframe), None)
            if key is not None and not _passes(restarts, key):
                return True
    return False


def _passes(wanted: BitStreamFilterContext, packet: Packet[av.VideoStream]) -> bool:
    try:
        return bool(wanted.filter(packet))
    except av.FFmpegError:  # damaged: nothing can be told of it
        return True


def _measured(path: Path, start_s: float, rate_fps: float) -> Structure:
    """Returns what all packets say, of the picture and of the first sound."""
    last_s, key_s, gap_s, count, clock = start_s, start_s, 0.0, 0, SteadyClock()
    with open_video(path) as (container, stream):
        if container.streams.audio:
            last_s = max(last_s, _sound_end_s(path))
        for packet in read_packets(container, stream, clock):
            count += packet.size > 0
            if packet.pts is None:
                continue
            time_s = float(packet.pts * packet.time_base)
            last_s = max(last_s, time_s + float((packet.duration or clock.step) * packet.time_base))
            if packet.is_keyframe:
                gap_s, key_s = max(gap_s, time_s - key_s), time_s
    duration_s = last_s - start_s if last_s > start_s else count / rate_fps
    return Structure(duration_s, max(gap_s, last_s - key_s), is_steady=clock.jumps == 0)


def _sound_end_s(path: Path) -> float:
    end_s = -math.inf
    with open_video(path) as (container, _stream):
        for packet in read_packets(container, container.streams.audio[0]):
            if packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end_s


def _behind_s(path: Path, time_s: float) -> float:
    """Returns how far before a sought time decoding begins; infinite where it cannot begin at what is found.

    An index may call any frame a keyframe, and without one some containers go back to their first.
    """
    with open_video(path) as (container, stream):
        stream.codec_context.thread_count = 1
        if not seek_before(container, stream, time_s):
            return math.inf
        packets = read_packets(container, stream)
        key = next((packet for packet in packets if packet.is_keyframe), None)
        if key is None:
            return math.inf
        frames = decode_packet(key) or []
        for packet in islice(packets, PACKETS_TO_FRAME):
            frames = frames or decode_packet(packet) or []
        if not frames or not _begins_at(frames[0], key, container.format.name):
            return math.inf
        return 0.0 if key.pts is None else max(time_s - float(key.pts * key.time_base), 0.0)


def _begins_at(frame: av.VideoFrame, key: Packet[av.VideoStream], container: str) -> bool:
    """Tells whether a frame is that of the keyframe, or one shown before it that came with it."""
    if key.is_discard or key.pts is None or frame.pts is None or container in TIMES_BY_ORDER:
        return True
    return frame.pts < key.pts or (frame.pts == key.pts and frame.pict_type == PictureType.I)
