"""Writes a copy of a video that has chapters, which players list: who is seen from when on."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from analysis.errors import UnreadableVideo
from analysis.exports.appearances import BETWEEN_NAMES, OnScreen, as_ffmetadata
from analysis.types import OnProgress, Progress, VideoInfo
from analysis.video.web_copy import (
    encodes_pictures,
    input_arguments,
    playback_plan,
    run_if_need_be_without_sound,
    stream_arguments,
    written_whole,
)


def write_with_chapters(
    source: Path,
    target: Path,
    info: VideoInfo,
    chapters: Sequence[OnScreen],
    on_progress: OnProgress,
    between_names: str = BETWEEN_NAMES,
) -> None:
    """Writes an MP4 (H.264, AAC) with the chapters; picture and sound are copied where an MP4 may hold them.

    Sound too damaged to convert is left out. The file appears under its name only once it is complete. `on_progress`
    may raise Cancelled. Raises UnreadableVideo.
    """

    def report(done_s: float) -> None:
        on_progress(Progress("join", done_s, info.duration_s))

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".chapters-") as scratch, written_whole(target) as part:
        listed = Path(scratch) / "chapters.txt"
        listed.write_text(as_ffmetadata(chapters, between_names), encoding="utf-8")
        plan = playback_plan(info)
        reading = input_arguments(source, encodes=encodes_pictures(info, plan))
        inputs = [*reading, "-f", "ffmetadata", "-i", f"file:{listed}"]
        ending = [
            "-map_metadata:g",
            "-1",
            "-map_metadata:s",
            "-1",
            "-map_chapters",
            "1",
            "-movflags",
            "+faststart",
            "-f",
            "mp4",
            str(part),
        ]

        def arguments(with_sound: bool) -> list[str]:
            return [*inputs, *stream_arguments(info, plan, with_sound), *ending]

        problem = run_if_need_be_without_sound(arguments, bool(info.audio_codec), report)
        if problem is not None:
            raise UnreadableVideo(f"{source.name}: no copy could be written ({problem})")
