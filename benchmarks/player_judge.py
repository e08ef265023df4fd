"""Compares what the player shows with what Chromium shows of the file itself, and with the frames of the analysis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import cv2
import numpy as np
from playwright.sync_api import Page

from analysis.boxes import iou_matrix
from analysis.faces.detect import FaceDetector
from analysis.types import WHOLE_VIDEO, Float32, Float64, Image, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from benchmarks.chromium_frames import ShownFacts, ShownFrame, open_file, played_frames, shown_facts, shown_frames

EVERY_FRAME = Sampling(step_s=0.0, long_side=160, references_only=False, deblock=True)
SIDE = 48
FLAT = 10.0
"""Least deviation of brightness; what deviates less is a plain surface."""
MOST_DIFFERENT = 0.2
"""Mean difference of two pictures in deviations of brightness: re-encoded ones differ by 0.05, turned ones by 0.8."""
BARELY = 0.02
FRAMES_BESIDE = 1.5
SIDES_BESIDE = 0.02
LENGTH_BESIDE_S = 0.15
LEAST_IOU = 0.5
SURE_FACE = 0.8
BOX_WAIT_MS = 500
LOOK_UP_AFTER_MS = 1500
TILES_SEEN = 0.7
"""Of the scrub pictures that could differ from their neighbour, at least this share must."""


@dataclass
class Case:
    """One file: what is said of it, and what is wrong."""

    path: Path
    line: str = ""
    complaints: list[str] = field(default_factory=list)

    def told(self) -> str:
        """Returns the line to print."""
        wrong = "; ".join(self.complaints)
        return f"{'-- ' if wrong else 'ok '} {self.path.name:32} {self.line}{'   MISSED: ' + wrong if wrong else ''}"


@dataclass(frozen=True, slots=True)
class Original:
    """What Chromium shows of the file itself, or why it shows nothing."""

    problem: str = ""
    facts: ShownFacts = field(default_factory=lambda: ShownFacts(0, 0, 0.0))
    frames: Sequence[ShownFrame] = ()
    play: Callable[[], Sequence[ShownFrame]] = list
    """What it shows while it plays: where an index is missing or wrong, Chromium does not find what it is sent to."""

    @classmethod
    def read(cls, page: Page, path: Path, moments: int) -> Original:
        """Opens a file and reads its pictures; one of unknown length is looked at in its first seconds."""
        problem = open_file(page, path)
        if problem:
            return cls(problem)
        facts = shown_facts(page)
        times_s = spread(facts.length_s if math.isfinite(facts.length_s) else float(moments), moments)
        shown = cls("", facts, shown_frames(page, times_s), lambda: played_frames(page, path, times_s))
        return shown if shown.is_film else replace(shown, frames=shown.play())

    @property
    def is_film(self) -> bool:
        """Whether there is more than one picture: else it is a picture, or a cover beside the film."""
        looks = [look(frame.image_bgr) for frame in self.frames]
        return any(different(looks[0], each) >= BARELY / 10 for each in looks[1:])


class Timeline:
    """The frames that the analysis takes, small, with their times in the container."""

    def __init__(self, path: Path) -> None:
        self.info: VideoInfo = probe(path)
        counts = DecodeCounts()
        frames = list(sample_frames(path, self.info, WHOLE_VIDEO, EVERY_FRAME, counts))
        self.damaged = counts.damaged
        self.times_s: Float64 = np.array([frame.time_s for frame in frames])
        self.looks = [look(frame.image_bgr) for frame in frames]

    def beside_s(self, frame: ShownFrame, time_s: float) -> tuple[float, float]:
        """Returns how far from a time of the container the like picture lies, and how different that one is.

        Of pictures that hardly differ the nearest one counts.
        """
        shown = look(frame.image_bgr)
        marks = np.array([different(shown, each) for each in self.looks])
        like = marks <= marks.min() + BARELY
        # A picture is shown until the next one.
        begins = self.times_s[like]
        ends = np.append(self.times_s[1:], np.inf)[like]
        beside = np.where(time_s < begins, begins - time_s, np.where(time_s >= ends, ends - time_s, 0.0))
        return float(beside[np.abs(beside).argmin()]), float(marks.min())

    @property
    def frame_s(self) -> float:
        return float(np.median(np.diff(self.times_s))) if len(self.times_s) > 1 else 1 / self.info.rate_fps


class Judge:
    """Compares players; finds faces in what they show."""

    def __init__(self, detector: FaceDetector) -> None:
        self.detector = detector

    def judge(self, case: Case, page: Page, original: Original, moments: int) -> None:
        """Adds to a case what is said of it and what is wrong. Its player is open in the page."""
        page.wait_for_function("() => document.querySelector('video').readyState >= 2", timeout=20_000)
        page.evaluate("() => { document.querySelector('video').muted = true; }")
        facts = shown_facts(page)
        shown_frames(page, [0.0], LOOK_UP_AFTER_MS)
        frames = shown_frames(page, spread(facts.length_s, moments), BOX_WAIT_MS)
        timeline = Timeline(case.path)
        said = page.request.get(urljoin(page.url, _data(page, "boxes") + "?from=0&to=60")).json()
        reference = original if original.is_film else None
        self._sizes(case, facts, said["sources"], reference)
        self._lengths(case, facts, timeline, said["offset_s"], reference)
        second_s, wrong = beside(frames, timeline, said["offset_s"], "player")
        case.complaints += wrong
        if reference is not None and beside(reference.frames, timeline, 0.0, "original")[1]:
            case.complaints += beside(reference.play(), timeline, 0.0, "original")[1]
        boxes = self._boxes(case, frames)
        tiles = self._tiles(case, page, timeline, said["offset_s"])
        against = "original" if reference else "copy"
        case.line = (
            f"{facts.width}x{facts.height} {facts.length_s:.2f} s against the {against}: "
            f"second {second_s:+.2f} s, {boxes}, {tiles}"
        )

    def _sizes(self, case: Case, facts: ShownFacts, sources: dict[str, int], original: Original | None) -> None:
        expected = (original.facts.width, original.facts.height) if original else (facts.width, facts.height)
        said = sources["width"], sources["height"]
        if original and max(abs(a - b) for a, b in zip(said, expected, strict=True)) > 1:
            case.complaints.append(f"size {said[0]}x{said[1]}, Chromium shows {expected[0]}x{expected[1]}")
        for name, (width, height) in (("player", (facts.width, facts.height)), ("boxes", said)):
            if abs(width / height / (expected[0] / expected[1]) - 1) > SIDES_BESIDE:
                case.complaints.append(f"shape of the {name} {width}x{height}, not {expected[0]}x{expected[1]}")

    def _lengths(
        self, case: Case, shown: ShownFacts, timeline: Timeline, offset_s: float, original: Original | None
    ) -> None:
        said_s = timeline.info.duration_s
        # What is damaged has a time and no picture; the last frame of a copy may have no length.
        room_s = LENGTH_BESIDE_S + timeline.damaged * timeline.frame_s
        if math.isfinite(shown.length_s) and abs(said_s - shown.length_s) > room_s:
            case.complaints.append(f"length {said_s:.2f} s, the player has {shown.length_s:.2f} s")
        if original and math.isfinite(original.facts.length_s):
            whole_s = original.facts.length_s
            # What is empty before the first picture and sound is left out of copies.
            if min(abs(said_s - whole_s), abs(said_s + offset_s - whole_s)) > room_s:
                case.complaints.append(f"length {said_s:.2f} s, Chromium has {whole_s:.2f} s")

    def _boxes(self, case: Case, frames: Sequence[ShownFrame]) -> str:
        faces = drawn = 0
        least = 1.0
        for frame in frames:
            height, width = frame.image_bgr.shape[:2]
            found = self.detector.detect(frame.image_bgr, min_score=SURE_FACE).boxes_xyxy
            boxes: Float32 = frame.boxes * np.array([width, height, width, height], np.float32)
            faces += len(found)
            if len(found) and len(boxes):
                overlaps = iou_matrix(found, boxes).max(axis=1)
                drawn += int((overlaps >= LEAST_IOU).sum())
                least = min(least, float(overlaps.min()))
        if faces and drawn < faces:
            case.complaints.append(f"boxes on {drawn} of {faces} faces")
        return f"boxes on {drawn} of {faces} faces (least IoU {least:.2f})" if faces else "no face"

    def _tiles(self, case: Case, page: Page, timeline: Timeline, offset_s: float) -> str:
        tiles, interval_s = tiles_of(page)
        if not tiles:
            case.complaints.append("no scrub pictures")
            return "no scrub pictures"
        looks = [look(tile) for tile in tiles]
        moments = [offset_s + number * interval_s for number in range(len(tiles))]
        shown = [
            timeline.looks[int(np.clip(np.searchsorted(timeline.times_s, m, "right") - 1, 0, None))] for m in moments
        ]
        could = [n for n in range(1, len(tiles)) if different(shown[n - 1], shown[n]) > BARELY]
        do = sum(different(looks[n - 1], looks[n]) > BARELY / 2 for n in could)
        if could and do < TILES_SEEN * len(could):
            case.complaints.append(f"{do} of {len(could)} scrub pictures differ")
        if page.query_selector("video[poster]") is None:
            case.complaints.append("no poster")
        return f"{do} of {len(could)} scrub pictures differ"


def beside(frames: Sequence[ShownFrame], timeline: Timeline, offset_s: float, name: str) -> tuple[float, list[str]]:
    """Returns by how much the analysis's frames lie beside at most, and what is wrong with what is shown."""
    worst_s = 0.0
    if not frames:
        return worst_s, [f"{name}: shows nothing"]
    for frame in frames:
        beside_s, mark = timeline.beside_s(frame, frame.time_s + offset_s)
        if mark > MOST_DIFFERENT:
            return beside_s, [f"{name} at {frame.time_s:.2f} s: another picture ({mark:.2f})"]
        worst_s = max(worst_s, beside_s, key=abs)
    is_wrong = abs(worst_s) > FRAMES_BESIDE * timeline.frame_s
    return worst_s, [f"{name}: frames of the analysis lie {worst_s:+.2f} s beside"] if is_wrong else []


def spread(length_s: float, count: int) -> list[float]:
    """Returns moments from the beginning to the end, not on round seconds."""
    return [length_s * (number + 0.55) / count for number in range(count)]


def look(image_bgr: Image) -> Float64:
    """Returns the brightness of a small version, free of contrast and of how bright it is."""
    grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    return np.asarray((small - small.mean()) / max(float(small.std()), FLAT), np.float64)


def different(first: Float64, second: Float64) -> float:
    """Returns the mean difference of two looks."""
    return float(np.abs(first - second).mean())


def tiles_of(page: Page) -> tuple[list[Image], float]:
    """Returns the scrub pictures of the open page, and the seconds between them."""
    data: dict[str, Any] = page.evaluate("() => ({...document.querySelector('scrub-bar').dataset})")
    body = page.request.get(urljoin(page.url, data["sprites"])).body()
    sheet = np.asarray(cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    width, height = int(data["tileWidth"]), int(data["tileHeight"])
    columns, rows = int(data["columns"]), int(data["rows"])
    interval_s, length_s = float(data["interval"]), float(_data(page, "duration"))
    count = min(columns * rows, max(round(length_s / interval_s), 1))
    tiles = [sheet[n // columns * height :, n % columns * width :][:height, :width] for n in range(count)]
    return tiles, interval_s


def _data(page: Page, name: str) -> str:
    return str(page.evaluate(f"() => document.querySelector('video-player').dataset.{name}"))
