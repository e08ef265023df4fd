"""Changed videos through the product's own ways: probe, analysis of a second, poster, copy, scrub pictures."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

from analysis.errors import AnalysisError
from analysis.pipeline import AnalysisOptions, Models, analyse_segment, load_models
from analysis.types import Progress, SegmentSpan, VideoInfo
from analysis.video.decode import probe
from analysis.video.web_copy import PlaybackPlan, make_poster, make_sprites, make_web_copy, playback_plan
from benchmarks.fuzz_bytes import changed
from benchmarks.fuzz_cases import HANG, UNWORDED, FuzzKind, Missed, Place
from benchmarks.fuzz_video_changes import own_changes
from benchmarks.fuzz_video_seeds import real_videos, video_seeds

ANALYSED_S = 1.0
STEP_S = 150
"""None of the files is longer than some seconds."""


class ChangedVideos(FuzzKind):
    """Every case is probed; what is a video then also goes one or two of the other ways."""

    name = "videos"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        place.folder.mkdir(parents=True, exist_ok=True)
        self.made, self.real = video_seeds(place.folder), real_videos()
        self.models: Models | None = None

    def run(self, random: Random, number: int) -> str:
        is_real = bool(self.real) and random.random() < 0.35
        name, data = random.choice(self.real if is_real else self.made)
        others = [content for _name, content in self.made]
        path = self.place.folder / f"case-{number}{Path(name).suffix.lower()}"
        path.write_bytes(changed(data, random, others, own_changes(data)))
        try:
            return self._tried(path, random)
        finally:
            for left in self.place.folder.glob(f"*case-{number}*"):
                left.unlink()

    def _tried(self, path: Path, random: Random) -> str:
        try:
            info = probe(path)
        except AnalysisError as error:
            return error.code
        _expect_sound(info)
        ways: tuple[Callable[[Path, VideoInfo], object], ...] = (self._analyse, self._poster, self._copy, self._sprites)
        said = []
        for way in random.sample(ways, random.choice((1, 2))):
            try:
                way(path, info)
            except AnalysisError as error:
                said.append(error.code)
        return " ".join(sorted(set(said))) or "video"

    def _analyse(self, path: Path, info: VideoInfo) -> None:
        self.models = self.models or load_models(AnalysisOptions())
        span = SegmentSpan(0, -math.inf, info.start_s + ANALYSED_S)
        found = analyse_segment(path, info, span, AnalysisOptions(), self.models, _within_time())
        for track in found.tracks:
            if not all(math.isfinite(number) for number in track.boxes_xyxy.ravel()):
                raise Missed(UNWORDED, "a box that is no number")

    def _poster(self, path: Path, info: VideoInfo) -> None:
        make_poster(path, path.with_name(f"poster-{path.stem}.jpg"), info)

    def _copy(self, path: Path, info: VideoInfo) -> None:
        plan = playback_plan(info)
        if plan is not PlaybackPlan.ORIGINAL:
            target = path.with_name(f"copy-{path.stem}.mp4")
            make_web_copy(path, target, info, plan, _within_time())
            _expect_sound(probe(target))

    def _sprites(self, path: Path, info: VideoInfo) -> None:
        make_sprites(path, path.with_name(f"sprites-{path.stem}.jpg"), info, _within_time())


def _within_time() -> Callable[[Progress], None]:
    began_s = time.monotonic()

    def report(progress: Progress) -> None:
        if time.monotonic() - began_s > STEP_S:
            raise Missed(HANG, f"{progress.stage} takes more than {STEP_S} s")

    return report


def _expect_sound(info: VideoInfo) -> None:
    """Raises Missed where what is stored of a video is no number, or none that a database takes."""
    try:
        json.dumps(asdict(info), allow_nan=False)
    except ValueError as error:
        raise Missed(UNWORDED, f"no number in {info}") from error
    if info.width < 1 or info.height < 1 or info.duration_s < 0 or info.rate_fps < 0:
        raise Missed(UNWORDED, f"an impossible video: {info}")
