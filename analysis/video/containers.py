"""Opens untrusted containers: which formats are let in, which stream is the video, how packets are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import av
from av.packet import Packet

from analysis.errors import ForbiddenFormat, NoVideoStream, PictureTooLarge, ProbeLimit, UnreadableVideo

MAX_FRAME_PIXELS = 8192 * 4352
"""8K and a little: one such frame is 50 MB, the decoder holds several."""
NO_DECODER = {"codec_whitelist": "none"}
ALLOWED_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,asf,mpegts,mpegtsraw,mpeg,mpegvideo,ogg,gif,apng,h264,hevc,"
    "m4v,mjpeg,ivf,obu,av1,mxf,nut,rm,dv,vc1,swf,wtv,nsv,y4m,yuv4mpegpipe,h261,h263,cavsvideo,"
    "mp3,wav,flac,aac,ac3,aiff,amr"
)
"""FFmpeg demuxers that read one file and nothing else. Absent on purpose: hls, dash, concat, sdp, image2, lavfi and
all others that open what the file names. The last line holds audio, to say "no video" instead of "forbidden"."""
ALLOWED_PROTOCOLS = "file"
TICKS_PER_S = 1_000_000
"""Unit of a container's own times."""
TS_DISCONT = 0x0200
"""AVFMT_TS_DISCONT in libavformat/avformat.h."""
JUMP_AHEAD_S, JUMP_BACK_S = 10.0, 0.1
"""What ffmpeg takes for a jump of the clock rather than for a gap or an unsteady source."""
COVER_PICTURE, MARKED = av.stream.Disposition.attached_pic, av.stream.Disposition.default
STILL_AFTER_S = 10.0
"""A stream that holds one picture, while another has gone on for so long, is a cover that is not called one."""
TIMES_BY_ORDER = ("avi",)
"""Containers that hold no times of display: FFmpeg guesses them, and of frames that refer to later ones wrongly. Frames
leave the decoder in order of display; each gets the time of the packet that completed it."""
FIRST_STEP_BACK_S = 1.0
MOST_PACKETS_TO_KEYFRAME = 2_000
ENDS = (av.FFmpegError, EOFError, IndexError)
"""How reading packets may end early. The last one comes behind all of them where a stream appeared on the way, as sound
does in recordings from the air: PyAV has no place for it."""


MediaStream = TypeVar("MediaStream", av.VideoStream, av.AudioStream)


@contextmanager
def open_video(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Yields the container and the video stream that a player shows; raises UnreadableVideo or a subclass."""
    with closing(_opened(path)) as container:
        stream = _shown_stream(container, path)
        if not stream.codec_context.width:  # its decoder refused the size, and with it what the container says
            refuse_large(*_size_told(path, stream.index), path)
        # Of every frame, not only of the first: a stream may grow.
        stream.codec_context.options = {**stream.codec_context.options, **_few_pixels()}
        yield container, stream


def _few_pixels() -> dict[str, str]:
    """Returns what a decoder is told."""
    return {"max_pixels": str(MAX_FRAME_PIXELS)}


def _opened(path: Path, *, decodes: bool = True) -> av.container.InputContainer:
    """Opens what is let in, which decodes, too, for what a container does not say."""
    options = {"format_whitelist": ALLOWED_FORMATS, "protocol_whitelist": ALLOWED_PROTOCOLS}
    options |= _few_pixels() if decodes else NO_DECODER
    try:
        return av.open(f"file:{path}", options=options, metadata_errors="replace")
    except av.ArgumentError as error:
        raise ForbiddenFormat(f"{path.name}: this kind of file is not accepted as a video") from error
    except MemoryError as error:
        raise ProbeLimit(f"{path.name}: its index asks for more memory than an honest video needs") from error
    except (av.FFmpegError, EOFError, ValueError) as error:
        raise UnreadableVideo(f"{path.name}: not a video that can be read") from error


def _size_told(path: Path, number: int) -> tuple[int, int]:
    """Returns the width and height that the container says of a stream, without any decoder; 0 where it does not."""
    with closing(_opened(path, decodes=False)) as container:
        context: Any = container.streams[number].codec_context
        return context.width, context.height


def _shown_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """Returns the video stream that Chromium shows; covers do not count, whether called so or not.

    Of several it is the first in Matroska, whatever they are marked as, the first that is marked in MP4. Raises
    NoVideoStream, or UnreadableVideo where all of them are coded in ways that nobody knows.
    """
    films = [stream for stream in container.streams.video if not stream.disposition & COVER_PICTURE]
    if not films:
        raise NoVideoStream(f"{path.name}: holds no moving picture")
    films = [stream for stream in films if is_of_known_codec(stream)]
    if not films:
        raise UnreadableVideo(f"{path.name}: how its pictures are coded is not known")
    if len(films) > 1:
        moving = _moving(path, [stream.index for stream in films])
        films = [stream for stream in films if stream.index in moving] or films
    kinds = container.format.name.split(",")
    if "matroska" in kinds:
        return films[0]
    if "mp4" in kinds:
        return next((stream for stream in films if stream.disposition & MARKED), films[0])
    best = container.streams.best("video")
    return next((stream for stream in films if best is not None and stream.index == best.index), films[0])


def is_of_known_codec(stream: MediaStream) -> bool:
    """Tells whether there is a decoder: without one PyAV gives a stream no context, whatever its types say."""
    context: Any = stream.codec_context
    return context is not None


def _moving(path: Path, numbers: list[int]) -> set[int]:
    """Returns which of these streams hold more than one picture, as far as their first seconds tell."""
    counts = dict.fromkeys(numbers, 0)
    first_s: float | None = None
    with closing(_opened(path)) as container:
        try:
            for packet in container.demux(numbers):
                counts[packet.stream.index] += packet.size > 0
                if packet.pts is not None:
                    time_s = float(packet.pts * packet.time_base)
                    first_s = time_s if first_s is None else min(first_s, time_s)
                    if time_s - first_s > STILL_AFTER_S:
                        break
                if min(counts.values()) > 1:
                    break
        except ENDS:
            pass  # as `read_packets`: what is cut off just ends earlier
    return {number for number, count in counts.items() if count > 1}


def refuse_large(width: int, height: int, path: Path) -> None:
    """Raises PictureTooLarge if frames of this size have more than `MAX_FRAME_PIXELS`."""
    if width * height > MAX_FRAME_PIXELS:
        limit = f"{MAX_FRAME_PIXELS / 1e6:.1f} million pixels"
        raise PictureTooLarge(f"{path.name}: its frames are {width} x {height}, more than the limit of {limit}")


def clock_may_jump(container: av.container.InputContainer) -> bool:
    """Tells whether times of the format may jump or begin anew, as those of recordings from the air do."""
    return bool(container.format.flags & TS_DISCONT)


class SteadyClock:
    """Moves the times of packets so that they go on where a clock jumped, as ffmpeg does for its copies.

    Expects the packets of one stream from a place on; which time that place has is the container's.
    """

    def __init__(self) -> None:
        self.jumps = 0
        self.step = 0
        """Between the last two packets, which tell no lengths in some formats."""
        self._last: int | None = None
        self._shift = 0

    def set(self, packet: Packet[Any]) -> None:
        """Changes the packet's times, in the stream's unit."""
        if packet.dts is None:
            return
        base = float(packet.time_base)
        told = packet.dts + self._shift
        if self._last is not None:
            ahead_s, back_s = (told - self._last - self.step) * base, (self._last - told) * base
            if ahead_s > JUMP_AHEAD_S or back_s > JUMP_BACK_S:
                self.jumps += 1
                self._shift += self._last + self.step - told
                told = self._last + self.step
            else:
                self.step = told - self._last
        self._last = told
        if self._shift:
            if packet.pts is not None:
                packet.pts += self._shift
            packet.dts = told


def read_packets(
    container: av.container.InputContainer, stream: MediaStream, clock: SteadyClock | None = None
) -> Iterator[Packet[MediaStream]]:
    """Yields compressed packets with times that do not jump; a truncated container just ends earlier."""
    clock = clock or SteadyClock()
    jumpy = clock_may_jump(container)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except ENDS:
            return
        if packet is None:
            return
        if jumpy:
            clock.set(packet)
        yield packet


def decode_packet(packet: Packet[av.VideoStream]) -> list[av.VideoFrame] | None:
    """Returns the frames that this packet completes, or None if it is damaged."""
    try:
        return list(packet.decode())
    except (av.FFmpegError, EOFError):
        return None


def seek_before(container: av.container.InputContainer, stream: av.VideoStream, time_s: float) -> bool:
    """Seeks to the keyframe at or before the time, or to the first one; returns False if the container cannot.

    Some containers know no keyframes, or seek by the times of decoding: then the place lies behind the keyframe.
    """
    step_back_s, first_s = 0.0, float((stream.start_time or 0) * (stream.time_base or 0))
    while True:
        wanted_s = time_s - step_back_s
        if not seek_by_index(container, stream, wanted_s):
            return step_back_s > 0 and seek_by_index(container, stream, first_s)
        found_s = first_keyframe_s(container, stream)
        if (found_s is not None and found_s <= time_s) or wanted_s < first_s:
            return seek_by_index(container, stream, wanted_s)
        step_back_s = max(2 * step_back_s, FIRST_STEP_BACK_S)


def first_keyframe_s(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """Reads on to the next keyframe and returns its time, None where none comes soon."""
    for number, packet in enumerate(read_packets(container, stream)):
        if packet.is_keyframe and packet.pts is not None:
            return float(packet.pts * packet.time_base)
        if number > MOST_PACKETS_TO_KEYFRAME:
            break
    return None


def seek_by_index(container: av.container.InputContainer, stream: av.VideoStream, time_s: float) -> bool:
    """Seeks to what the container takes for the keyframe at or before the time; returns False if it cannot."""
    try:
        container.seek(round(time_s / (stream.time_base or Fraction(1, TICKS_PER_S))), stream=stream, backward=True)
    except (av.FFmpegError, OverflowError):
        return False
    return True
