"""Looks again, enlarged, where a followed face is lost: profiles, small and half covered faces are seen only so."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from analysis.boxes import iou_matrix
from analysis.faces.detect import FaceDetector
from analysis.types import Float32, Image, VideoInfo
from analysis.video.frame import Frame

FACE_PX, CROP_PX = 40, 160
"""Side of a face, and of the picture around it, as the detector gets them."""
LEAST_SCORE = 0.4
"""Less than elsewhere: it is asked only where a face was a moment ago."""
REACH_SIDES, SIZE_RATIO = 1.0, 1.6
"""How far from where it was taken to be a face may lie, in its sides, and by how much it may be larger or smaller."""
TAKEN_IOU = 0.3


def look_again(
    frame: Frame, info: VideoInfo, detector: FaceDetector, boxes_xyxy: Sequence[Float32], taken_xyxy: Float32
) -> list[Float32 | None]:
    """Returns for each box `(4,)` that of the face that is seen there, None where there is none.

    Boxes are in displayed pixels. `taken_xyxy` (n, 4) are the faces that were found already: they are no other's.
    """
    if not boxes_xyxy:
        return []
    ratio = np.tile(np.array([frame.size[0] / info.width, frame.size[1] / info.height], np.float32), 2)
    cut = [_enlarged(frame, box * ratio) for box in boxes_xyxy]
    seen = detector.detect_frames([picture for picture, _ in cut], LEAST_SCORE)
    found: list[Float32 | None] = []
    for box, (_, (corner, scale)), faces in zip(boxes_xyxy, cut, seen, strict=True):
        there = ((faces.boxes_xyxy / scale + np.tile(corner, 2)) / ratio).astype(np.float32)
        rows = [row for row in range(len(there)) if _may_be(there[row], box, taken_xyxy)]
        found.append(there[rows[0]] if rows else None)
    return found


def _enlarged(frame: Frame, box_xyxy: Float32) -> tuple[Image, tuple[Float32, float]]:
    """Returns the surroundings of a box, black beyond the picture, and their corner in the frame and scale."""
    side = max(float((box_xyxy[2:] - box_xyxy[:2]).max()), 4.0)
    reach = side * CROP_PX / FACE_PX / 2
    middle = np.clip((box_xyxy[:2] + box_xyxy[2:]) / 2, 0, np.array(frame.size, np.float32) - 1)
    crop, corner = frame.crop_bgr(np.concatenate([middle - reach, middle + reach]).astype(np.float32))
    scale = FACE_PX / side
    size = [max(round(length * scale), 1) for length in crop.shape[1::-1]]
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)[:CROP_PX, :CROP_PX]
    picture = np.zeros((CROP_PX, CROP_PX, 3), np.uint8)
    picture[: small.shape[0], : small.shape[1]] = small
    return picture, (np.array(corner, np.float32), scale)


def _may_be(face_xyxy: Float32, box_xyxy: Float32, taken_xyxy: Float32) -> bool:
    """Returns whether a face may be the one that was lost at a box."""
    side, other = (float((each[2:] - each[:2]).max()) for each in (face_xyxy, box_xyxy))
    apart = float(np.abs(face_xyxy[:2] + face_xyxy[2:] - box_xyxy[:2] - box_xyxy[2:]).max()) / 2
    if apart > REACH_SIDES * other or max(side, other) > SIZE_RATIO * max(min(side, other), 1.0):
        return False
    return not len(taken_xyxy) or float(iou_matrix(face_xyxy[None], taken_xyxy).max()) < TAKEN_IOU
