"""The videos that are changed: made here by ffmpeg in many formats, and real ones of the shared data where it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from benchmarks.shared import FOLDER

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=1.6")
SOUND = ("-f", "lavfi", "-i", "sine=d=1.6")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "12")
MADE: dict[str, tuple[str, ...]] = {
    "plain.mp4": (*H264, "-bf", "2"),
    "front.mp4": (*H264, "-c:a", "aac", "-movflags", "+faststart"),
    "parts.mp4": (*H264, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov+default_base_moof"),
    "edits.mov": (*H264, "-bf", "3", "-c:a", "aac", "-output_ts_offset", "0.5"),
    "turned.mov": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
    "deep.mp4": ("-c:v", "libx265", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p10le"),
    "new.mp4": ("-c:v", "libsvtav1", "-preset", "12"),
    "plain.mkv": (*H264, "-c:a", "libopus"),
    "old.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"),
    "plain.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"),
    "loss_free.mkv": ("-c:v", "ffv1"),
    "plain.ts": (*H264, "-c:a", "aac"),
    "broadcast.ts": ("-c:v", "mpeg2video", "-g", "12", "-c:a", "mp2"),
    "disc.mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "plain.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "pictures.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
    "plain.flv": ("-c:v", "flv1", "-c:a", "libmp3lame", "-ar", "44100"),
    "plain.gif": ("-an",),
    "plain.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "plain.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "plain.mxf": ("-c:v", "mpeg2video", "-an"),
    "plain.nut": ("-c:v", "mpeg4", "-an"),
    "bare.h264": (*H264, "-an"),
    "bare.mjpeg": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-an"),
    "bare.y4m": ("-an", "-pix_fmt", "yuv420p", "-frames:v", "8"),
    "small.3gp": ("-c:v", "h263", "-s", "128x96", "-an"),
    "edit.mov": ("-c:v", "prores_ks", "-an"),
}
MOST_BYTES = 1_100_000
"""Larger real videos are left out: a change in them is met less often, and each takes longer."""
SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".flv", ".gif", ".h264", ".ts")


def video_seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Returns names and contents; formats that this ffmpeg cannot write are left out."""
    found = []
    for name, coding in MADE.items():
        path = folder / name
        command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *PICTURE, *SOUND, "-threads", "1", *coding]
        done = subprocess.run([*command, str(path)], capture_output=True, check=False)
        if done.returncode == 0:
            found.append((name, path.read_bytes()))
        path.unlink(missing_ok=True)
    return found


def real_videos() -> list[tuple[str, bytes]]:
    """Returns names and contents of small real videos; none where the shared data is missing."""
    paths = sorted(path for path in (FOLDER / "videos").rglob("*") if path.suffix.lower() in SUFFIXES)
    return [(path.name, path.read_bytes()) for path in paths if path.stat().st_size <= MOST_BYTES]
