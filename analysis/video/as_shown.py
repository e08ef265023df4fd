"""What a player makes of decoded pictures: upright, with square pixels, whole frames, in the colours of a screen.

One list of filters says it for what is analysed and for what is played: the frames of `decode`, ffmpeg's copies.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType

from analysis.types import VideoInfo

PLAIN_FORMATS = ("yuv420p", "yuvj420p")
PQ, HLG = "pq", "hlg"
CURVES = {16: PQ, 18: HLG}
"""Transfer characteristics of high dynamic range, by their numbers in ITU-T H.273."""
BT2020_PRIMARIES = 9
UNKNOWN_CURVES = (0, 2)
HDR_BITS = 10
TURNS = {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
SAME_SHAPE = 0.02
"""Frames whose sides' ratio differs by less fill the picture: sides are rounded."""
SCREEN_COLOURS = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"


def orientation_of(frame: av.VideoFrame) -> tuple[int, bool]:
    """Returns how a player turns the frame clockwise, 0, 90, 180 or 270, after it has mirrored it left to right or not.

    Of a display matrix the nearest of the eight orientations counts; shifts do not. Source: ISO/IEC 14496-12, 8.2.2.
    """
    data = _side_data(frame, SideDataType.DISPLAYMATRIX)
    if data is None:
        return 0, False
    a, b, _, c, d, *_ = np.frombuffer(data, np.int32).astype(float).tolist()
    if abs(a * d - b * c) < 1:
        return 0, False
    mirrored = a * d - b * c < 0
    # A matrix that mirrors is one that turns, after x has changed its sign.
    angle_deg = np.degrees(np.arctan2(-b if mirrored else b, -a if mirrored else a))
    return round(float(angle_deg) / 90) * 90 % 360, mirrored


def curve_of(frame: av.VideoFrame) -> str:
    """Returns the curve of brightness beyond a screen's, "" for none. Tags may be missing where others give it away."""
    curve = CURVES.get(int(frame.color_trc))
    if curve is not None:
        return curve
    deep = max(part.bits for part in frame.format.components) >= HDR_BITS
    graded = _side_data(frame, SideDataType.MASTERING_DISPLAY_METADATA) is not None
    wide = int(frame.color_primaries) == BT2020_PRIMARIES and int(frame.color_trc) in UNKNOWN_CURVES
    return PQ if deep and (graded or wide) else ""


def _side_data(frame: av.VideoFrame, kind: SideDataType) -> bytes | None:
    data = frame.side_data.get(kind)  # type: ignore[call-overload]  # by its type, which the stubs do not know
    return None if data is None else bytes(data)


def needs_nothing(info: VideoInfo) -> bool:
    """Tells whether frames are shown as they are decoded."""
    return (
        info.pixel_format in PLAIN_FORMATS
        and info.rotation_deg == 0
        and info.sample_aspect_ratio == 1
        and not (info.mirrored or info.stretched or info.interlaced or info.curve)
    )


def filters(info: VideoInfo, lut: Path | None, size: tuple[int, int], deinterlacer: str) -> list[str]:
    """Returns ffmpeg's filters from decoded frames to shown ones of this displayed width and height.

    `lut` is the table of the curve, as `tone_map.lut_file` writes it.
    """
    stored = _turned(info, size)
    steps = [deinterlacer] if info.interlaced else []
    scale = f"scale={_fitted(*stored, is_stretched=info.stretched)}:flags=bilinear"
    if info.curve:
        assert lut is not None
        steps += [f"{scale}:in_color_matrix=bt2020", "format=gbrp12le", f"lut3d=file={lut}:interp=tetrahedral"]
        steps += ["scale=out_color_matrix=bt709:out_range=tv", "format=yuv420p", SCREEN_COLOURS]
    else:
        steps += [scale, "format=yuv420p|yuvj420p"]
    steps += [] if info.stretched else [f"pad={stored[0]}:{stored[1]}:-1:-1"]
    steps += ["hflip"] if info.mirrored else []
    return [*steps, *TURNS.get(info.rotation_deg, ()), "setsar=1"]


def _turned(info: VideoInfo, size: tuple[int, int]) -> tuple[int, int]:
    """Returns the displayed width and height as they are before a player turns the frame."""
    return size[::-1] if info.rotation_deg in (90, 270) else size


def _fitted(width: int, height: int, *, is_stretched: bool) -> str:
    """Returns the sides to scale to: this size, or as much of it as frames of another shape fill in a player."""
    if is_stretched:  # the shape of a frame says nothing without that of its pixels
        return f"{width}:{height}"
    narrow, flat = f"lt(a*{height},{width * (1 - SAME_SHAPE)})", f"gt(a*{height},{width * (1 + SAME_SHAPE)})"
    fitted_width, fitted_height = f"max(2,trunc(a*{height}/2)*2)", f"max(2,trunc({width}/a/2)*2)"
    return f"w='if({narrow},{fitted_width},{width})':h='if({flat},{fitted_height},{height})'"


def shown_size(info: VideoInfo) -> tuple[int, int]:
    """Returns the displayed width and height, with square pixels."""
    return max(round(info.width * info.sample_aspect_ratio), 1), info.height


class Showing:
    """Turns decoded frames of one video into shown ones of one size, whatever sizes they have."""

    def __init__(self, info: VideoInfo, lut: Path | None) -> None:
        self.info, self.lut = info, lut
        self._size = shown_size(info)
        self._plain_size = self._size if needs_nothing(info) else None
        self._graph: Graph | None = None
        self._key: tuple[int, int, str] | None = None

    def show(self, raw: av.VideoFrame) -> av.VideoFrame:
        """Returns the frame as it is shown: 8 bits, 4:2:0. Its times are not to be used."""
        if (raw.width, raw.height) == self._plain_size and raw.format.name in PLAIN_FORMATS:
            return raw
        key = raw.width, raw.height, raw.format.name
        # What deinterlaces waits for the frame after, and samples lie apart: each goes through a graph of its own.
        if self._graph is None or key != self._key or self.info.interlaced:
            self._graph, self._key = self._made(raw), key
        self._graph.push(raw)
        if self.info.interlaced:
            self._graph.push(None)
        shown = self._graph.pull()
        assert isinstance(shown, av.VideoFrame)
        return shown

    def _made(self, raw: av.VideoFrame) -> Graph:
        graph = Graph()
        nodes = [graph.add_buffer(width=raw.width, height=raw.height, format=raw.format, time_base=Fraction(1, 90_000))]
        for step in filters(self.info, self.lut, self._size, "estdif=deint=interlaced"):
            name, _, arguments = step.partition("=")
            nodes.append(graph.add(name, arguments))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        return graph
