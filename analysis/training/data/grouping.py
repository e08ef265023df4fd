"""Which samples belong together, so that they must not stand on both sides of a split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.training.data.inputs import Seen
from analysis.training.data.samples import TrainingSample
from analysis.types import Float32

THUMBNAIL_PX = 24
SAME_PICTURE = 0.97
"""Correlation of two thumbnails above which they are the same moment, scaled, compressed or a frame later."""
SAME_PERSON = 0.65
"""Cosine of two MobileFaceNet vectors: within one recording different people reach 0.57."""
FEWEST_GROUPS_PER_LABEL = 5
LARGEST_GROUP_SHARE = 0.25
"""Evidence that joins more than this into one group says nothing about sources, and is left out."""
FRAME_NUMBER = re.compile(r"[ _-][a-z]{0,5}\d+$", re.IGNORECASE)
ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Groups:
    """`ids` (n,): samples of the same number belong together. `evidence`: by what, in words."""

    ids: NDArray[np.intp]
    evidence: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(np.unique(self.ids))


def group_samples(samples: Sequence[TrainingSample], seen: Sequence[Seen]) -> Groups:
    """By the sources given where all are; else by every sign of belonging together that does not join everything."""
    labels = np.array([sample.label for sample in samples])
    sources = [sample.source for sample in samples]
    links = [("source", _equal_links(sources))]
    if not all(sources):
        links.append(("same picture", same_pictures(thumbnails(seen), thumbnails(seen))))
        links.append(("file name", _equal_links([source_in_name(s) if not s.source else "" for s in samples])))
        links.append(("same person", same_people(seen)))
    ids = np.arange(len(samples))
    evidence = []
    for name, pairs in links:
        joined = join(ids, pairs)
        if len(np.unique(joined)) < len(np.unique(ids)) and (name == "source" or _is_useful(joined, labels)):
            ids = joined
            evidence.append(name)
    return Groups(ids, tuple(evidence))


def _is_useful(ids: NDArray[np.intp], labels: NDArray[np.str_]) -> bool:
    largest = Counter(ids.tolist()).most_common(1)[0][1]
    fewest = min(len(np.unique(ids[labels == label])) for label in np.unique(labels))
    return largest <= LARGEST_GROUP_SHARE * len(ids) and fewest >= FEWEST_GROUPS_PER_LABEL


def source_in_name(sample: TrainingSample) -> str:
    """The file's name without the number of the frame or cut-out at its end; empty where there is none."""
    stem = sample.path.stem
    match = FRAME_NUMBER.search(stem)
    return stem[: match.start()] if match and match.start() > 0 else ""


def join(ids: NDArray[np.intp], pairs: NDArray[np.intp]) -> NDArray[np.intp]:
    """Groups after joining those of each pair `(m, 2)` of samples, numbered from 0."""
    from scipy.sparse import coo_array  # deferred: rarely needed
    from scipy.sparse.csgraph import connected_components  # deferred: rarely needed

    n = len(ids)
    if not n:
        return ids
    same = _equal_links([str(number) for number in ids])
    both = np.concatenate([pairs.reshape(-1, 2), same])
    links = coo_array((np.ones(len(both), np.int8), (both[:, 0], both[:, 1])), shape=(n, n))
    return np.asarray(connected_components(links, directed=False)[1], np.intp)


def _equal_links(names: Sequence[str]) -> NDArray[np.intp]:
    """Each sample with the first of the same name, `(m, 2)`; empty names are nobody's."""
    first: dict[str, int] = {}
    pairs = [(first.setdefault(name, number), number) for number, name in enumerate(names) if name]
    return np.array(pairs, np.intp).reshape(-1, 2)


def thumbnails(seen: Sequence[Seen]) -> Float32:
    """`(n, 576)`: small grey pictures, each with mean 0 and length 1; clips by their middle frame."""
    rows: Float32 = np.zeros((len(seen), THUMBNAIL_PX**2), np.float32)
    for number, each in enumerate(seen):
        image = each.picture_rgb if each.clip_rgb is None else each.clip_rgb[len(each.clip_rgb) // 2]
        image = each.face_rgb if image is None else image
        if image is None:
            continue
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
        centred = small.ravel() - small.mean()
        rows[number] = centred / max(float(np.linalg.norm(centred)), 1e-6)
    return rows


def same_pictures(left: Float32, right: Float32) -> NDArray[np.intp]:
    """Pairs `(m, 2)` of row numbers of equal thumbnails."""
    return _close_pairs(left, right, SAME_PICTURE)


def same_people(seen: Sequence[Seen]) -> NDArray[np.intp]:
    with_face = np.array([number for number, each in enumerate(seen) if each.vector is not None], np.intp)
    if len(with_face) < 2:
        return np.zeros((0, 2), np.intp)
    vectors = np.stack([vector for each in seen if (vector := each.vector) is not None])
    pairs: NDArray[np.intp] = with_face[_close_pairs(vectors, vectors, SAME_PERSON)]
    return pairs


def _close_pairs(left: Float32, right: Float32, bar: float) -> NDArray[np.intp]:
    found = [np.zeros((0, 2), np.intp)]
    for begin in range(0, len(left), ROWS_AT_A_TIME):
        pairs = np.argwhere(left[begin : begin + ROWS_AT_A_TIME] @ right.T > bar)
        pairs[:, 0] += begin
        found.append(pairs)
    return np.concatenate(found)
