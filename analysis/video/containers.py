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


def read_packets(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[Packet[av.VideoStream]]:
    """Yields compressed packets; a truncated container just ends earlier."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, EOFError):
            return
        if packet is None:
            return
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
