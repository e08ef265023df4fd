"""Real use beside the fuzzing: pages are read, and now and then a good video is uploaded and must come out right."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from analysis.weights import sample_video_path
from benchmarks.fuzz_cases import HANG, UNWORDED, Missed
from benchmarks.hostile import states_of
from benchmarks.visitor import Visitor
from benchmarks.watcher import Watcher

PAGES = (
    "/videos/",
    "/people/",
    "/datasets/",
    "/training/",
    "/exports/",
    "/search/?q=a",
    "/profile/",
    "/team/",
    "/help/",
)
UPLOAD_EVERY_S = 240
DONE_WITHIN_S = 900
"""The machine is kept busy by the fuzzing."""
ENDED = ("done", "failed", "cancelled")


def good_video(folder: Path) -> bytes:
    """Returns three seconds of the sample video: one face."""
    path = folder / "good.mp4"
    cut = ("-i", str(sample_video_path()), "-t", "3", "-an", "-pix_fmt", "yuv420p")
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *cut, str(path)], check=True)
    return path.read_bytes()


class RealUse(Watcher):
    """Reads pages and uploads the same good video again and again, each with other bytes in a box that nobody reads."""

    every_s = 1.0

    def __init__(self, visitor: Visitor, folder: Path, report: Callable[[Missed], None]) -> None:
        super().__init__()
        self.visitor, self.report, self.content = visitor, report, good_video(folder)
        self.pages = self.videos = 0
        self.expected: tuple[int, int] | None = None
        self._next_s = 0.0

    def look(self) -> None:
        try:
            path = PAGES[self.pages % len(PAGES)]
            self.visitor.ask("GET", path)
            if "Newsroom" not in self.visitor.text:
                raise Missed(UNWORDED, f"{path} does not name the team")
            self.pages += 1
            if time.monotonic() >= self._next_s:
                self._analyse_one()
                self._next_s = time.monotonic() + UPLOAD_EVERY_S
        except Missed as missed:
            self.report(missed)
        except (RuntimeError, OSError) as error:
            self.report(Missed(UNWORDED, f"real use: {error}"))
            self.visitor.connection.close()

    def _analyse_one(self) -> None:
        mark = f"good {self.videos}".encode()
        content = self.content + (len(mark) + 8).to_bytes(4, "big") + b"free" + mark
        address, video = self.visitor.begin_upload(f"good {self.videos}.mp4", len(content))
        self.visitor.send(address, iter([content]))
        found = self._result(video)
        if found is None:
            return
        if self.expected is None:
            self.expected = found
        if found != self.expected or found[0] != 1:
            raise Missed(UNWORDED, f"a good video has {found} people and faces, not {self.expected}")
        self.videos += 1

    def _result(self, video: str) -> tuple[int, int] | None:
        """Waits for the analysis; returns how many people and tracks it found, None where all ends before."""
        until_s = time.monotonic() + DONE_WITHIN_S
        while time.monotonic() < until_s:
            states = states_of(self.visitor, video)
            kinds = {state["kind"]: state["status"] for state in states}
            if kinds.get("analysis") in ENDED:
                if kinds["analysis"] != "done":
                    raise Missed(UNWORDED, f"a good video was not analysed: {states}")
                return self._people(video)
            if self._stop.wait(self.every_s):
                return None
        raise Missed(HANG, f"a good video is not analysed in {DONE_WITHIN_S} s")

    def _people(self, video: str) -> tuple[int, int]:
        self.visitor.ask("GET", f"/videos/{video}/boxes.json?from=0&to=10")
        boxes = json.loads(self.visitor.text)
        tracks = boxes.get("tracks", [])
        return len({track.get("person") for track in tracks}), len(tracks)
