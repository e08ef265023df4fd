"""Turns sampled frames into finished tracks with their best views embedded; memory does not grow with time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import cv2
import numpy as np

from analysis.boxes import scale_faces
from analysis.faces.associate import OpenTrack, Tracker, TrackingRules, face_patches
from analysis.faces.best_views import FaceCrop, ViewCollector, choose_views, views_wanted
from analysis.faces.clarity import are_clear, is_face, rated_quality, shorter_side
from analysis.faces.detect import FaceDetector
from analysis.faces.embed import Embedder
from analysis.faces.face_mesh import FaceMesh
from analysis.faces.link_tracklets import link_tracklets, linked_track
from analysis.faces.quality import face_marks, pose_marks, size_marks
from analysis.faces.thresholds import thresholds_for
from analysis.types import Faces, Float32, FoundFace, FoundTrack, Image, VideoInfo, ViewMeasures
from analysis.video.frame import Frame

CONTINUE_SCORE = 0.45
"""Detections down to this score continue a track that started with a clear one."""
SURE_SCORE = 0.75
UNSURE_SCORE = 0.68
"""Best score that a track of several samples must reach: a flower reaches 0.66 for a second."""
VERY_SURE_SCORE = 0.85
"""Best score that a track of one sample must reach."""
MIN_SAMPLES_UNSURE = 3
"""A face seen in fewer samples and never clearly is mostly none."""
SURROUNDINGS = 1.8
"""Side of the shown square, in longer sides of the face's box."""
PICTURE_SIDE = 192
JPEG_QUALITY = 85
EMBED_BATCH = 16
GOOD_QUALITY = 0.6
"""Quality from which two views may show that a track holds two people."""


@dataclass(slots=True)
class Stopwatch:
    """Seconds spent so far."""

    detect_s: float = 0.0
    embed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RatedView:
    """A view with what the face mesh says about it. `quality`, 0..1, takes that into account."""

    crop: FaceCrop
    measures: ViewMeasures
    quality: float


@dataclass(slots=True)
class EndedTrack:
    """A track that has ended, with the views to embed."""

    track: OpenTrack
    views: list[RatedView]


@dataclass(slots=True)
class FaceTracker:
    """Tracks the faces of one segment: call `update` with each sample in order, then `finish`."""

    info: VideoInfo
    detector: FaceDetector
    embedder: Embedder
    mesh: FaceMesh
    rules: TrackingRules
    watch: Stopwatch = field(default_factory=Stopwatch)
    first_s: float | None = None
    last_s: float = 0.0
    _tracker: Tracker = field(init=False)
    _views: dict[int, ViewCollector] = field(default_factory=dict)
    _waiting: list[tuple[OpenTrack, list[FaceCrop]]] = field(default_factory=list)
    _done: list[FoundTrack] = field(default_factory=list)
    _shots: list[int] = field(default_factory=list)
    """The shot of each track that is done."""

    def __post_init__(self) -> None:
        self._tracker = Tracker(self.rules)

    def update(self, frame: Frame) -> None:
        """Detects the faces of the next sample and assigns them to tracks."""
        started = time.perf_counter()
        self.first_s = frame.time_s if self.first_s is None else self.first_s
        self.last_s = frame.time_s
        found = self.detector.detect_frame(frame.image_bgr, CONTINUE_SCORE)
        patches = face_patches(frame.image_bgr, found.landmarks)
        height, width = frame.image_bgr.shape[:2]
        faces = scale_faces(found, self.info.width / width, self.info.height / height)
        of_face, ended = self._tracker.step(frame.time_s, faces, patches, frame.begins_shot)
        self._collect_views(frame, faces, of_face)
        self.watch.detect_s += time.perf_counter() - started
        self._end(ended)

    def finish(self) -> tuple[FoundTrack, ...]:
        """Returns all tracks, sorted by start."""
        self._end(self._tracker.finish())
        self._embed_waiting()
        linked = [[self._done[n] for n in numbers] for numbers in link_tracklets(self._done, self._shots)]
        tracks = [linked_track(tracklets) for tracklets in linked]
        return tuple(sorted(filter(is_face, tracks), key=lambda track: (track.start_s, track.end_s)))

    def _collect_views(self, frame: Frame, faces: Faces, of_face: list[OpenTrack | None]) -> None:
        if not len(faces):
            return
        bounds = quality_bounds(faces)
        for number, track in enumerate(of_face):
            if track is None:
                continue
            collector = self._views.setdefault(track.number, ViewCollector(frame.time_s))
            if bounds[number] > collector.bar(frame.time_s):
                collector.add(crop_face(frame, self.info, faces, number, float(bounds[number]), self.embedder))

    def _end(self, ended: list[OpenTrack]) -> None:
        for track in ended:
            collector = self._views.pop(track.number)
            if is_kept(track.scores):
                self._waiting.append((track, collector.candidates()))
        if sum(len(candidates) for _, candidates in self._waiting) >= EMBED_BATCH:
            self._embed_waiting()

    def _embed_waiting(self) -> None:
        if not self._waiting:
            return
        started = time.perf_counter()
        ended = chosen_views(self._waiting, self.mesh)
        self._waiting = []
        views = [view.crop for finished in ended for view in finished.views]
        # Tracks with one view are embedded once; others also mirrored, for their best view. That halves the work in a
        # crowd at the same F1 (9 clips). Across videos the mirrored pass counts: a true match rate of 97 %, not 93.
        twice = np.array([n == 0 and len(each.views) > 1 for each in ended for n in range(len(each.views))])
        vectors = self.embedder.embed(np.stack([view.aligned_bgr for view in views]), twice)
        position = 0
        for finished in ended:
            after = position + len(finished.views)
            one_track = thresholds_for(self.embedder.name).grouping.one_track
            for part, rows in split_by_identity(finished, vectors[position:after], one_track):
                self._done.append(self._found(part, rows))
                self._shots.append(part.track.shot)
            position = after
        self.watch.embed_s += time.perf_counter() - started

    def _found(self, finished: EndedTrack, vectors: Float32) -> FoundTrack:
        track = finished.track
        return FoundTrack(
            times_s=np.array(track.times_s, np.float64),
            boxes_xyxy=np.stack(track.boxes_xyxy).astype(np.float32),
            scores=np.array(track.scores, np.float32),
            faces=tuple(found_face(view, vector) for view, vector in zip(finished.views, vectors, strict=True)),
            reaches_start=track.times_s[0] == self.first_s,
            reaches_end=track.times_s[-1] == self.last_s,
        )


def is_kept(scores: list[float]) -> bool:
    """Returns whether a track with these detection scores is likely to be a face at all."""
    if len(scores) >= MIN_SAMPLES_UNSURE:
        return max(scores) >= UNSURE_SCORE
    return max(scores) >= (SURE_SCORE if len(scores) > 1 else VERY_SURE_SCORE)


def split_by_identity(finished: EndedTrack, vectors: Float32, least_cosine: float) -> list[tuple[EndedTrack, Float32]]:
    """Splits a track if good views show different people; returns its parts, each with its views and their vectors.

    One face may fade into another in the same place without a hard cut; the track is cut where the face changed most.
    """
    order = sorted(range(len(finished.views)), key=lambda row: finished.views[row].crop.time_s)
    good = [row for row in order if finished.views[row].crop.quality >= GOOD_QUALITY]
    # Not only neighbours: the picture in the midst of a dissolve looks like both.
    for start, end in combinations(good, 2):
        if float(vectors[start] @ vectors[end]) >= least_cosine:
            continue
        between = order[order.index(start) : order.index(end) + 1]
        before, after = min(pairwise(between), key=lambda pair: float(vectors[pair[0]] @ vectors[pair[1]]))
        first, second = finished.views[before].crop, finished.views[after].crop
        track = finished.track
        inside = [n for n, time_s in enumerate(track.times_s) if first.time_s < time_s <= second.time_s]
        at = min(inside, key=lambda n: track.similarities[n])
        early = [row for row in order if finished.views[row].crop.time_s <= first.time_s]
        late = [row for row in order if finished.views[row].crop.time_s >= second.time_s]
        parts = []
        for rows, samples in ((early, slice(None, at)), (late, slice(at, None))):
            part = EndedTrack(track.part(samples), [finished.views[row] for row in rows])
            parts += split_by_identity(part, vectors[rows], least_cosine)
        return parts
    best_first = sorted(order, key=lambda row: -finished.views[row].quality)
    return [(EndedTrack(finished.track, [finished.views[row] for row in best_first]), vectors[best_first])]


def chosen_views(waiting: Sequence[tuple[OpenTrack, list[FaceCrop]]], mesh: FaceMesh) -> list[EndedTrack]:
    """Rates the views of tracks and keeps the best few of each: clear ones, if there are any."""
    rated = rate_views([crop for _, crops in waiting for crop in crops], mesh)
    ended, position = [], 0
    for track, crops in waiting:
        views = rated[position : position + len(crops)]
        position += len(crops)
        count = views_wanted(track.times_s[-1] - track.times_s[0])
        useful = [view for view in views if are_clear(view.measures, shorter_side(view.crop.box_xyxy))] or views
        rows = choose_views([view.quality for view in useful], [view.crop.time_s for view in useful], count)
        ended.append(EndedTrack(track, [useful[row] for row in rows]))
    return ended


def rate_views(crops: Sequence[FaceCrop], mesh: FaceMesh) -> list[RatedView]:
    """Returns the views with their measures, in their order."""
    if not crops:
        return []
    boxes = [crop.picture_box_xyxy[None] for crop in crops]
    upright = [mesh.crop(c.picture_bgr, box, c.picture_landmarks[None]) for c, box in zip(crops, boxes, strict=True)]
    poses = mesh.rate_crops(np.concatenate(upright))
    rated = []
    for number, crop in enumerate(crops):
        presence, yaw_deg = float(poses.presence[number]), float(poses.yaw_deg[number])
        measures = ViewMeasures(presence, yaw_deg, float(poses.pitch_deg[number]), crop.sharpness)
        rated.append(RatedView(crop, measures, rated_quality(crop.quality, measures)))
    return rated


def quality_bounds(faces: Faces) -> Float32:
    """Returns upper bounds `(n,)` of the faces' quality by size and pose alone: most need not be cut out at all."""
    bounds: Float32 = (size_marks(faces.landmarks) * pose_marks(faces.landmarks)) ** np.float32(0.3)
    return bounds


def crop_face(
    frame: Frame, info: VideoInfo, faces: Faces, number: int, quality_bound: float, embedder: Embedder
) -> FaceCrop:
    """Cuts one face out of a frame at full size; `faces` in displayed pixels of the source."""
    box = faces.boxes_xyxy[number]
    ratio = np.array(frame.size, np.float32) / (info.width, info.height)
    middle, side = (box[:2] + box[2:]) / 2, float(max(box[2:] - box[:2])) * SURROUNDINGS
    square = np.concatenate([middle - side / 2, middle + side / 2]) * np.tile(ratio, 2)
    crop, corner = frame.crop_bgr(square.astype(np.float32))
    landmarks = (faces.landmarks[number] * ratio - np.array(corner, np.float32)).astype(np.float32)[None]
    inside = Faces(np.zeros((1, 4), np.float32), faces.scores[number : number + 1], landmarks)
    quality, sharpness = face_marks(crop, inside)
    picture, scale = _shrunk(crop)
    return FaceCrop(
        time_s=frame.time_s,
        box_xyxy=box,
        landmarks=faces.landmarks[number],
        score=float(faces.scores[number]),
        quality=float(quality[0]),
        quality_bound=quality_bound,
        sharpness=float(sharpness[0]),
        aligned_bgr=embedder.align(crop, landmarks)[0],
        picture_bgr=picture,
        picture_box_xyxy=((box * np.tile(ratio, 2) - np.tile(np.array(corner, np.float32), 2)) * scale).astype(
            np.float32
        ),
        picture_landmarks=(landmarks[0] * scale).astype(np.float32),
    )


def found_face(view: RatedView, vector: Float32) -> FoundFace:
    """Returns the face with its picture as JPEG and its vector `(d,)`."""
    crop = view.crop
    encoded = cv2.imencode(".jpg", crop.picture_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return FoundFace(
        time_s=crop.time_s,
        box_xyxy=crop.box_xyxy,
        landmarks=crop.landmarks,
        score=crop.score,
        quality=view.quality,
        embedding=vector,
        picture_jpeg=bytes(encoded),
        measures=view.measures,
        picture_landmarks=(crop.picture_landmarks / np.array(crop.picture_bgr.shape[1::-1])).astype(np.float32),
    )


def _shrunk(crop_bgr: Image) -> tuple[Image, float]:
    """Returns the picture to keep and its scale, at most 1."""
    scale = PICTURE_SIDE / max(crop_bgr.shape[:2])
    if scale >= 1:
        return crop_bgr.copy(), 1.0
    size = max(round(crop_bgr.shape[1] * scale), 1), max(round(crop_bgr.shape[0] * scale), 1)
    return np.asarray(cv2.resize(crop_bgr, size, interpolation=cv2.INTER_AREA), np.uint8), scale
