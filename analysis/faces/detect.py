"""Detects faces in pictures and video frames with YuNet.

YuNet (Wu et al., "YuNet: a tiny millisecond-level face detector", 2023) predicts, for every cell of three grids with
strides 8, 16 and 32, a class and an objectness score, a box and five landmarks relative to the cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.boxes import (
    areas,
    clamp_boxes,
    iou_matrix,
    joined_faces,
    non_max_suppression,
    only_faces,
    scale_faces,
)
from analysis.device import open_session
from analysis.types import Faces, Float32, Image, Thoroughness
from analysis.weights import YUNET, verified_path

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

STRIDES = (8, 16, 32)
INPUT_MULTIPLE = 32
DEFAULT_MIN_SCORE = 0.6
MAX_IOU = 0.3
"""Different faces overlap less than this, one face seen from two neighbouring cells more."""
MAX_CANDIDATES = 2_000
"""At most so many cells, the best ones, enter non-maximum suppression; its cost grows with their square."""
STILL_LONG_SIDES = {
    Thoroughness.FAST: (640,),
    Thoroughness.BALANCED: (640, 1280),
    Thoroughness.THOROUGH: (640, 1280, 2048),
}
"""Longer sides in pixels, one for each pass over a still picture; *thorough* adds a larger picture's own size."""
LARGEST_PASS_PX = 4096
MAX_ENLARGEMENT = 4.0
TILE_PX, OVERLAP_PX = 1280, 512
"""A run of the network takes 66 bytes for each pixel. Faces in the overlap of tiles are whole in one of them."""
PASS_MIN_SCORE = 0.1
SAME_FACE_IOU = 0.4
CLEAREST_FACE_PX = 250.0
"""Side of a face at which its landmarks are most exact, by verification on LFW; twice that loses 10 % of matches."""
OUTPUTS = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in STRIDES]


class FaceDetector:
    """YuNet over an ONNX Runtime session. `name` identifies the weights in results."""

    name = "yunet_2023mar"

    def __init__(self, session: InferenceSession) -> None:
        self.session = session

    def detect_frame(self, image_bgr: Image, min_score: float = DEFAULT_MIN_SCORE) -> Faces:
        """Returns the faces of one picture at its own size, best first: the cheap call for video frames."""
        return self.detect_frames([image_bgr], min_score)[0]

    def detect_frames(self, images_bgr: Sequence[Image], min_score: float = DEFAULT_MIN_SCORE) -> list[Faces]:
        """Returns the faces of each picture, best first; the pictures have one size and share a run of the network."""
        if not images_bgr:
            return []
        height, width = images_bgr[0].shape[:2]
        outputs = self.session.run(OUTPUTS, {"input": _network_input(images_bgr)})
        return [
            _read_outputs([output[number] for output in outputs], width, height, min_score)
            for number in range(len(images_bgr))
        ]

    def detect(
        self, image_bgr: Image, thoroughness: Thoroughness = Thoroughness.BALANCED, min_score: float = DEFAULT_MIN_SCORE
    ) -> Faces:
        """Returns the faces of a still picture of any size, best first, merged from passes at several scales."""
        height, width = image_bgr.shape[:2]
        passes, scales = [], []
        for long_side in _long_sides(max(width, height), thoroughness):
            scale = long_side / max(width, height)
            size = max(round(width * scale), 1), max(round(height * scale), 1)
            # Another pass may confirm what this one hardly sees, so each keeps more than is asked for.
            passes.append(self._detect_at(image_bgr, size, min(min_score, PASS_MIN_SCORE)))
            scales.append(scale)
        return merge_passes(passes, scales, min_score)

    def _detect_at(self, image_bgr: Image, size: tuple[int, int], min_score: float) -> Faces:
        """Returns the faces that are seen when the picture has this size (width, height), in its own pixels.

        A large one is looked at in tiles, which takes their memory only. They overlap, and each brings the faces whose
        middle is nearest to its own; those that it cuts off are left to passes at smaller scales.
        """
        height, width = image_bgr.shape[:2]
        found = []
        for row in _tiles(size[1]):
            y1, y2 = row.part_of(height, size[1])
            for column in _tiles(size[0]):
                x1, x2 = column.part_of(width, size[0])
                tile = resize_picture(image_bgr[y1:y2, x1:x2], column.length, row.length)
                faces = self.detect_frame(tile, min_score)
                is_own = column.owns(faces.boxes_xyxy[:, 0::2], size[0]) & row.owns(faces.boxes_xyxy[:, 1::2], size[1])
                scale = (x2 - x1) / column.length, (y2 - y1) / row.length
                found.append(scale_faces(only_faces(faces, is_own), *scale, x1, y1))
        return joined_faces(found)


@dataclass(frozen=True, slots=True)
class _Tile:
    """Where a tile lies along one side of a picture, and from where to where faces are its own."""

    begin: int
    end: int
    own_from: float
    own_to: float

    @property
    def length(self) -> int:
        return self.end - self.begin

    def part_of(self, source_length: int, length: int) -> tuple[int, int]:
        """Returns from where to where it lies in the source, which is `length` long where the tile is cut out."""
        return self.begin * source_length // length, -(-self.end * source_length // length)

    def owns(self, edges: Float32, length: int) -> NDArray[np.bool_]:
        """Tells which faces `(n,)` are its own by their edges in the tile `(n, 2)`, and are not cut off by it."""
        middle = edges.mean(axis=1) + self.begin
        is_cut = (edges[:, 0] <= 0) & (self.begin > 0) | (edges[:, 1] >= self.length) & (self.end < length)
        return np.asarray((middle >= self.own_from) & (middle < self.own_to) & ~is_cut, bool)


def _tiles(length: int) -> list[_Tile]:
    """Returns tiles of about one size that overlap by `OVERLAP_PX` at least along a side of this length.

    They begin where cells of the network do, so that it sees in them what it sees in the whole.
    """
    count = max(-(-(length - OVERLAP_PX) // (TILE_PX - OVERLAP_PX)), 1)
    size = -(-(length + (count - 1) * OVERLAP_PX) // (count * INPUT_MULTIPLE)) * INPUT_MULTIPLE
    begins = [
        number * (length - size) // max(count - 1, 1) // INPUT_MULTIPLE * INPUT_MULTIPLE for number in range(count)
    ]
    ends = [*(begin + size for begin in begins[:-1]), length]
    borders = [(end + begin) / 2 for end, begin in zip(ends[:-1], begins[1:], strict=True)]
    owned = pairwise([-np.inf, *borders, np.inf])
    return [_Tile(*tile, *own) for tile, own in zip(zip(begins, ends, strict=True), owned, strict=True)]


def _long_sides(source_long_side: int, thoroughness: Thoroughness) -> list[int]:
    """Returns the longer side of each pass, rising, without duplicates that the limit of enlargement makes."""
    sides = [*STILL_LONG_SIDES[thoroughness]]
    if thoroughness is Thoroughness.THOROUGH and source_long_side > max(sides):
        sides.append(min(source_long_side, LARGEST_PASS_PX))
    return sorted({min(side, round(source_long_side * MAX_ENLARGEMENT)) for side in sides})


def load_detector(threads: int = 0, *, many_sizes: bool = False) -> FaceDetector:
    """Loads the detector with verified weights on the best device; raises MissingWeights.

    `many_sizes`: for a still picture, whose passes and tiles all differ, instead of frames.
    """
    return FaceDetector(open_session(verified_path(YUNET), threads=threads, many_sizes=many_sizes))


def resize_picture(image_bgr: Image, width: int, height: int) -> Image:
    """Returns the picture at this size: averaged if it shrinks (no aliasing), interpolated if it grows."""
    if image_bgr.shape[:2] == (height, width):
        return image_bgr
    shrinks = width < image_bgr.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image_bgr, (width, height), interpolation=method), np.uint8)


def merge_passes(passes: Sequence[Faces], scales: Sequence[float], min_score: float) -> Faces:
    """Merges the faces of several passes over one picture, best first; `scales`: enlargement in each pass.

    Boxes that overlap are one face. Its score is half-way between its best pass and the mean of all, a pass that missed
    it counting 0; its box is the mean weighted by squared scores; its landmarks come from the pass in which it was
    nearest to the size at which YuNet places them best.
    """
    boxes = np.concatenate([faces.boxes_xyxy for faces in passes])
    scores = np.concatenate([faces.scores for faces in passes])
    landmarks = np.concatenate([faces.landmarks for faces in passes])
    pass_of = np.repeat(np.arange(len(passes)), [len(faces) for faces in passes])
    sizes = np.sqrt(areas(boxes)) * np.array(scales)[pass_of]
    far_from_clearest = np.abs(np.log(np.maximum(sizes, 1) / CLEAREST_FACE_PX))
    weights = (scores**2)[:, None]
    merged = []
    for same in _same_faces(boxes, scores):
        best_of_pass = np.zeros(len(passes), np.float32)
        np.maximum.at(best_of_pass, pass_of[same], scores[same])
        score = (best_of_pass.max() + best_of_pass.mean()) / 2
        if score >= min_score:
            box = (boxes[same] * weights[same]).sum(axis=0) / weights[same].sum()
            merged.append((score, box, landmarks[same[far_from_clearest[same].argmin()]]))
    if not merged:
        return Faces.none()
    merged.sort(key=lambda each: -each[0])
    scores, boxes, landmarks = (np.array(column, np.float32) for column in zip(*merged, strict=True))
    return Faces(boxes, scores, landmarks)


def _same_faces(boxes_xyxy: Float32, scores: Float32) -> Iterator[NDArray[np.intp]]:
    """Yields the indices of the boxes of one face at a time, by overlap with the best box that is left."""
    overlapping = iou_matrix(boxes_xyxy, boxes_xyxy) > SAME_FACE_IOU
    np.fill_diagonal(overlapping, True)
    left = np.ones(len(scores), bool)
    for index in np.argsort(-scores, kind="stable"):
        if left[index]:
            same = np.flatnonzero(left & overlapping[index])
            left[same] = False
            yield same


def _network_input(images_bgr: Sequence[Image]) -> Float32:
    """Returns `(n, 3, h, w)`, 0..255, padded with black at the right and bottom to multiples of 32."""
    height, width = images_bgr[0].shape[:2]
    padded = (-(-height // INPUT_MULTIPLE) * INPUT_MULTIPLE, -(-width // INPUT_MULTIPLE) * INPUT_MULTIPLE)
    blob: Float32 = np.zeros((len(images_bgr), 3, *padded), np.float32)
    for number, image_bgr in enumerate(images_bgr):
        for channel, plane in enumerate(cv2.split(image_bgr)):
            blob[number, channel, :height, :width] = plane
    return blob


@lru_cache(maxsize=64)
def _cells(padded_width: int, padded_height: int) -> tuple[Float32, Float32]:
    """Returns corner `(cells, 2)` and stride `(cells, 1)` of every cell, in the order of the outputs."""
    corners, strides = [], []
    for stride in STRIDES:
        columns, rows = padded_width // stride, padded_height // stride
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        corners.append(np.stack([x.ravel(), y.ravel()], axis=1) * stride)
        strides.append(np.full((rows * columns, 1), stride, np.float32))
    return np.concatenate(corners), np.concatenate(strides)


def _read_outputs(outputs: list[Float32], width: int, height: int, min_score: float) -> Faces:
    """Decodes one picture's network outputs: class, objectness, boxes, landmarks for each of the three strides."""
    squared = np.concatenate([outputs[k][:, 0] * outputs[3 + k][:, 0] for k in range(3)])
    chosen: NDArray[np.intp] = np.flatnonzero(squared >= min_score * min_score)
    if not len(chosen):
        return Faces.none()
    if len(chosen) > MAX_CANDIDATES:
        chosen = chosen[np.argsort(-squared[chosen], kind="stable")[:MAX_CANDIDATES]]
    padded = -(-width // INPUT_MULTIPLE) * INPUT_MULTIPLE, -(-height // INPUT_MULTIPLE) * INPUT_MULTIPLE
    corners, strides = (table[chosen] for table in _cells(*padded))
    raw_boxes = _rows(outputs[6:9], chosen)
    centre = corners + raw_boxes[:, :2] * strides
    half = np.exp(raw_boxes[:, 2:]) * strides / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    kept = non_max_suppression(boxes, squared[chosen], MAX_IOU)
    landmarks = corners[kept, None] + _rows(outputs[9:12], chosen[kept]).reshape(-1, 5, 2) * strides[kept, None]
    faces_boxes = clamp_boxes(boxes[kept], width, height)
    return Faces(faces_boxes, np.sqrt(squared[chosen[kept]]).astype(np.float32), landmarks.astype(np.float32))


def _rows(tables: list[Float32], chosen: NDArray[np.intp]) -> Float32:
    """Returns rows of several tables as if they were one, without concatenating them."""
    ends = np.cumsum([len(table) for table in tables])
    out = np.empty((len(chosen), tables[0].shape[1]), np.float32)
    begin = 0
    for table, end in zip(tables, ends, strict=True):
        here = (chosen >= begin) & (chosen < end)
        out[here] = table[chosen[here] - begin]
        begin = int(end)
    return out
