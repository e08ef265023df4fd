"""Figures of merit as pure functions: average precision, cross-validated accuracy, true accept rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import iou_matrix
from analysis.types import Float32

MATCH_IOU = 0.5


@dataclass(frozen=True, slots=True)
class ScoredPicture:
    """Detections of one picture and its true boxes; ignored ones count neither way."""

    boxes_xyxy: Float32
    scores: Float32
    truth_xyxy: Float32
    ignored: NDArray[np.bool_]


def average_precision(pictures: Sequence[ScoredPicture]) -> float:
    """Returns average precision at IoU 0.5: the area under the precision envelope, each true box matched once."""
    scores, hits = [], []
    for picture in pictures:
        for score, hit in zip(picture.scores, _hits(picture), strict=True):
            if hit is not None:
                scores.append(float(score))
                hits.append(hit)
    wanted = sum(int((~picture.ignored).sum()) for picture in pictures)
    if not wanted or not hits:
        return 0.0
    order = np.argsort(-np.array(scores), kind="stable")
    right = np.cumsum(np.array(hits)[order])
    recall = right / wanted
    precision = right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def _hits(picture: ScoredPicture) -> list[bool | None]:
    """Returns for each detection whether it matches a face, or None if it matches an ignored one."""
    overlap = iou_matrix(picture.boxes_xyxy, picture.truth_xyxy)
    taken = np.zeros(len(picture.truth_xyxy), bool)
    hits: list[bool | None] = [False] * len(picture.scores)
    for detection in np.argsort(-picture.scores, kind="stable"):
        row = np.where(taken & ~picture.ignored, 0, overlap[detection])
        wanted = np.where(picture.ignored, 0, row)
        if len(row) and wanted.max() >= MATCH_IOU:
            taken[wanted.argmax()] = True
            hits[detection] = True
        elif len(row) and row.max() >= MATCH_IOU:
            hits[detection] = None
    return hits


def accuracy_in_folds(similarity: NDArray[np.float32], same: NDArray[np.bool_], folds: NDArray[np.int64]) -> float:
    """Returns the mean accuracy over folds, each with the median of the best thresholds on the others."""
    thresholds = np.arange(-1, 1, 0.001)
    accuracies = []
    for fold in np.unique(folds):
        inside = folds == fold
        shares = np.array([_right(similarity[~inside], same[~inside], threshold) for threshold in thresholds])
        best = float(np.median(thresholds[shares == shares.max()]))
        accuracies.append(_right(similarity[inside], same[inside], best))
    return float(np.mean(accuracies))


def _right(similarity: NDArray[np.float32], same: NDArray[np.bool_], threshold: float) -> float:
    return float(((similarity >= threshold) == same).mean())


def true_accept_rate(genuine: NDArray[np.float32], impostor: NDArray[np.float32], false_accept_rate: float) -> float:
    """Returns the true accept rate at the threshold with this false accept rate."""
    allowed = int(false_accept_rate * len(impostor))
    threshold = np.sort(impostor)[::-1][allowed]
    return float((genuine > threshold).mean())
