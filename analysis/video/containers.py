"""Opens untrusted containers: which formats are let in, which stream is the video, how packets are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet

from analysis.errors import ForbiddenFormat, NoVideoStream, PictureTooLarge, ProbeLimit, UnreadableVideo

MAX_FRAME_PIXELS = 8192 * 4352
"""8K and a little: one such frame is 50 MB, the decoder holds several."""
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
COVER_PICTURE = av.stream.Disposition.attached_pic


@contextmanager
def open_video(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Yields the container and its default or best video stream; raises UnreadableVideo or a subclass."""
    options = {"format_whitelist": ALLOWED_FORMATS, "protocol_whitelist": ALLOWED_PROTOCOLS}
    try:
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except av.ArgumentError as error:
        raise ForbiddenFormat(f"{path.name}: this kind of file is not accepted as a video") from error
    except MemoryError as error:
        raise ProbeLimit(f"{path.name}: its index asks for more memory than an honest video needs") from error
    except (av.FFmpegError, EOFError, ValueError) as error:
        raise UnreadableVideo(f"{path.name}: not a video that can be read") from error
    with closing(container):
        stream = _best_stream(container, path)
        # Of every frame, not only of the first: a stream may grow.
        stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(MAX_FRAME_PIXELS)}
        yield container, stream


def _best_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """Returns the default or best video stream; cover art of audio files does not count. Raises NoVideoStream."""
    moving = [stream for stream in container.streams.video if not stream.disposition & COVER_PICTURE]
    if not moving:
        raise NoVideoStream(f"{path.name}: holds no moving picture")
    best = container.streams.best("video")
    return next((stream for stream in moving if best is not None and stream.index == best.index), moving[0])


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

    def set(self, packet: Packet[av.VideoStream]) -> None:
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
    container: av.container.InputContainer, stream: av.VideoStream, clock: SteadyClock | None = None
) -> Iterator[Packet[av.VideoStream]]:
    """Yields compressed packets with times that do not jump; a truncated container just ends earlier."""
    clock = clock or SteadyClock()
    jumpy = clock_may_jump(container)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, EOFError):
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
    """Seeks to the keyframe at or before the time; returns False if the container cannot."""
    try:
        container.seek(round(time_s / (stream.time_base or Fraction(1, TICKS_PER_S))), stream=stream, backward=True)
    except (av.FFmpegError, OverflowError):
        return False
    return True
