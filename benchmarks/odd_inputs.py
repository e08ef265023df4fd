"""Makes odd videos of one speaking face, each with one oddity, for the benchmark `odd_files`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clips import VIDEOS, ffmpeg
from tests import odd_clips as odd

FACE = VIDEOS / "faces_single" / "lp_d10.mp4"
VP8 = ("-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime")


def make_inputs(folder: Path) -> Path:
    """Makes all of them in a new folder, which is returned."""
    folder.mkdir(parents=True)
    scratch = folder.parent
    plain, cover = folder / "plain.mp4", scratch / "cover.jpg"
    h264 = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-sc_threshold", "0")
    ffmpeg("-i", str(FACE), "-t", "6", "-an", "-vf", "scale=480:-2", *h264, "-g", "25", "-bf", "2", str(plain))
    endless = scratch / "endless.mp4"
    ffmpeg("-stream_loop", "9", "-i", str(plain), *h264, "-g", "99999", str(endless))
    small = scratch / "small.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=6", *h264, str(small))
    cv2.imwrite(str(cover), np.full((1080, 1920, 3), (30, 200, 90), np.uint8))
    for name, make in _kinds(plain, small, endless, cover).items():
        make(folder / name)
    return folder


def _kinds(plain: Path, small: Path, endless: Path, cover: Path) -> dict[str, Callable[[Path], object]]:
    return {
        **_shapes_and_edits(plain),
        "wrap.ts": lambda to: odd.wrapped(plain, to, 3.0),
        "cover.mp4": lambda to: odd.with_cover(plain, to, cover, is_first=True),
        "still_first.mp4": lambda to: odd.with_cover(plain, to, cover, is_first=True, is_told=False),
        "still_first.mkv": lambda to: odd.with_cover(plain, to, cover, is_first=True, is_told=False),
        "two_second_marked.mp4": lambda to: odd.with_other_stream(small, plain, to, default=1),
        "two_second_marked.mkv": lambda to: odd.with_other_stream(small, plain, to, default=1),
        "late_pictures.mp4": lambda to: odd.begins_late(plain, to, 2.0),
        "late_pictures.mkv": lambda to: odd.begins_late(plain, to, 2.0),
        "late_pictures.ts": lambda to: odd.begins_late(plain, to, 2.0),
        "late_sound.mkv": lambda to: odd.begins_late(plain, to, 0.0, 1.5),
        "late_both.mkv": lambda to: odd.begins_late(plain, to, 2.0, 1.5),
        "late_alone.mp4": lambda to: odd.moved(plain, to, 2.0),
        "late_alone.mkv": lambda to: odd.moved(plain, to, 2.0),
        "late_alone.webm": lambda to: odd.moved(plain, to, 2.0, *VP8),
        **_structures(plain, endless),
        "standing.mp4": lambda to: ffmpeg(
            *("-i", str(plain), "-vf", "setpts='PTS+if(lt(N,60),0,3/TB)'", "-fps_mode", "vfr", "-c:v", "libx264"),
            str(to),
        ),
        "other_size.ts": lambda to: _with_other_size(plain, to),
    }


def _shapes_and_edits(plain: Path) -> dict[str, Callable[[Path], object]]:
    return {
        "clap.mp4": lambda to: odd.cropped(plain, to, (320, 240), (40, -20)),
        "edit_preroll.mp4": lambda to: odd.edited(plain, to, [(4.0, 1.4)]),
        "edit_delay.mp4": lambda to: odd.edited(plain, to, [(1.5, -1), (6.0, 0)]),
        "edit_two.mp4": lambda to: odd.edited(plain, to, [(1.5, 0.0), (2.0, 3.4)]),
        "edit_swapped.mp4": lambda to: odd.edited(plain, to, [(2.0, 3.0), (2.0, 0.0)]),
    }


def _with_other_size(plain: Path, target: Path) -> Path:
    smaller = ("-vf", "scale=iw/2:-2", "-c:v", "libx264")
    parts = [target.parent.parent / "first.ts", target.parent.parent / "second.ts"]
    ffmpeg("-i", str(plain), "-t", "3", "-c:v", "libx264", str(parts[0]))
    ffmpeg("-i", str(plain), "-ss", "3", *smaller, str(parts[1]))
    return odd.joined(parts, target)


def _structures(plain: Path, endless: Path) -> dict[str, Callable[[Path], object]]:
    return {
        "endless_gop.mp4": lambda to: to.write_bytes(endless.read_bytes()),
        "endless_gop.ts": lambda to: ffmpeg("-i", str(endless), "-c", "copy", str(to)),
        "no_index.webm": lambda to: odd.without_index(plain, to, *VP8, "-g", "9999"),
        "no_index.mkv": lambda to: odd.without_index(plain, to),
        "no_index.mp4": lambda to: odd.without_index(plain, to),
        "no_index.avi": lambda to: odd.avi_without_index(plain, to),
        "all_called_keyframes.mp4": lambda to: odd.with_keyframes(plain, to, None),
        "wrong_keyframes.mp4": lambda to: odd.with_keyframes(plain, to, [1, 11, 35, 70, 90, 130]),
        "no_keyframes.mp4": lambda to: odd.with_keyframes(plain, to, []),
        "endless_all_keyframes.mp4": lambda to: odd.with_keyframes(endless, to, None),
        "open_groups.ts": lambda to: ffmpeg(
            *("-i", str(plain), "-c:v", "libx264", "-x264-params", "open-gop=1:keyint=30:bframes=3", str(to))
        ),
        "chunks_moved.mp4": lambda to: odd.with_chunks_moved(plain, to, 100, 1),
    }
