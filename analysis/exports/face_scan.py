"""Finds the faces of every frame of a stretch, not of a few a second, and follows each from frame to frame.

Between two sightings of an analysis, a quarter of a second apart, a face may jump and turn back; a straight line
between them then leaves it uncovered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, ParamSpec, TypeVar

import cv2
import numpy as np

from analysis.boxes import iou_matrix, scale_faces
from analysis.exports.box_paths import Bool, Int
from analysis.exports.face_views import cut_views, embed_once
from analysis.exports.follow_motion import SeenMotion, follow_motion
from analysis.exports.follow_patch import FollowedPatch
from analysis.exports.people import SeenPerson
from analysis.exports.second_look import look_again
from analysis.faces.associate import OpenTrack, Tracker, TrackingRules, face_patches
from analysis.faces.clarity import shorter_side
from analysis.pipeline import Models
from analysis.types import EXACT_TOLERANCE_S, Faces, Float32, Float64, Image, VideoInfo, expect_shape
from analysis.video.frame import Frame

P = ParamSpec("P")
R = TypeVar("R")

START_SCORE = 0.55
"""The analysis takes 0.6; where somebody is to be hidden, a doubtful face counts."""
CONTINUE_SCORE = 0.3
SAME_FACE_IOU = 0.3
EMBED_EVERY_S = 0.25
"""How often a face is embedded while it is followed, to tell whose it is and to know the person in more views."""
CALM_SHARE = 0.12
"""By how much of its size a face's box may change from one look to the next, so that one frame can be left out."""
MAX_GAP_S = 0.6
"""Somebody found after longer is a face of its own, which may be somebody else's."""
LEAST_SIDE_PX = 14.0
"""Smaller faces tell nobody."""
MOST_BEHIND, MOST_BEHIND_PIXELS = 12, 16e6
"""So many views at most wait to be embedded, each with its frame, and frames of so many pixels."""


@dataclass(frozen=True, slots=True)
class FollowedFace:
    """One face within one shot, in neighbouring frames: `frames` (n,) rising, `boxes_xyxy` (n, 4) in displayed pixels.

    `frames` are indices into `FaceScan.times_s`. Where `detected` (n,) is False the face was followed by its looks: in
    gaps, and for a while before and after it was seen.
    """

    frames: Int
    boxes_xyxy: Float32
    detected: Bool
    sure: Bool
    """(n,): where it was detected, or followed so well since that it is there."""
    best_score: float
    votes: tuple[tuple[int, int], ...]
    """Frame and id of a person, wherever the analysis saw this face."""
    vectors: Float32
    """(k, d), views while it was followed that can be compared."""
    clear_views: Bool
    """(k,): which of them may stand for a person."""
    every_vector: Float32
    """(j, d), those and views that show hardly a face."""
    moving_at: Int = field(default_factory=lambda: np.zeros(0, np.int64))
    moving_xyxy: Float32 = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    """Frames (m,) before and after it was seen, where it was lost, and boxes (m, 4) of what moved on from it there."""

    def __post_init__(self) -> None:
        expect_shape("boxes_xyxy", self.boxes_xyxy, (len(self.frames), 4))


@dataclass(frozen=True, slots=True)
class FaceScan:
    """What was found in the scanned stretches: `times_s` (n,) and `shots` (n,) of their frames, and the faces."""

    times_s: Float64
    shots: Int
    faces: tuple[FollowedFace, ...]


class EmbeddedView(NamedTuple):
    """A view of a face: its vector `(d,)`, and what `CutFace` says of it."""

    vector: Float32
    is_comparable: bool
    is_clear: bool


@dataclass(slots=True)
class _Growing:
    """A face while it is followed."""

    track: OpenTrack
    patch: FollowedPatch
    frames: list[int] = field(default_factory=list)
    boxes: list[Float32] = field(default_factory=list)
    detected: list[bool] = field(default_factory=list)
    sure: list[bool] = field(default_factory=list)
    votes: list[tuple[int, int]] = field(default_factory=list)
    views: list[Future[EmbeddedView]] = field(default_factory=list)
    moving: list[Future[list[tuple[int, Float32]]]] = field(default_factory=list)
    embedded_s: float = -np.inf
    seen_s: float = -np.inf

    def put(self, frame: int, box_xyxy: Float32, detected: bool, sure: bool) -> None:
        self.frames.append(frame)
        self.boxes.append(box_xyxy)
        self.detected.append(detected)
        self.sure.append(sure)


@dataclass(frozen=True, slots=True)
class _SmallPicture:
    """A frame as it is searched: its number, brightness `(h, w)`, and what makes its boxes displayed pixels (4,)."""

    number: int
    grey: Image
    scale: Float32


class FaceScanner:
    """Takes every frame of a stretch in order of time; `finish` returns what was found."""

    def __init__(self, info: VideoInfo, models: Models, people: Sequence[SeenPerson], extend_s: float) -> None:
        self.info, self.models, self.extend_s = info, models, extend_s
        self._sightings = _Sightings(people)
        self._tracker = Tracker(TrackingRules(max_gap_s=min(extend_s, MAX_GAP_S), start_score=START_SCORE))
        self._growing: dict[int, _Growing] = {}
        self._past: deque[tuple[int, float, Image]] = deque()
        self._times: list[float] = []
        self._shots: list[int] = []
        self._shot = 0
        self._is_calm = False
        self._done: list[Future[FollowedFace]] = []
        # What the search for faces does not depend on is done beside it, one after the other.
        self._most_behind = int(np.clip(MOST_BEHIND_PIXELS / (info.width * info.height), 2, MOST_BEHIND))
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="face-views")
        self._behind: deque[Future[Any]] = deque()
        self._motion = SeenMotion()

    def update(self, frame: Frame) -> None:
        """Finds the faces of the next frame."""
        begins = frame.begins_shot
        number = len(self._times)
        self._shot += begins
        self._times.append(frame.time_s)
        self._shots.append(self._shot)
        small_bgr = frame.image_bgr
        height, width = small_bgr.shape[:2]
        grey = np.asarray(cv2.cvtColor(small_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
        scale = np.tile(np.array([self.info.width / width, self.info.height / height], np.float32), 2)
        small = _SmallPicture(number, grey, scale)
        if self._is_calm and not begins and not self._sightings.any_at(frame.time_s):
            # All faces stand nearly still: in every other frame their looks tell where they are.
            self._is_calm = False
            self._follow(self._missed(small), small)
        else:
            self._look(frame, small, begins)
            self._look_again(frame, small)
        self._past.append((number, frame.time_s, grey))
        while frame.time_s - self._past[0][1] > self.extend_s:
            self._past.popleft()

    def _look(self, frame: Frame, small: _SmallPicture, begins: bool) -> None:
        """Finds the faces of a frame with the detector."""
        small_bgr, scale = frame.image_bgr, small.scale
        found = self.models.detector.detect_frame(small_bgr, CONTINUE_SCORE)
        of_face, _ended = self._tracker.step(frame.time_s, found, face_patches(small_bgr, found.landmarks), begins)
        for number, growing in list(self._growing.items()):
            if begins or frame.time_s - growing.seen_s > self.extend_s:
                self._end(number)
        if begins:
            self._past.clear()
        faces = scale_faces(found, float(scale[0]), float(scale[1]))
        before = {number: growing.boxes[-1] for number, growing in self._growing.items()}
        self._detected(frame, small, found, faces, of_face)
        self._is_calm = all(
            growing.frames[-1] == small.number and number in before and is_near(before[number], growing.boxes[-1])
            for number, growing in self._growing.items()
        )

    def finish(self) -> FaceScan:
        """Returns everything found."""
        for number in list(self._growing):
            self._end(number)
        faces = tuple(face.result() for face in self._done)
        self._beside.shutdown()
        return FaceScan(np.array(self._times, np.float64), np.array(self._shots, np.int64), faces)

    def _detected(
        self,
        frame: Frame,
        small: _SmallPicture,
        found: Faces,
        faces: Faces,
        of_face: list[OpenTrack | None],
    ) -> None:
        votes = self._sightings.votes(frame.time_s, faces.boxes_xyxy)
        for row, track in enumerate(of_face):
            if track is None:
                continue
            growing = self._growing.get(track.number)
            if growing is None:
                patch = FollowedPatch.of(small.grey, found.boxes_xyxy[row])
                growing = self._growing[track.number] = _Growing(track, patch)
                self._look_back(growing, small, found.boxes_xyxy[row])
            growing.put(small.number, faces.boxes_xyxy[row], True, True)
            growing.seen_s = frame.time_s
            growing.patch = FollowedPatch.of(small.grey, found.boxes_xyxy[row])
            growing.votes += [(small.number, person) for person in votes.get(row, ())]
            self._view(growing, frame, faces, row)

    def _look_back(self, growing: _Growing, small: _SmallPicture, box_xyxy: Float32) -> None:
        """Follows a face that was just found back into the frames in which it was not."""
        patch = FollowedPatch.of(small.grey, box_xyxy)
        earlier = [
            (number, patch.step(past) * small.scale, patch.is_sure) for number, _time_s, past in reversed(self._past)
        ]
        for number, box, is_sure in reversed(earlier):
            growing.put(number, box.astype(np.float32), False, is_sure)
        if not patch.is_sure:
            pictures = [(small.number, small.grey), *((number, past) for number, _time_s, past in reversed(self._past))]
            growing.moving.append(self._later(self._moving, pictures, box_xyxy, small.scale))

    def _missed(self, small: _SmallPicture) -> list[_Growing]:
        return [growing for growing in self._growing.values() if growing.frames[-1] != small.number]

    def _follow(self, missed: Sequence[_Growing], small: _SmallPicture) -> None:
        """Follows faces by their looks."""
        for growing in missed:
            box = (growing.patch.step(small.grey) * small.scale).astype(np.float32)
            growing.put(small.number, box, False, growing.patch.is_sure)

    def _look_again(self, frame: Frame, small: _SmallPicture) -> None:
        """Follows the faces that the detector missed, and looks for them nearer by."""
        missed = self._missed(small)
        taken = [growing.boxes[-1] for growing in self._growing.values() if growing.frames[-1] == small.number]
        self._follow(missed, small)
        places = [growing.boxes[-1] for growing in missed]
        again = look_again(frame, self.info, self.models.detector, places, np.array(taken, np.float32).reshape(-1, 4))
        for growing, box in zip(missed, again, strict=True):
            if box is not None:
                growing.boxes[-1], growing.seen_s = box, frame.time_s
                growing.detected[-1] = growing.sure[-1] = True
                growing.patch = FollowedPatch.of(small.grey, (box / small.scale).astype(np.float32))

    def _view(self, growing: _Growing, frame: Frame, faces: Faces, row: int) -> None:
        is_due = frame.time_s - growing.embedded_s >= EMBED_EVERY_S
        if not is_due or shorter_side(faces.boxes_xyxy[row]) < LEAST_SIDE_PX or faces.scores[row] < START_SCORE:
            return
        growing.embedded_s = frame.time_s
        # Soon: crops of a shot of an hour would take half a gigabyte.
        growing.views.append(self._later(self._embedded, frame, faces, row))

    def _later(self, work: Callable[P, R], *args: P.args, **named: P.kwargs) -> Future[R]:
        while len(self._behind) >= self._most_behind:
            self._behind.popleft().result()
        begun = self._beside.submit(work, *args, **named)
        self._behind.append(begun)
        return begun

    def _embedded(self, frame: Frame, faces: Faces, row: int) -> EmbeddedView:
        [view] = cut_views(frame, self.info, faces, [row], self.models.mesh, self.models.embedder)
        [vector] = embed_once([view], self.models.embedder)
        return EmbeddedView(vector, view.is_comparable, view.is_clear)

    def _end(self, number: int) -> None:
        growing = self._growing.pop(number)
        if not growing.sure[-1]:
            self._look_on(growing)
        self._done.append(self._later(_followed, growing))

    def _look_on(self, growing: _Growing) -> None:
        """Follows what moves on from where a face was last seen."""
        last = max(row for row, is_seen in enumerate(growing.detected) if is_seen)
        pictures = [(number, past) for number, _time_s, past in self._past if number >= growing.frames[last]]
        if pictures and pictures[0][0] == growing.frames[last]:
            height, width = pictures[0][1].shape
            scale = np.tile(np.array([self.info.width / width, self.info.height / height], np.float32), 2)
            growing.moving.append(self._later(self._moving, pictures, growing.boxes[last] / scale, scale))

    def _moving(
        self, pictures: Sequence[tuple[int, Image]], box_xyxy: Float32, scale: Float32
    ) -> list[tuple[int, Float32]]:
        """Returns frames and boxes of what moves on from a face; numbered pictures, the first of which shows it."""
        newest = max(number for number, _ in pictures)
        self._motion.forget_before(newest - round(self.extend_s * self.info.rate_fps) - 1)
        boxes = follow_motion(pictures, box_xyxy, self._motion)
        return [
            (number, (box * scale).astype(np.float32)) for (number, _), box in zip(pictures[1:], boxes, strict=False)
        ]


def _followed(growing: _Growing) -> FollowedFace:
    """Returns a face that has ended, once what was left for later is there."""
    views = [view.result() for view in growing.views]
    comparable = [view for view in views if view.is_comparable]
    moving = [each for moved in growing.moving for each in moved.result()]
    return FollowedFace(
        frames=np.array(growing.frames, np.int64),
        boxes_xyxy=np.stack(growing.boxes).astype(np.float32),
        detected=np.array(growing.detected, bool),
        sure=np.array(growing.sure, bool),
        best_score=max(growing.track.scores),
        votes=tuple(growing.votes),
        vectors=_stacked(comparable),
        clear_views=np.array([view.is_clear for view in comparable], bool),
        every_vector=_stacked(views),
        moving_at=np.array([at for at, _ in moving], np.int64),
        moving_xyxy=np.array([box for _, box in moving], np.float32).reshape(-1, 4),
    )


def _stacked(views: Sequence[EmbeddedView]) -> Float32:
    """Returns the vectors `(n, d)` of views."""
    return np.stack([view.vector for view in views]) if views else np.zeros((0, 0), np.float32)


def is_near(box_xyxy: Float32, other_xyxy: Float32) -> bool:
    """Returns whether no side of a face's box moved by more than `CALM_SHARE` of its size."""
    return bool(np.abs(box_xyxy - other_xyxy).max() <= CALM_SHARE * (other_xyxy[2:] - other_xyxy[:2]).max())


class _Sightings:
    """The analysis's sightings of everybody, by time."""

    def __init__(self, people: Sequence[SeenPerson]) -> None:
        tracks = [(person.id, track) for person in people for track in person.tracks]
        times = [track.times_s for _, track in tracks]
        order = np.argsort(np.concatenate([np.zeros(0), *times]), kind="stable")
        self.times_s = np.concatenate([np.zeros(0), *times])[order]
        boxes = [track.boxes_xyxy for _, track in tracks]
        self.boxes_xyxy = np.concatenate([np.zeros((0, 4), np.float32), *boxes])[order]
        owners = [np.full(len(track.times_s), person, np.int64) for person, track in tracks]
        self.people = np.concatenate([np.zeros(0, np.int64), *owners])[order]

    def any_at(self, time_s: float) -> bool:
        """Returns whether the analysis saw anybody at this time."""
        begin, end = np.searchsorted(self.times_s, [time_s - EXACT_TOLERANCE_S, time_s + EXACT_TOLERANCE_S])
        return bool(begin < end)

    def votes(self, time_s: float, boxes_xyxy: Float32) -> dict[int, list[int]]:
        """Returns, for the rows of `boxes_xyxy` (n, 4) that were seen by the analysis at this time, whose they are."""
        begin, end = np.searchsorted(self.times_s, [time_s - EXACT_TOLERANCE_S, time_s + EXACT_TOLERANCE_S])
        found: dict[int, list[int]] = {}
        if begin == end or not len(boxes_xyxy):
            return found
        overlap = iou_matrix(self.boxes_xyxy[begin:end], boxes_xyxy)
        for sighting, row in enumerate(overlap.argmax(axis=1)):
            if overlap[sighting, row] >= SAME_FACE_IOU:
                found.setdefault(int(row), []).append(int(self.people[begin + sighting]))
        return found
