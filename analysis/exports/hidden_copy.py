"""Makes the picture of a copy in which chosen people are hidden; runs within a limited process (`hide_tasks`).

Faces are followed at full rate wherever somebody to hide may be; what the detector misses is bridged by following a
face's looks, and by straight lines. Each stretch of the copy is then searched for the people with detector and
embedder, and encoded again around where they are found, with more hidden, until they are found in none of its frames.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from analysis.errors import UnreadableVideo
from analysis.exports.blur_video import STAGE_SHARES, BlurReport
from analysis.exports.box_paths import Bool
from analysis.exports.check_copy import CopyChecker, FoundAgain, OtherPeople
from analysis.exports.choice import BlurOptions
from analysis.exports.copy_file import LEAD_S, StretchWriter, join_parts
from analysis.exports.copy_parts import EncodedFrame, EncodedPart, replaced, span_of, windows_around
from analysis.exports.covered_person import CoveredPerson
from analysis.exports.covered_spans import count_unconfirmed, covered_people
from analysis.exports.face_scan import FaceScan, FaceScanner
from analysis.exports.hide_frame import hide_in_frame
from analysis.exports.hide_plan import STANDING_S, BoxesByFrame, HidePlan, make_plan
from analysis.exports.hold_places import LOOKED_AT_S, HeldPlace, SmallPicture, hold_places, place_ends
from analysis.exports.kept_frames import count_kept, kept_places
from analysis.exports.people import SeenPerson
from analysis.exports.scan_stretches import ScannedStretch, scan_on, stretches_with
from analysis.exports.whose_face import hidden_frames, views_of
from analysis.faces.search import IdentificationThresholds
from analysis.memory import trim_malloc
from analysis.pipeline import Models
from analysis.time_spans import Span
from analysis.types import WHOLE_VIDEO, Image, SegmentSpan, VideoInfo
from analysis.video.frame import Frame, split_planes
from analysis.video.prefetch import frames_ahead, prefetch
from analysis.video.sampling import DecodeCounts, Sampling
from analysis.video.unlimited_decode import sample_frames
from analysis.video.web_copy import copy_size

SCAN_SIDES = (640, 1280)
"""Least and greatest longer side at which faces are looked for; in between, half of the copy's: a face that an embedder
can still tell, 22 pixels, is then as large as the detector needs, 11."""
DETECTED_PX = 11
"""Side from which faces are detected, after scaling."""
STRETCH_S = 4.0
"""Length of what is encoded, checked and if need be encoded again at once: a few keyframes, so that checking begins
soon and ends soon after the last frame."""
STRETCHES_AHEAD = 1
HELD_SIDE_PX = 320
"""Longer side of pictures by which places are held."""
EVERY_FRAME = Sampling(0, 0, references_only=False, deblock=True)


@dataclass(frozen=True, slots=True)
class CopySource:
    """The video that is copied; `lut` is the table of its curve, None for none."""

    path: Path
    info: VideoInfo
    lut: Path | None = None


class HiddenCopy:
    """State of one copy that is being made; `tell(stage, done_s)` is called in the thread that calls `make`."""

    plan: HidePlan
    kept: BoxesByFrame
    covered: tuple[CoveredPerson, ...]
    unconfirmed: int
    checker: CopyChecker
    scratch: Path

    def __init__(
        self,
        source: CopySource,
        people: Sequence[SeenPerson],
        options: BlurOptions,
        models: Models,
        thresholds: IdentificationThresholds,
        tell: Callable[[str, float], None],
    ) -> None:
        self.source, self.info, self.people = source, source.info, people
        self.choice, self.options = options.whom, options
        self.models, self.thresholds, self._tell = models, thresholds, tell
        # Around chosen people are others, who are left clear where nobody is seen for long.
        self.extend_s = min(options.extend_s, STANDING_S) if self.choice.hides_some else options.extend_s
        self.width, self.height = copy_size(self.info)
        self.side = int(np.clip(max(self.width, self.height) / 2, *SCAN_SIDES))
        self.parts: list[EncodedPart] = []
        self.checked = self.rounds = self.found_at_first = 0
        self.share_done = self.encoded_s = self.checked_s = 0.0
        self.found: list[FoundAgain] = []
        self._left = threading.Event()

    def make(self, joined: Path) -> float:
        """Writes all frames into a file, as by `StretchWriter`; returns when the first is shown.

        What else lies in its folder then is left over. Raises UnreadableVideo.
        """
        self.scratch = joined.parent
        self.plan_hiding()
        self.encode()
        if not self.parts:
            raise UnreadableVideo(f"{self.source.path.name}: no frame can be decoded")
        join_parts(self.parts, joined)
        return self.parts[0].frames[0].copy_s

    def plan_hiding(self) -> None:
        """Follows the faces of all frames in which somebody to hide may be, and decides what to hide."""
        people, thresholds = self.people, self.thresholds
        unclear = frozenset(person.id for person in people if person.unclear)

        def hidden_in(scan: FaceScan) -> list[Bool]:
            views = views_of(people, scan.faces, self.choice)
            return hidden_frames(scan, self.choice, views, thresholds.accept_from, thresholds.review_from, unclear)

        held: list[HeldPlace] = []

        def held_spans(scan: FaceScan, hidden: list[Bool]) -> list[Span]:
            ends = place_ends(scan, hidden, unclear)
            held[:] = hold_places(ends, self._small_pictures, self.info.width)
            return [place.span_s for place in held]

        spans = stretches_with(people, self.choice, self.info, self.extend_s)
        scan, hidden = scan_on(spans, self.info, self._scanned, hidden_in, held_spans)
        trim_malloc()
        views = views_of(people, scan.faces, self.choice)
        self.plan = make_plan(scan, hidden, people, self.choice, self.extend_s, held)
        self.plan.reach_edges(self.options.margin, self.info.width, self.info.height)
        self.covered = covered_people(scan, hidden, people, self.choice, self.extend_s, held)
        self.unconfirmed = count_unconfirmed(scan, hidden, unclear)
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

    def _scanned(self, span: SegmentSpan) -> ScannedStretch:
        scanner, counts = FaceScanner(self.info, self.models, self.people, self.extend_s), DecodeCounts()
        every = Sampling(0, self.side, references_only=False)
        with closing(self._frames(span, every, counts)) as frames:
            for frame in frames:
                scanner.update(frame)
                self.tell("follow", frame.time_s - self.info.start_s)
        return ScannedStretch(span, scanner.finish(), counts.cut_at_start, counts.cut_at_end)

    def _small_pictures(self, start_s: float, end_s: float) -> list[SmallPicture]:
        """Returns small pictures of a span, without those that no other frame refers to."""
        some, found = Sampling(LOOKED_AT_S, HELD_SIDE_PX), list[SmallPicture]()
        with closing(self._frames(SegmentSpan(0, start_s, end_s), some, DecodeCounts())) as frames:
            for frame in frames:
                grey = np.asarray(cv2.cvtColor(frame.image_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
                found.append(SmallPicture(frame.time_s, grey, frame.begins_shot))
                self.tell("follow", frame.time_s - self.info.start_s)
        return found

    def _frames(self, span: SegmentSpan, sampling: Sampling, counts: DecodeCounts) -> Generator[Frame, None, None]:
        decoded = sample_frames(self.source.path, self.info, span, sampling, counts, self.source.lut)
        return prefetch(decoded, frames_ahead(self.info))

    def tell(self, stage: str, done_s: float) -> None:
        """Reports how far a stage is, in seconds of the video; work done again does not count back."""
        begin, share = STAGE_SHARES[stage]
        fraction = min(max(done_s / max(self.info.duration_s, 1e-6), 0.0), 1.0)
        self.share_done = max(self.share_done, begin + share * fraction)
        self._tell(stage, self.share_done * self.info.duration_s)

    def _tell_of_copy(self) -> None:
        self.tell("encode", (self.encoded_s + self.checked_s) / 2)

    def encode(self) -> None:
        """Encodes and checks stretch after stretch into `parts`: one is checked while the next is encoded."""
        with closing(prefetch(self._encoded(), STRETCHES_AHEAD, self._tell_of_copy)) as encoded:
            try:
                for number, (span, whole) in enumerate(encoded):
                    self.parts += self._until_clean(span, number, whole)
            finally:
                self._left.set()

    def _encoded(self) -> Iterator[tuple[SegmentSpan, EncodedPart]]:
        """Yields stretches, encoded, with the span that holds no other frames; in a thread that tells nothing."""
        start_s, number = -math.inf, 0
        with closing(self._frames(WHOLE_VIDEO, EVERY_FRAME, DecodeCounts())) as frames:
            first = next(frames, None)
            while first is not None and not self._left.is_set():
                until_s, file = first.time_s + STRETCH_S, self.scratch / f"{number}.nut"
                part, first = self._encode_until(until_s, chain([first], frames), file, self._note_encoded)
                end_s = math.inf if first is None else first.time_s
                if part is not None:
                    yield SegmentSpan(number, start_s, end_s), part
                start_s, number = end_s, number + 1

    def _note_encoded(self, time_s: float) -> None:
        self.encoded_s = max(time_s - self.info.start_s, 0.0)

    def _until_clean(self, span: SegmentSpan, number: int, whole: EncodedPart) -> list[EncodedPart]:
        """Checks a stretch, encodes anew what it must; returns its parts and adds up what became of it."""
        found = self._check(whole)
        self.found_at_first += len({each.time_s for each in found})
        parts, round_number = [whole], 1
        while found and round_number < self.options.rounds:
            added = [each.region(round_number) for each in found]
            self.plan.added += added
            round_number += 1
            found, frames = [], [frame for part in parts for frame in part.frames]
            for first, end in windows_around(frames, [(region.start_s, region.end_s) for region in added]):
                self.checked -= end - first
                part = self._encode_again(span_of(frames, first, end, span), f"{number}-{round_number}-{first}.nut")
                if part is None or not part.shows_as(frames[first:end]):
                    raise UnreadableVideo(f"{self.source.path.name}: it is decoded differently each time")
                parts, found = replaced(parts, part), found + self._check(part)
        self.rounds = max(self.rounds, round_number)
        self.found += found
        return parts

    def _encode_again(self, span: SegmentSpan, name: str) -> EncodedPart | None:
        with closing(self._frames(span, EVERY_FRAME, DecodeCounts())) as frames:
            return self._encode_until(math.inf, frames, self.scratch / name, lambda _: self._tell_of_copy())[0]

    def _check(self, part: EncodedPart) -> list[FoundAgain]:
        """Returns what is found in the frames of a part."""

        def tell(time_s: float) -> None:
            self.checked_s = max(self.checked_s, time_s - self.info.start_s)
            self._tell_of_copy()

        count, found = self.checker.check(part.file, self.info, self.info.start_s - LEAD_S, self.plan, tell)
        self.checked += count
        return found

    def _encode_until(
        self, until_s: float, frames: Iterator[Frame], file: Path, tell: Callable[[float], None]
    ) -> tuple[EncodedPart | None, Frame | None]:
        """Encodes the frames before a time; returns them, None if nobody waits for them, and the next frame."""
        shown: list[tuple[float, int]] = []
        scaler, after = VideoReformatter(), None
        with StretchWriter(file, self.width, self.height, self.info.rate_fps) as writer:
            for frame in frames:
                if frame.time_s >= until_s:
                    after = frame
                    break
                planes = frame.planes(self.width, self.height, scaler)
                shown.append((frame.time_s, self._hide(planes, frame.time_s)))
                writer.add(planes, max(frame.time_s - self.info.start_s, 0.0), frame.colour_tags)
                tell(frame.time_s)
                if self._left.is_set():
                    return None, None
        encoded = [
            EncodedFrame(source_s, copy_s, copy_s in writer.key_times_s, number in writer.whole_counts, pixels)
            for number, ((source_s, pixels), copy_s) in enumerate(zip(shown, writer.times_s, strict=True))
        ]
        return EncodedPart(file, encoded) if encoded else None, after

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
        frame_s = 1 / self.info.rate_fps
        end_s = frames[-1].source_s + frame_s
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
            areas_unconfirmed=self.unconfirmed,
            people_covered=tuple(each.in_copy(self.info.start_s, end_s, frame_s) for each in self.covered),
            least_face_px=math.ceil(DETECTED_PX * max(self.width / self.side, self.height / self.side, 1.0)),
            width=self.width,
            height=self.height,
            detector=self.models.detector_name,
            embedder=self.models.embedder_name,
        )
