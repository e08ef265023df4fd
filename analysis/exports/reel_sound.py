"""The sound of a reel: of each of its parts as many samples as its frames are shown, one after the other."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import IO

from analysis.errors import Cancelled
from analysis.exports.moments import ReelSource
from analysis.video.ffmpeg import run_ffmpeg
from analysis.video.web_copy import input_arguments

SOUND_HZ, SAMPLE_BYTES = 48_000, 4
SPARE_S = 0.1
"""Read in addition, as rates do not divide evenly."""
CHUNK_BYTES = 2**20
REPORT_S = 0.5


class ReelSound:
    """Collects the sound of parts in a thread of its own, while the pictures of those to come are cut.

    Used as a context: however it is left, the thread has ended. Without sound in any source there is no file.
    """

    def __init__(self, target: Path, sources: Sequence[ReelSource]) -> None:
        self.sources = sources
        self.file = target if any(source.info.audio_codec for source in sources) else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reel-sound")
        self._parts: list[Future[None]] = []
        self._is_left = threading.Event()

    def __enter__(self) -> ReelSound:
        if self.file is not None:
            self.file.touch()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._is_left.set()
        self._thread.shutdown(cancel_futures=True)

    def add(self, source: int, start_s: float, at_s: float, length_s: float) -> None:
        """Adds `length_s` seconds from container time `start_s` on of a source, for `at_s` of the reel."""
        if self.file is None:
            return
        count = round((at_s + length_s) * SOUND_HZ) - round(at_s * SOUND_HZ)
        self._parts.append(self._thread.submit(self._append, self.file, source, start_s, length_s, count))

    def finish(self, report: Callable[[], None]) -> None:
        """Waits until all of it is there; `report` is called meanwhile, and may raise. Raises what went wrong."""
        for part in self._parts:
            while not wait([part], REPORT_S).done:
                report()
            part.result()

    def _append(self, file: Path, source: int, start_s: float, length_s: float, count: int) -> None:
        with file.open("ab") as pcm:
            append_sound(self.sources[source], start_s, length_s, count, pcm, lambda _done_s: self._expect_wanted())

    def _expect_wanted(self) -> None:
        if self._is_left.is_set():
            raise Cancelled


def append_sound(
    source: ReelSource, start_s: float, length_s: float, count: int, pcm: IO[bytes], report: Callable[[float], None]
) -> None:
    """Writes `count` samples of 16-bit stereo from container time `start_s` on; silence where there is no sound."""
    left = count * SAMPLE_BYTES
    if source.info.audio_codec:
        with tempfile.TemporaryDirectory(dir=Path(pcm.name).parent) as scratch:
            raw = Path(scratch) / "sound.pcm"
            command = [
                *("-ss", f"{max(start_s - source.info.start_s, 0):.6f}", *input_arguments(source.path)),
                *("-t", f"{length_s + SPARE_S:.6f}", "-map", "0:a:0", "-vn", "-sn", "-dn"),
                *("-af", f"aresample={SOUND_HZ}:async=1:first_pts=0", "-ac", "2", "-f", "s16le", str(raw)),
            ]
            if run_ffmpeg(command, report) is None and raw.exists():
                with raw.open("rb") as sound:
                    while left and (chunk := sound.read(min(left, CHUNK_BYTES))):
                        pcm.write(chunk)
                        left -= len(chunk)
    while left:
        pcm.write(bytes(min(left, CHUNK_BYTES)))
        left -= min(left, CHUNK_BYTES)
