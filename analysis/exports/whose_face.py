"""Decides in which frames a followed face is hidden: by where the analysis saw whom, and by looks. In doubt it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.boxes import areas
from analysis.exports.box_paths import Bool
from analysis.exports.choice import HideChoice
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.people import SeenPerson
from analysis.types import Float32, Float64

MAX_VIEWS = 40
"""Views kept of each person."""
SURE_WITHIN_S = 1.0
"""A face is surely a kept person's up to this long from where the analysis saw it."""
NEXT_WITHIN_S = 1.5
"""A face nobody was named for that begins so soon after a hidden one ended near by, or ends before, may be the same."""
NEXT_WITHIN_SIDES = 2.0
PART_WITHIN_SIDES = 0.95
"""The middle of what is taken for a face in somebody's hair is no further from that of their face."""
TOGETHER_SHARE = 0.3
"""Two boxes that share less of the smaller one are not of one face that was detected twice."""


@dataclass(frozen=True, slots=True)
class Views:
    """Vectors of the people to hide `(m, d)` and of the others `(k, d)`."""

    hidden: Float32
    clear: Float32
    others_every: Float32
    """(j, d), of the others, unclear views included, and such that show hardly a face."""

    def similarities(self, vectors: Float32) -> tuple[Float32, Float32]:
        """Returns, for each of the vectors `(n, d)`, the highest cosine with somebody to hide, and with another."""
        return _best(vectors, self.hidden), _best(vectors, self.clear)

    def like_others(self, vectors: Float32) -> Float32:
        """Returns, for each of the vectors `(n, d)`, the highest cosine with any view of the others."""
        return _best(vectors, self.others_every)


def _best(vectors: Float32, views: Float32) -> Float32:
    if not len(views) or not len(vectors):
        return np.full(len(vectors), -1, np.float32)
    best: Float32 = (vectors @ views.T).max(axis=1).astype(np.float32)
    return best


def views_of(people: Sequence[SeenPerson], faces: Sequence[FollowedFace], choice: HideChoice) -> Views:
    """Returns how everybody looks: what the analysis kept of them, and clear views of faces that are surely theirs.

    What the analysis calls unclear tells nobody, and is left out.
    """
    known = {person.id for person in people if not person.unclear}
    clear: dict[int, list[Float32]] = {number: [] for number in known}
    every: dict[int, list[Float32]] = {number: [] for number in known}
    for person in people:
        if person.id in known and len(person.vectors):
            clear[person.id].append(person.vectors)
    for face in faces:
        voted = {person for _, person in face.votes}
        if len(voted) == 1 and voted <= known and len(face.every_vector):
            number = voted.pop()
            every[number].append(face.every_vector)
            if face.clear_views.any():
                clear[number].append(face.vectors[face.clear_views])
    hidden = {number for number in known if choice.hides(number)}
    return Views(
        hidden=_spread_of(clear, hidden),
        clear=_spread_of(clear, known - hidden),
        others_every=_spread_of({number: clear[number] + every[number] for number in known}, known - hidden),
    )


def _spread_of(vectors_of: dict[int, list[Float32]], people: set[int]) -> Float32:
    """Returns some of the vectors of each of these people in one array `(m, d)`."""
    parts = [spread(np.concatenate(vectors_of[number])) for number in sorted(people) if vectors_of[number]]
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def spread(vectors: Float32) -> Float32:
    """Returns at most `MAX_VIEWS` of the vectors `(k, d)`, evenly spread over their order."""
    if len(vectors) <= MAX_VIEWS:
        return vectors
    some: Float32 = vectors[np.linspace(0, len(vectors) - 1, MAX_VIEWS).astype(int)]
    return some


def hidden_frames(
    scan: FaceScan,
    choice: HideChoice,
    views: Views,
    accept_from: float,
    review_from: float,
    unclear: frozenset[int] = frozenset(),
) -> list[Bool]:
    """Returns for each face of the scan in which of its frames it is hidden: `(n,)` each.

    `accept_from`, `review_from`: cosines from which two views are surely, or may be, one person. `unclear` are ids of
    faces that the analysis could give to nobody: whose they are is open.
    """
    hidden = [_by_votes(face, scan.times_s, choice, unclear) for face in scan.faces]
    if not choice.hides_some:
        for number, face in enumerate(scan.faces):
            votes_for_kept = choice.keep and not _votes_to_hide(face, choice, unclear)
            if votes_for_kept and _surely_kept(face, views, accept_from, review_from):
                # Where nobody was named it is theirs throughout; elsewhere where it is surely followed.
                hidden[number] = hidden[number] & ~face.sure if face.votes else np.zeros(len(face.frames), bool)
        if choice.keep:
            _leave_parts_of_heads(scan.faces, hidden)
        return hidden
    for number, face in enumerate(scan.faces):
        to_hide, other = views.similarities(face.vectors)
        if _is_open(face, unclear) and ((to_hide >= review_from) & (to_hide > other)).any():
            hidden[number] = np.ones(len(face.frames), bool)
    _spread_to_neighbours(scan, hidden, views, review_from, unclear)
    return hidden


def _is_open(face: FollowedFace, unclear: frozenset[int]) -> bool:
    """Returns whether the analysis does not say whose face it is."""
    return all(person in unclear for _, person in face.votes)


def _by_votes(face: FollowedFace, times_s: Float64, choice: HideChoice, unclear: frozenset[int]) -> Bool:
    """Returns what the sightings before and after each frame say."""
    if not (choice.hide or choice.keep):
        return np.ones(len(face.frames), bool)
    # Where the analysis could not say who it is, the sightings around that do.
    votes = [(frame, person) for frame, person in face.votes if person not in unclear or choice.hides(person)]
    voted_at = np.array([frame for frame, _ in votes], np.int64)
    says_hide = np.array([choice.hides(person) for _, person in votes], bool)
    if not len(voted_at):
        return np.full(len(face.frames), not choice.hides_some)
    # Several sightings in one frame: hidden if one of them says so.
    moments = np.unique(voted_at)
    at_moment = np.array([says_hide[voted_at == moment].any() for moment in moments], bool)
    after = np.searchsorted(moments, face.frames, side="left")
    before = np.searchsorted(moments, face.frames, side="right") - 1
    has_before, has_after = before >= 0, after < len(moments)
    before, after = np.maximum(before, 0), np.minimum(after, len(moments) - 1)
    hidden: Bool = (has_before & at_moment[before]) | (has_after & at_moment[after])
    if choice.keep:
        now = times_s[face.frames]
        far_before = now - times_s[moments[before]] > SURE_WITHIN_S
        far_after = times_s[moments[after]] - now > SURE_WITHIN_S
        hidden = hidden | (has_before & far_before) | (has_after & far_after)
    # Where it was followed before and after it was seen, it is whose it was then.
    seen = np.flatnonzero(face.detected)
    hidden[: seen[0]], hidden[seen[-1] + 1 :] = hidden[seen[0]], hidden[seen[-1]]
    return hidden


def _leave_parts_of_heads(faces: Sequence[FollowedFace], hidden: list[Bool]) -> None:
    """Leaves what is taken for a face in the hair or the collar of somebody who is left clear, and nowhere else."""
    left = [(face, face.sure & ~frames) for face, frames in zip(faces, hidden, strict=True) if not frames.all()]
    for number, face in enumerate(faces):
        is_doubtful = not face.votes and len(face.every_vector) and not len(face.vectors)
        if is_doubtful and any(_is_part_of(face, head, is_sure) for head, is_sure in left if head is not face):
            hidden[number] = np.zeros(len(face.frames), bool)


def _is_part_of(face: FollowedFace, head: FollowedFace, is_sure: Bool) -> bool:
    """Returns whether a face is near a head wherever it is detected; `is_sure` (n,): in which frames that counts."""
    seen = face.frames[face.detected]
    if not np.isin(seen, head.frames[is_sure]).all():
        return False
    boxes, parts = head.boxes_xyxy[np.searchsorted(head.frames, seen)], face.boxes_xyxy[face.detected]
    apart = np.abs(boxes[:, :2] + boxes[:, 2:] - parts[:, :2] - parts[:, 2:]) / 2
    return bool((apart.max(axis=1) <= PART_WITHIN_SIDES * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)).all())


def _votes_to_hide(face: FollowedFace, choice: HideChoice, unclear: frozenset[int]) -> bool:
    """Returns whether the analysis saw somebody to hide there, whom it could tell from others."""
    return any(choice.hides(person) and person not in unclear for _, person in face.votes)


def _surely_kept(face: FollowedFace, views: Views, accept_from: float, review_from: float) -> bool:
    """Returns whether a face that the analysis gave to nobody else is a kept person by all its views."""
    to_hide, kept = views.similarities(face.vectors)
    return bool(
        len(face.vectors) and kept.max() >= accept_from and (kept >= review_from).all() and (kept > to_hide + 0.1).all()
    )


def _spread_to_neighbours(
    scan: FaceScan, hidden: list[Bool], views: Views, review_from: float, unclear: frozenset[int]
) -> None:
    """Hides faces that nobody was named for where they go on from hidden ones: somebody turned away and back."""
    undecided = []
    for number, face in enumerate(scan.faces):
        to_hide, other = views.similarities(face.vectors)
        looks_like_another = ((other >= review_from) & (other > to_hide)).any()
        if _is_open(face, unclear) and not hidden[number].any() and not looks_like_another:
            undecided.append(number)
    changed = True
    while changed and undecided:
        sure = [number for number, frames in enumerate(hidden) if frames.any()]
        joined = [one for one in undecided if any(_may_be_one(scan, one, two) for two in sure)]
        for number in joined:
            hidden[number] = np.ones(len(scan.faces[number].frames), bool)
        undecided = [number for number in undecided if number not in joined]
        changed = bool(joined)


def _may_be_one(scan: FaceScan, one: int, two: int) -> bool:
    face, other = scan.faces[one], scan.faces[two]
    return goes_on(scan, face, other) and not seen_together(face, other)


def seen_together(one: FollowedFace, two: FollowedFace) -> bool:
    """Returns whether both were detected in one frame, and not on top of each other: then they are two faces."""
    _both, rows, other_rows = np.intersect1d(
        one.frames[one.detected], two.frames[two.detected], assume_unique=True, return_indices=True
    )
    if not len(rows):
        return False
    boxes, others = one.boxes_xyxy[one.detected][rows], two.boxes_xyxy[two.detected][other_rows]
    low, high = np.maximum(boxes[:, :2], others[:, :2]), np.minimum(boxes[:, 2:], others[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    return bool((common < TOGETHER_SHARE * np.minimum(areas(boxes), areas(others))).any())


def goes_on(scan: FaceScan, one: FollowedFace, two: FollowedFace) -> bool:
    """Returns whether the later of two faces of one shot begins near the place and the time where the other ended."""
    first, last = (one, two) if one.frames[0] <= two.frames[0] else (two, one)
    end, start = int(first.frames[-1]), int(last.frames[0])
    if scan.shots[end] != scan.shots[start] or scan.times_s[start] - scan.times_s[end] > NEXT_WITHIN_S:
        return False
    # Both may be followed in the same frames; then they are compared in the first of these.
    at = int(np.clip(np.searchsorted(first.frames, start), 0, len(first.frames) - 1))
    return near(first.boxes_xyxy[at], last.boxes_xyxy[0], NEXT_WITHIN_SIDES)


def near(box_xyxy: Float32, other_xyxy: Float32, sides: float) -> bool:
    """Returns whether two boxes `(4,)` of similar size lie no further apart than so many of their sides."""
    size, other_size = float((box_xyxy[2:] - box_xyxy[:2]).max()), float((other_xyxy[2:] - other_xyxy[:2]).max())
    apart = float(np.linalg.norm((box_xyxy[:2] + box_xyxy[2:] - other_xyxy[:2] - other_xyxy[2:]) / 2))
    return apart <= sides * max(size, other_size) and max(size, other_size) <= 2.5 * max(min(size, other_size), 1.0)
