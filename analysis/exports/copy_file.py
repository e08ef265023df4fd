"""Writes copies frame by frame: encodes parts, joins them without encoding anew, adds the sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import av
import numpy as np
from av.packet import Packet

from analysis.errors import UnreadableVideo
from analysis.exports.choice import Sound
from analysis.exports.copy_parts import EncodedFrame, EncodedPart
from analysis.types import Image, VideoInfo
from analysis.video.containers import open_video, read_packets
from analysis.video.frame import ColourTags
from analysis.video.web_copy import input_arguments, run_if_need_be_without_sound

TIME_BASE = Fraction(1, 90_000)
"""Holds all usual rates exactly, and every time to 6 microseconds."""
QUALITY_CRF = 21
ENCODER_THREADS = 2
LEAD_S = 60.0
"""Added to all times in files of parts: encoders begin to count before the first frame, and the container moves
times that would be negative."""
REORDERED = 2
"""Frames by which x264 delays its output to put them into the order of decoding."""
PITCH = 0.78
"""A voice three to four half-tones lower: a man's, a woman's and a child's come to lie where others' are."""


class Search(NamedTuple):
    """How hard x264 looks for what a frame has in common with others, and how often it begins anew."""

    preset: str
    parameters: str
    key_every_s: float


CAREFUL = Search("superfast", "open-gop=0:b-adapt=0:scenecut=0:analyse=i8x8:threads=1", 1.0)
"""A third less time than "veryfast"; at the same quality files are larger by a fifth. Choosing where to put B frames,
looking for cuts and trying blocks of 4 x 4 take a quarter of the time, and make files of this preset no smaller.
Threads take a twentieth more, and others have enough to do meanwhile.
What a check finds wanting is encoded again up to the next keyframe; half as many make files 1 to 6 % smaller, and 13 %
where nothing moves.
"""
QUICK = Search(
    "ultrafast",
    "open-gop=0:b-adapt=0:bframes=3:cabac=1:8x8dct=1:analyse=i4x4,i8x8:no-deblock=0:deblock=0,0",
    2.0,
)
"""What of "superfast" is worth its time: the same PSNR and SSIM in two thirds of it, files 0.7 to 1.3 times as large.
Motion between pixels and cuts, which it looks for, are not; keyframes come often enough. Not for copies with people
hidden: of one, the check found three frames more."""


class StretchWriter:
    """Encodes frames as H.264 into a file of its own, at `LEAD_S` later; `times_s` are those of the frames written.

    Decoding can begin at those of `key_times_s`, and nothing refers to what lies before. Once it is closed,
    `whole_counts` says after how many frames none refers to later ones. Used as a context: an exception leaves no file
    behind.
    """

    def __init__(
        self,
        target: Path,
        width: int,
        height: int,
        rate_fps: float,
        crf: int = QUALITY_CRF,
        search: Search = CAREFUL,
    ) -> None:
        self.target, self.times_s, self.key_times_s, self.whole_counts = target, list[float](), set[float](), {0}
        self._container = av.open(str(target), "w", format="nut")
        rate = Fraction(rate_fps).limit_denominator(1001)
        options = {"preset": search.preset, "x264-params": search.parameters, "crf": str(crf)}
        self._stream = self._container.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.codec_context.time_base = TIME_BASE
        self._stream.codec_context.thread_count = ENCODER_THREADS
        self._last_tick = self._latest = -1
        self._decoded = 0
        self._key_every_s, self._next_key_s = search.key_every_s, -np.inf

    def add(self, planes: Image, time_s: float, tags: ColourTags | None = None) -> None:
        """Encodes the next frame, as by `Frame.planes`, at this time, 0 or later; it must not change afterwards."""
        if tags is not None and not self.times_s:
            self._tag(tags)
        frame = av.VideoFrame.from_numpy_buffer(planes, format="yuv420p")
        self._last_tick = max(round(time_s / TIME_BASE), self._last_tick + 1)
        frame.pts, frame.time_base = self._last_tick + round(LEAD_S / TIME_BASE), TIME_BASE
        self.times_s.append(self._last_tick * float(TIME_BASE))
        if time_s >= self._next_key_s:
            frame.pict_type = av.video.frame.PictureType.I
            self._next_key_s = time_s + self._key_every_s
            self.key_times_s.add(self.times_s[-1])
        self._mux(self._stream.encode(frame))

    def _mux(self, packets: Sequence[Packet[av.VideoStream]]) -> None:
        """Writes packets, which come in the order of decoding."""
        for packet in packets:
            assert packet.pts is not None
            self._decoded, self._latest = self._decoded + 1, max(self._latest, packet.pts - round(LEAD_S / TIME_BASE))
            last_s = self.times_s[self._decoded - 1]
            # Not right behind a keyframe: two in a row of different encoders may carry one number.
            if self._latest == round(last_s / TIME_BASE) and last_s not in self.key_times_s:
                self.whole_counts.add(self._decoded)
            self._container.mux(packet)

    def _tag(self, tags: ColourTags) -> None:
        context = self._stream.codec_context
        context.color_range = tags.color_range
        context.colorspace = tags.colorspace
        context.color_primaries = tags.color_primaries
        context.color_trc = tags.color_trc

    def __enter__(self) -> StretchWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if error is None and self.times_s:
                self._mux(self._stream.encode(None))
        finally:
            self._container.close()
            if error is not None or not self.times_s:
                self.target.unlink(missing_ok=True)


def join_parts(parts: Sequence[EncodedPart], target: Path) -> None:
    """Writes the frames of all parts, in order of time and encoded alike, into one file."""
    ticks = [_ticks(frame) for part in parts for frame in part.frames]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1
    ticks = [ticks[0] - (REORDERED - number) * step for number in range(REORDERED)] + ticks
    with av.open(str(target), "w", format="nut") as container:
        stream = None
        number = 0
        for part in parts:
            first, last = _ticks(part.frames[0]), _ticks(part.frames[-1])
            with open_video(part.file) as (source, video):
                stream = stream or container.add_stream_from_template(video)
                for packet in read_packets(source, video):
                    if packet.pts is None or not packet.size:
                        continue
                    packet.pts = round(packet.pts * packet.time_base / TIME_BASE)
                    if not first <= packet.pts <= last:
                        continue
                    packet.dts = min(ticks[number], packet.pts)
                    packet.duration = 0
                    packet.time_base, packet.stream = TIME_BASE, stream
                    number += 1
                    container.mux(packet)


def _ticks(frame: EncodedFrame) -> int:
    return round((frame.copy_s + LEAD_S) / TIME_BASE)


def add_sound(
    picture: Path,
    first_s: float,
    source: Path,
    info: VideoInfo,
    sound: Sound,
    target: Path,
    report: Callable[[float], None],
) -> None:
    """Writes an MP4 of the encoded `picture`, whose first frame is at `first_s`, and the source's sound as AAC.

    Times count from where the source's container starts, as in a web copy. Sound too damaged to convert is left out.
    Nothing else of the source comes along. Raises UnreadableVideo.
    """
    wanted = bool(info.audio_codec) and sound is not Sound.MUTE
    # FFmpeg takes the start of each input for 0; without the offset the picture would come too early.
    start = ["-itsoffset", f"{first_s:.6f}", "-i", f"file:{picture}"]
    ending = ["-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", "-f", "mp4", str(target)]
    picture_stream = ["-map", "0:v:0", "-c:v", "copy"]

    def arguments(with_sound: bool) -> list[str]:
        if not with_sound:
            return [*start, *picture_stream, *ending]
        return [*start, *input_arguments(source), *picture_stream, "-map", "1:a:0", *sound_arguments(sound), *ending]

    problem = run_if_need_be_without_sound(arguments, wanted, report)
    if problem is not None:
        target.unlink(missing_ok=True)
        raise UnreadableVideo(f"{source.name}: no copy could be written ({problem})")


def sound_arguments(sound: Sound) -> list[str]:
    """Returns ffmpeg's arguments for the sound of a copy: AAC in stereo."""
    encoding = ["-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000"]
    if sound is not Sound.PITCH:
        return encoding
    return ["-af", f"aresample=48000,asetrate={round(48000 * PITCH)},aresample=48000,atempo={1 / PITCH:.6f}", *encoding]
