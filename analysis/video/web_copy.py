"""Makes what a browser needs of a video: a playable copy, a poster, sprites for scrubbing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

from analysis.errors import UnreadableVideo
from analysis.types import BLANK_S, WHOLE_VIDEO, Image, OnProgress, Progress, SegmentSpan, VideoInfo
from analysis.video.as_shown import filters, shown_size
from analysis.video.containers import ALLOWED_FORMATS, ALLOWED_PROTOCOLS, MAX_FRAME_PIXELS
from analysis.video.decode import DecodeCounts, Sampling, keyframes_at, sample_frames
from analysis.video.ffmpeg import run_ffmpeg
from analysis.video.frame import Frame
from analysis.video.tone_map import lut_file

COPY_LONG_SIDE, COPY_SHORT_SIDE = 1920, 1080
MAX_PLAYED_PIXELS = 4096 * 2304
"""Browsers decode larger frames, if at all, too slowly to play."""
DECODE_THREADS = 4
POSTER_SIDE = 640
POSTER_MOMENTS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.0)
POSTER_BEGIN_S = 20.0
TILE_SIDE = 160
SPRITE_COLUMNS = 10
MAX_TILES = 100
EXACT_TILES_BELOW_S = 60.0
"""Shorter videos are decoded whole for their tiles, longer ones by keyframes only."""
TILES_BEHIND = 5
"""So many tiles may show one keyframe, before all frames are decoded for them."""
JPEG_QUALITY = 82
MP4_SOUND = ("aac", "mp3", "")
WEBM_SOUND = ("opus", "vorbis", "")
WEBM_PICTURES = ("vp8", "vp9", "av1")
PLAIN_FORMATS = ("yuv420p", "yuvj420p")
"""8 bit, 4:2:0: what Chromium's H.264 decoder shows everywhere."""


class PlaybackPlan(StrEnum):
    """What a browser plays: the upload itself, its video stream in another container, or a newly encoded copy."""

    ORIGINAL = "original"
    REMUX = "remux"
    TRANSCODE = "transcode"


@dataclass(frozen=True, slots=True)
class Sprites:
    """Layout of a sprite sheet: tile `i`, row by row, shows player time `i * interval_s`."""

    columns: int
    rows: int
    tile_width: int
    tile_height: int
    interval_s: float


def playback_plan(info: VideoInfo) -> PlaybackPlan:
    """Returns the cheapest plan that Chromium plays and that shows the stream which was analysed."""
    if info.width * info.height > MAX_PLAYED_PIXELS or info.mirrored or info.interlaced or info.curve:
        return PlaybackPlan.TRANSCODE
    if (info.stretched and info.rotation_deg) or not info.divisible or info.open_groups:
        return PlaybackPlan.TRANSCODE
    as_it_is = info.video_streams == 1 and info.indexed and info.start_s <= BLANK_S
    if info.video_codec == "h264" and info.pixel_format in PLAIN_FORMATS:
        is_mp4 = "mp4" in info.container.split(",")
        return PlaybackPlan.ORIGINAL if is_mp4 and as_it_is and info.audio_codec in MP4_SOUND else PlaybackPlan.REMUX
    plain_webm = info.video_codec in WEBM_PICTURES and info.pixel_format == "yuv420p" and info.rotation_deg == 0
    if plain_webm and "webm" in info.container.split(",") and as_it_is and info.audio_codec in WEBM_SOUND:
        return PlaybackPlan.ORIGINAL
    return PlaybackPlan.TRANSCODE


def playback_offset_s(info: VideoInfo, plan: PlaybackPlan) -> float:
    """Returns container time minus player time: a copy starts at 0, an original keeps its own times."""
    return 0.0 if plan is PlaybackPlan.ORIGINAL else info.start_s


def copy_offset_s(info: VideoInfo, copy: VideoInfo) -> float:
    """Returns container time minus player time of a copy that was made: both show the same first picture."""
    if info.first_frame_s is None or copy.first_frame_s is None:
        return info.start_s
    return info.first_frame_s - copy.first_frame_s


def make_web_copy(source: Path, target: Path, info: VideoInfo, plan: PlaybackPlan, on_progress: OnProgress) -> None:
    """Writes an MP4 (H.264, AAC, index in front) that Chromium plays; raises UnreadableVideo if ffmpeg cannot.

    Frames keep their exact times. Sound too damaged to convert is left out. The file appears under its name only once
    it is complete.
    """
    if plan is PlaybackPlan.ORIGINAL:
        raise ValueError("an original that browsers play needs no copy")

    def report(done_s: float) -> None:
        on_progress(Progress("web_copy", done_s, info.duration_s))

    with written_whole(target) as part:
        ending = ["-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", str(part)]

        def arguments(with_sound: bool) -> list[str]:
            reading = input_arguments(source, encodes=encodes_pictures(info, plan))
            return [*reading, *stream_arguments(info, plan, with_sound), *ending]

        problem = run_if_need_be_without_sound(arguments, bool(info.audio_codec), report)
        if problem is not None:
            raise UnreadableVideo(f"{source.name}: no playable copy could be made ({problem})")


def run_if_need_be_without_sound(
    arguments: Callable[[bool], list[str]], has_sound: bool, report: Callable[[float], None]
) -> str | None:
    """Runs ffmpeg with sound, if there is any, and where that fails without it: it may be too damaged to convert.

    `arguments` returns ffmpeg's for either. Returns what is wrong, None if a file was written.
    """
    if has_sound and run_ffmpeg(arguments(True), report) is None:
        return None
    return run_ffmpeg(arguments(False), report)


def encodes_pictures(info: VideoInfo, plan: PlaybackPlan) -> bool:
    """Tells whether an MP4 by this plan has newly encoded pictures."""
    return info.video_codec != "h264" or plan is PlaybackPlan.TRANSCODE


def stream_arguments(info: VideoInfo, plan: PlaybackPlan, with_sound: bool) -> list[str]:
    """Returns ffmpeg's arguments for picture and sound of an MP4; what `plan` plays as it is, is not encoded anew.

    An original in WebM is taken for what it is: its streams do not fit into an MP4.
    """
    encodes = encodes_pictures(info, plan)
    streams = ["-map", f"0:{info.video_stream}", *(_encoding(info) if encodes else ["-c:v", "copy"])]
    if with_sound:
        keeps = not encodes and info.audio_codec in ("aac", "mp3")
        streams += ["-map", "0:a:0", *(["-c:a", "copy"] if keeps else ["-c:a", "aac", "-b:a", "128k", "-ac", "2"])]
    return streams


def input_arguments(source: Path, *, encodes: bool = False) -> list[str]:
    """Returns ffmpeg's arguments for reading an untrusted file.

    What `encodes` pictures turns them by `shown_filters`: ffmpeg itself neither turns them nor says that they are. The
    container's clean aperture crops nothing, as in browsers.
    """
    return [
        *("-format_whitelist", ALLOWED_FORMATS, "-protocol_whitelist", ALLOWED_PROTOCOLS),
        *(("-display_rotation", "0", "-noautorotate", "-apply_cropping", "codec") if encodes else ()),
        *("-threads", str(DECODE_THREADS)),
        *("-max_pixels", str(MAX_FRAME_PIXELS)),
        *("-i", f"file:{source}"),
    ]


def copy_size(info: VideoInfo) -> tuple[int, int]:
    """Returns width and height of a copy: as a player shows the video, even, at most 1920 x 1080 either way up."""
    sides = shown_size(info)
    scale = min(1.0, COPY_LONG_SIDE / max(sides), COPY_SHORT_SIDE / min(sides))
    width, height = (max(2, round(side * scale / 2) * 2) for side in sides)
    return width, height


def _encoding(info: VideoInfo) -> list[str]:
    """Returns ffmpeg's arguments for even sides, at most 1920 x 1080 either way up, square pixels, unchanged times."""
    return [
        *("-vf", shown_filters(info, copy_size(info))),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23"),
        *("-fps_mode", "passthrough", "-enc_time_base", "demux"),
        # A keyframe every two seconds keeps seeking in the player fast.
        *("-force_key_frames", "expr:gte(t,n_forced*2)"),
    ]


def shown_filters(info: VideoInfo, size: tuple[int, int]) -> str:
    """Returns ffmpeg's filters for frames as a player shows them, at this size; by itself ffmpeg turns none."""
    lut = lut_file(info.curve) if info.curve else None
    return ",".join([*filters(info, lut, size, "bwdif=mode=send_frame:deint=interlaced"), "format=yuv420p"])


def make_poster(source: Path, target_jpg: Path, info: VideoInfo) -> None:
    """Writes as a poster the keyframe of a few with most contrast, at most 640 pixels long. Raises UnreadableVideo."""
    best, best_mark = None, -1.0
    for frame in _poster_pictures(source, info):
        mark = float(frame.image_bgr.std())
        if mark > best_mark:
            best, best_mark = frame.image_bgr, mark
    if best is None:
        raise UnreadableVideo(f"{source.name}: no frame for a poster")
    with written_whole(target_jpg) as part:
        part.write_bytes(_jpeg(_shrunk(best, POSTER_SIDE)))


def _poster_pictures(source: Path, info: VideoInfo) -> Iterator[Frame]:
    """Yields keyframes from all over the video; where it cannot be divided, or has none, frames of its beginning."""
    found = False
    if info.divisible:
        moments = [info.start_s + share * info.duration_s for share in POSTER_MOMENTS]
        for frame in keyframes_at(source, info, moments, POSTER_SIDE):
            found = True
            yield frame
    if not found:
        begin_s = min(info.duration_s, POSTER_BEGIN_S)
        span = SegmentSpan(0, -math.inf, info.start_s + begin_s)
        sampling = Sampling(begin_s / len(POSTER_MOMENTS), POSTER_SIDE)
        yield from sample_frames(source, info, span, sampling, DecodeCounts())


def make_sprites(source: Path, target_jpg: Path, info: VideoInfo, on_progress: OnProgress) -> Sprites:
    """Writes a JPEG sheet of evenly spaced tiles, each the latest frame before its moment. Raises UnreadableVideo."""
    count = min(max(math.ceil(info.duration_s), 1), MAX_TILES)
    interval_s = max(info.duration_s, 0.001) / count
    sheet: Image | None = None
    columns, rows = min(SPRITE_COLUMNS, count), -(-count // SPRITE_COLUMNS)
    filled = 0
    for time_s, image_bgr in _scrub_pictures(source, info, interval_s, count):
        tile = _shrunk(image_bgr, TILE_SIDE)
        if sheet is None:
            sheet = np.zeros((rows * tile.shape[0], columns * tile.shape[1], 3), np.uint8)
        height, width = sheet.shape[0] // rows, sheet.shape[1] // columns
        # The latest frame also fills the tiles to come, until a newer one replaces it there.
        filled = min(max(round((time_s - info.start_s) / interval_s), 0), count - 1)
        for number in range(filled, count):
            y, x = number // columns * height, number % columns * width
            sheet[y : y + height, x : x + width] = tile[:height, :width]
        on_progress(Progress("sprites", filled + 1, count))
    if sheet is None:
        raise UnreadableVideo(f"{source.name}: no frame for scrubbing")
    with written_whole(target_jpg) as part:
        part.write_bytes(_jpeg(sheet))
    return Sprites(columns, rows, sheet.shape[1] // columns, sheet.shape[0] // rows, interval_s)


def _scrub_pictures(source: Path, info: VideoInfo, interval_s: float, count: int) -> Iterator[tuple[float, Image]]:
    is_coarse = not info.divisible or info.keyframe_gap_s > TILES_BEHIND * interval_s
    if info.duration_s <= EXACT_TILES_BELOW_S or is_coarse:
        for frame in sample_frames(source, info, WHOLE_VIDEO, Sampling(interval_s, TILE_SIDE), DecodeCounts()):
            yield frame.time_s, frame.image_bgr
        return
    moments = [info.start_s + number * interval_s for number in range(count)]
    for frame in keyframes_at(source, info, moments, TILE_SIDE):
        # Keyframes lie before the moment asked for, whose tile shows them.
        yield max(frame.time_s, moments[frame.index]), frame.image_bgr


def _shrunk(image_bgr: Image, long_side: int) -> Image:
    """Returns the frame, no side longer than `long_side`."""
    height, width = image_bgr.shape[:2]
    scale = min(1.0, long_side / max(width, height))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(image_bgr: Image) -> bytes:
    return bytes(cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yields a path beside the target to write to; replaces the target at the end, removes the path on errors."""
    part = target.with_name(f".{target.name}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
