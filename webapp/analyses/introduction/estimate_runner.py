"""Estimates the thresholds of an embedder that came without: from a team's own faces, seen by both embedders."""

from collections import defaultdict
from itertools import combinations

import numpy as np

from analysis.faces.estimate_thresholds import Estimate, estimate_thresholds
from analysis.faces.same_picture import seen_together
from analysis.types import Float32
from webapp.analyses.introduction.vectors_runner import vectors_by_face
from webapp.people import sample_codec
from webapp.people.introduction import queries
from webapp.people.introduction.models import Introduction
from webapp.people.models import Face, Track

MOST_VIDEOS = 400
MOST_PAIRS = 20_000
MOST_TRACKS = 40
"""Of one video, so that a crowd does not stand for all."""

Pair = tuple[Float32, Float32]
"""A face by the embedder in use and by the new one."""


def estimate(introduction: Introduction) -> Estimate:
    """Takes two faces of one picture, or of people with different names, for two people, and views of a track for one.

    Where these are few, the faces of other different people of a video stand in.
    """
    impostors: list[tuple[float, float]] = []
    others: list[tuple[float, float]] = []
    genuine: list[float] = []
    named: dict[str, Pair] = {}
    known = queries.thresholds_for(introduction.before)
    for analysis in queries.shown_analyses(introduction.team_id)[:MOST_VIDEOS]:
        if len(impostors) >= MOST_PAIRS or analysis.embedder != introduction.before:
            continue
        new = vectors_by_face(introduction, analysis.pk)
        views: dict[int, list[Pair]] = defaultdict(list)
        for face in Face.objects.filter(pk__in=list(new), track__isnull=False).order_by("-quality", "pk"):
            assert face.track_id is not None  # filtered
            views[face.track_id].append((sample_codec.unpack_vector(face.embedding), new[face.pk]))
        tracks = list(Track.objects.filter(pk__in=list(views)).select_related("person").order_by("pk")[:MOST_TRACKS])
        together = seen_together([sample_codec.unpack(track.samples, track.start_s)[:2] for track in tracks])
        for (row, one), (column, other) in combinations(enumerate(tracks), 2):
            if one.person_id != other.person_id:
                cosines = _cosines(views[one.pk][0], views[other.pk][0])
                (impostors if together[row, column] else others).append(cosines)
        for track in tracks:
            genuine += [float(a[1] @ b[1]) for a, b in combinations(views[track.pk], 2)]
            if track.person is not None and track.person.name:
                named.setdefault(track.person.name, views[track.pk][0])
    impostors += [_cosines(one, other) for one, other in list(combinations(named.values(), 2))[:MOST_PAIRS]]
    if len(impostors) < 1_000:
        impostors += others[: 1_000 - len(impostors)]
    pairs = np.array(impostors, np.float32).reshape(-1, 2)
    return estimate_thresholds(known, pairs[:, 0], pairs[:, 1], np.array(genuine, np.float32))


def _cosines(one: Pair, other: Pair) -> tuple[float, float]:
    return float(one[0] @ other[0]), float(one[1] @ other[1])
