"""Makes a copy of a video in which chosen people are hidden in every frame, and checks every frame of it.

Faces are followed at full rate wherever somebody to hide may be; what the detector misses is bridged by following a
face's looks, and by straight lines. Each stretch of the copy is then searched for the people with detector and
embedder, and encoded again around where they are found, with more hidden, until they are found in none of its frames.
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from av.video.reformatter import VideoReformatter

from analysis.errors import UnreadableVideo
from analysis.exports.box_paths import Bool
from analysis.exports.check_copy import CopyChecker, FoundAgain, OtherPeople
from analysis.exports.choice import BlurOptions
from analysis.exports.copy_file import LEAD_S, StretchWriter, add_sound, join_parts
from analysis.exports.copy_parts import EncodedFrame, EncodedPart, replaced, span_of, windows_around
from analysis.exports.face_scan import FaceScan, FaceScanner
from analysis.exports.hide_frame import hide_in_frame
from analysis.exports.hide_plan import STANDING_S, BoxesByFrame, HidePlan, make_plan
from analysis.exports.kept_frames import count_kept, kept_places
from analysis.exports.people import SeenPerson, expect_known
from analysis.exports.scan_stretches import ScannedStretch, scan_on, stretches_with
from analysis.exports.whose_face import hidden_frames, views_of
from analysis.faces.thresholds import thresholds_for
from analysis.pipeline import Models
from analysis.progress import paced
from analysis.types import Image, OnProgress, Progress, SegmentSpan, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, sample_frames, segment_borders_s
from analysis.video.frame import Frame, split_planes
from analysis.video.prefetch import prefetch
from analysis.video.web_copy import copy_size, written_whole

SCAN_SIDES = (640, 1280)
"""Least and greatest longer side at which faces are looked for; in between, half of the copy's: a face that an embedder
can still tell, 22 pixels, is then as large as the detector needs, 11."""
DETECTED_PX = 11
"""Side from which faces are detected, after scaling."""
STRETCH_S = 20.0
"""Length of what is encoded, checked and if need be encoded again at once."""
FRAMES_AHEAD, STRETCHES_AHEAD = 6, 1
STAGE_SHARES = {"follow": (0.0, 0.4), "encode": (0.4, 0.58), "join": (0.98, 0.02)}
"""Where a stage begins and how much it is of the whole, roughly by time: one percentage counts up once."""


@dataclass(frozen=True, slots=True)
class BlurReport:
    """What became of a copy. A frame counts as found in where a hidden person is detected in it and matched."""

    frames: int
    frames_checked: int
    frames_found_at_first: int
    frames_found: int
    """In the copy as it is: 0, unless more than `rounds` were needed."""
    found_at_s: tuple[float, ...]
    """Their times in the copy, in seconds; at most 100."""
    rounds: int
    """How often what needed it most was encoded."""
    share_hidden: float
    """Share of all pixels of all frames that are hidden, 0..1."""
    frames_hidden_in: int
    """Frames in which anything is hidden."""
    frames_with_kept: int
    frames_kept_hidden: int
    """Frames in which the people to keep are known to be, and in which one of them is hidden: in doubt they are."""
    least_face_px: int
    """Side in pixels of the copy from which the check sees faces; it may miss smaller ones."""
    width: int
    height: int
    detector: str
    embedder: str

    def summary(self) -> str:
        """Returns it in a line."""
        return (
            f"{self.frames_checked} frames checked for faces from {self.least_face_px} pixels on, "
            f"people found in {self.frames_found} (in {self.frames_found_at_first} at first; rounds: {self.rounds}), "
            f"{self.share_hidden:.1%} of the picture hidden"
            + f", kept people hidden in {self.frames_kept_hidden} of {self.frames_with_kept}"
            * bool(self.frames_with_kept)
        )


def blur_video(
    source: Path,
    target: Path,
    info: VideoInfo,
    people: Sequence[SeenPerson],
    models: Models,
    options: BlurOptions,
    on_progress: OnProgress,
) -> BlurReport:
    """Writes an MP4 (H.264, AAC) in which the chosen people are hidden, and returns what the check of it says.

    `people` are those that an analysis found in the video. Frames keep their times, counted from where the container
    starts; the picture is as a player shows it, at most 1920 x 1080. Memory does not grow with the length but for 200
    bytes a frame, and 20 a face and frame. The file appears under its name only once it is complete. `on_progress` may
    raise Cancelled. Raises UnreadableVideo, or UnknownPerson if an id is nobody's.
    """
    expect_known(options.whom.hide | options.whom.keep, people)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".blur-") as scratch, written_whole(target) as part:
        job = _Copy(source, info, options, models, paced(on_progress), Path(scratch))
        job.plan_from(people)
        job.encode()
        if not job.parts:
            raise UnreadableVideo(f"{source.name}: no frame can be decoded")
        joined = Path(scratch) / "joined.nut"
        join_parts(job.parts, joined)

        def report(done_s: float) -> None:
            job.tell("join", done_s)

        add_sound(joined, job.parts[0].frames[0].copy_s, source, info, options.sound, part, report)
    return job.report()


class _Copy:
    """State of one copy that is being made."""

    plan: HidePlan
    kept: BoxesByFrame
    checker: CopyChecker

    def __init__(
        self,
        source: Path,
        info: VideoInfo,
        options: BlurOptions,
        models: Models,
        on_progress: OnProgress,
        scratch: Path,
    ) -> None:
        self.source, self.info, self.choice, self.options = source, info, options.whom, options
        self.models, self.on_progress, self.scratch = models, on_progress, scratch
        # Around chosen people are others, who are left clear where nobody is seen for long.
        self.extend_s = min(options.extend_s, STANDING_S) if self.choice.hides_some else options.extend_s
        self.width, self.height = copy_size(info)
        self.side = int(np.clip(max(self.width, self.height) / 2, *SCAN_SIDES))
        self.parts: list[EncodedPart] = []
        self.checked = self.rounds = self.found_at_first = 0
        self.share_done = 0.0
        self.found: list[FoundAgain] = []
        self._encoded_until: tuple[SegmentSpan, float] | None = None
        self._left = threading.Event()

    def plan_from(self, people: Sequence[SeenPerson]) -> None:
        """Follows the faces of all frames in which somebody to hide may be, and decides what to hide."""
        thresholds = thresholds_for(self.models.embedder_name).identification
        unclear = frozenset(person.id for person in people if person.unclear)

        def hidden_in(scan: FaceScan) -> list[Bool]:
            views = views_of(people, scan.faces, self.choice)
            return hidden_frames(scan, self.choice, views, thresholds.accept_from, thresholds.review_from, unclear)

        def scan_span(span: SegmentSpan) -> ScannedStretch:
            return self._scanned(span, people)

        spans = stretches_with(people, self.choice, self.info, self.extend_s)
        scan, hidden = scan_on(spans, self.info, scan_span, hidden_in)
        views = views_of(people, scan.faces, self.choice)
        self.plan = make_plan(scan, hidden, people, self.choice, self.extend_s)
        self.kept = kept_places(scan, hidden, people, self.choice)
        self.checker = CopyChecker(
            self.models,
            self.choice,
            views,
            self.options.margin,
            self.side,
            OtherPeople(people, self.choice),
            thresholds.accept_from,
        )

    def _scanned(self, span: SegmentSpan, people: Sequence[SeenPerson]) -> ScannedStretch:
        scanner, counts = FaceScanner(self.info, self.models, people, self.extend_s), DecodeCounts()
        every = Sampling(0, self.side, references_only=False)
        with closing(self._frames(span, every, counts)) as frames:  # type: ignore[type-var]
            for frame in frames:
                scanner.update(frame)
                self.tell("follow", frame.time_s - self.info.start_s)
        return ScannedStretch(span, scanner.finish(), counts.cut_at_start, counts.cut_at_end)

    def _frames(self, span: SegmentSpan, sampling: Sampling, counts: DecodeCounts) -> Sequence[Frame]:
        decoded = sample_frames(self.source, self.info, span, sampling, counts)
        return prefetch(decoded, FRAMES_AHEAD)  # type: ignore[return-value]

    def tell(self, stage: str, done_s: float) -> None:
        """Reports how far a stage is, in seconds of the video; work done again does not count back."""
        begin, share = STAGE_SHARES[stage]
        fraction = min(max(done_s / max(self.info.duration_s, 1e-6), 0.0), 1.0)
        self.share_done = max(self.share_done, begin + share * fraction)
        self.on_progress(Progress(stage, self.share_done * self.info.duration_s, self.info.duration_s))

    def _tell_of_span(self, span: SegmentSpan, time_s: float, *, is_check: bool) -> None:
        """Reports on a span, the first half of which is to encode it and the second to check it."""
        start_s = max(span.start_s - self.info.start_s, 0.0)
        length_s = min(span.end_s - self.info.start_s, self.info.duration_s) - start_s
        inside_s = time_s - self.info.start_s - start_s
        self.tell("encode", start_s + (inside_s + (length_s if is_check else 0.0)) / 2)

    def encode(self) -> None:
        """Encodes and checks stretch after stretch into `parts`: one is checked while the next is encoded."""
        with closing(prefetch(self._encoded(), STRETCHES_AHEAD, self._tell_encoded)) as encoded:
            try:
                for number, (span, whole) in enumerate(encoded):
                    self.parts += self._until_clean(span, number, whole)
            finally:
                self._left.set()

    def _encoded(self) -> Iterator[tuple[SegmentSpan, EncodedPart]]:
        """Yields the stretches that hold frames, encoded; in another thread, which must not report."""
        for number, span in enumerate(self._spans()):

            def note(time_s: float, span: SegmentSpan = span) -> None:
                self._encoded_until = span, time_s

            whole = self._encode_once(span, self.scratch / f"{number}.nut", note)
            if self._left.is_set():
                return
            if whole is not None:
                yield span, whole

    def _tell_encoded(self) -> None:
        if self._encoded_until is not None:
            self._tell_of_span(*self._encoded_until, is_check=False)

    def _spans(self) -> list[SegmentSpan]:
        info = self.info
        count = max(1, round(info.duration_s / STRETCH_S)) if info.divisible else 1
        planned = [info.start_s + info.duration_s * number / count for number in range(1, count)]
        borders = sorted(set(segment_borders_s(self.source, planned)))
        edges = pairwise([-math.inf, *borders, math.inf])
        return [SegmentSpan(number, start, end) for number, (start, end) in enumerate(edges)]

    def _until_clean(self, span: SegmentSpan, number: int, whole: EncodedPart) -> list[EncodedPart]:
        """Checks a stretch, encodes anew what it must; returns its parts and adds up what became of it."""
        found = self._check(span, whole)
        self.found_at_first += len({each.time_s for each in found})
        parts, round_number = [whole], 1
        while found and round_number < self.options.rounds:
            added = [each.region(round_number) for each in found]
            self.plan.added += added
            round_number += 1
            found = []
            for first, end in windows_around(whole, [(region.start_s, region.end_s) for region in added]):
                self.checked -= end - first
                window = span_of(whole, first, end, span)
                part = self._encode_again(window, f"{number}-{round_number}-{first}.nut")
                if part is None or not part.shows_as(whole.frames[first:end]):
                    raise UnreadableVideo(f"{self.source.name}: it is decoded differently each time")
                parts, found = replaced(parts, part), found + self._check(window, part)
        self.rounds = max(self.rounds, round_number)
        self.found += found
        return parts

    def _encode_again(self, span: SegmentSpan, name: str) -> EncodedPart | None:
        def tell(time_s: float) -> None:
            self._tell_of_span(span, time_s, is_check=False)

        return self._encode_once(span, self.scratch / name, tell)

    def _check(self, span: SegmentSpan, part: EncodedPart) -> list[FoundAgain]:
        """Returns what is found in the frames of a span."""

        def tell(time_s: float) -> None:
            self._tell_of_span(span, time_s, is_check=True)

        count, found = self.checker.check(part.file, self.info, self.info.start_s - LEAD_S, self.plan, tell)
        self.checked += count
        return found

    def _encode_once(self, span: SegmentSpan, file: Path, tell: Callable[[float], None]) -> EncodedPart | None:
        """Returns the frames of a span, None if there is none, or if nobody waits for them any longer."""
        shown: list[tuple[float, int]] = []
        every = Sampling(0, 0, references_only=False, deblock=True)
        scaler = VideoReformatter()
        with (
            StretchWriter(file, self.width, self.height, self.info.rate_fps) as writer,
            closing(self._frames(span, every, DecodeCounts())) as frames,  # type: ignore[type-var]
        ):
            for frame in frames:
                planes = frame.planes(self.width, self.height, scaler)
                shown.append((frame.time_s, self._hide(planes, frame.time_s)))
                writer.add(planes, max(frame.time_s - self.info.start_s, 0.0), frame.colour_tags)
                tell(frame.time_s)
                if self._left.is_set():
                    return None
        encoded = [
            EncodedFrame(source_s, copy_s, copy_s in writer.key_times_s, pixels)
            for (source_s, pixels), copy_s in zip(shown, writer.times_s, strict=True)
        ]
        return EncodedPart(file, encoded) if encoded else None

    def _hide(self, planes: Image, time_s: float) -> int:
        """Hides in a frame what is to be hidden at its time; returns how many pixels that are."""
        hidden = self.plan.at(time_s)
        if not len(hidden.boxes_xyxy):
            return 0
        scale = np.tile(np.array([self.width / self.info.width, self.height / self.info.height], np.float32), 2)
        hidden = hidden._replace(boxes_xyxy=(hidden.boxes_xyxy * scale).astype(np.float32))
        spared = (self.plan.spared_at(time_s) * scale).astype(np.float32)
        return hide_in_frame(split_planes(planes), hidden, spared, self.options.margin, self.options.style)

    def report(self) -> BlurReport:
        """Returns what became of the copy, once it is written."""
        times = sorted({each.time_s - self.info.start_s for each in self.found})
        frames = [frame for part in self.parts for frame in part.frames]
        hidden = [frame.hidden_pixels for frame in frames]
        kept = count_kept(self.plan, self.kept, (frame.source_s for frame in frames), self.options.margin)
        return BlurReport(
            frames=len(hidden),
            frames_checked=self.checked,
            frames_found_at_first=self.found_at_first,
            frames_found=len(times),
            found_at_s=tuple(round(time_s, 3) for time_s in times[:100]),
            rounds=self.rounds,
            share_hidden=sum(hidden) / max(len(hidden) * self.width * self.height, 1),
            frames_hidden_in=sum(pixels > 0 for pixels in hidden),
            frames_with_kept=kept.seen,
            frames_kept_hidden=kept.covered,
            least_face_px=math.ceil(DETECTED_PX * max(self.width / self.side, self.height / self.side, 1.0)),
            width=self.width,
            height=self.height,
            detector=self.models.detector_name,
            embedder=self.models.embedder_name,
        )
