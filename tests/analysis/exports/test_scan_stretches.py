"""How far beyond what the analysis saw a face is searched for: as long as it goes on, to a cut, and not for others."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from analysis.exports.box_paths import Bool
from analysis.exports.choice import HideChoice
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.hide_plan import NEAR_S, HidePlan, make_plan
from analysis.exports.people import SeenPerson, TrackSightings
from analysis.exports.scan_stretches import ScannedStretch, scan_on, stretches_with
from analysis.exports.whose_face import Views, hidden_frames
from analysis.types import SegmentSpan, VideoInfo

RATE_FPS, SECONDS = 10.0, 40.0
SEEN_S = 20.0
BOX = np.array([200, 100, 260, 160], np.float32)
ONE = HideChoice(hide=frozenset({1}))
NOBODY = np.zeros((0, 0), np.float32)
INFO = VideoInfo(SECONDS, 640, 360, RATE_FPS, 0, 0.0, "mov,mp4", "h264", "yuv420p", "", 1, 400)


class Film:
    """One face stands still from `there_s[0]` to `there_s[1]`; there are cuts at `cuts_s`."""

    def __init__(self, there_s: tuple[float, float], owner: int, cuts_s: tuple[float, ...] = ()) -> None:
        self.there_s, self.owner, self.cuts_s = there_s, owner, cuts_s
        self.scanned: list[SegmentSpan] = []

    def scan(self, span: SegmentSpan) -> ScannedStretch:
        self.scanned.append(span)
        every = np.arange(round(SECONDS * RATE_FPS)) / RATE_FPS
        times = every[(every >= span.start_s) & (every < span.end_s)]
        shots = np.searchsorted(self.cuts_s, times, side="right")
        parts = [np.flatnonzero((shots == shot) & self._is_there(times)) for shot in np.unique(shots)]
        faces = tuple(self._face(frames, times) for frames in parts if len(frames))
        at_start, at_end = span.start_s in self.cuts_s, span.end_s in self.cuts_s
        return ScannedStretch(span, FaceScan(times, shots, faces), at_start, at_end)

    def _is_there(self, times_s: np.ndarray) -> Bool:
        there: Bool = (times_s >= self.there_s[0]) & (times_s < self.there_s[1])
        return there

    def _face(self, frames: np.ndarray, times_s: np.ndarray) -> FollowedFace:
        seen = np.ones(len(frames), bool)
        votes = tuple((int(frame), self.owner) for frame in frames if times_s[frame] == SEEN_S)
        boxes = np.tile(BOX, (len(frames), 1))
        return FollowedFace(frames, boxes, seen, seen, 0.9, votes, NOBODY, seen[:0], NOBODY)


def plan_of(film: Film) -> HidePlan:
    track = TrackSightings(np.array([SEEN_S]), BOX[None])
    people = [SeenPerson(1, (track,))]

    def hidden_in(scan: FaceScan) -> list[Bool]:
        return hidden_frames(scan, ONE, Views(NOBODY, NOBODY, NOBODY), 0.6, 0.4)

    scan, hidden = scan_on(stretches_with(people, ONE, INFO, 0.6), INFO, film.scan, hidden_in)
    assert (np.diff(scan.times_s) > 0).all() and [face.votes for face in scan.faces if face.votes]
    return make_plan(scan, hidden, people, ONE, 0.6)


def hidden_s(plan: HidePlan) -> list[float]:
    times = np.arange(round(SECONDS * RATE_FPS)) / RATE_FPS
    return [float(time_s) for time_s in times if len(plan.at(time_s).boxes_xyxy)]


@pytest.mark.parametrize("there_s", [(0.0, SECONDS), (9.5, 31.0)])
def test_a_face_is_hidden_for_as_long_as_it_goes_on_though_the_analysis_saw_it_once(
    there_s: tuple[float, float],
) -> None:
    film = Film(there_s, owner=1)
    assert hidden_s(plan_of(film)) == pytest.approx(np.arange(round(there_s[0] * 10), round(there_s[1] * 10)) / 10)
    spans = sorted(film.scanned, key=lambda span: span.start_s)
    assert all(one.end_s == other.start_s for one, other in pairwise(spans))


def test_nothing_is_searched_beyond_a_cut() -> None:
    film = Film((0.0, SECONDS), owner=1, cuts_s=(SEEN_S - 3.6, SEEN_S + 1.6))
    plan = plan_of(film)
    assert min(hidden_s(plan)) == pytest.approx(SEEN_S - 3.6, abs=NEAR_S + 1e-6)
    assert max(hidden_s(plan)) == pytest.approx(SEEN_S + 1.6, abs=NEAR_S + 1e-6)
    assert sorted(span.start_s for span in film.scanned) == pytest.approx([SEEN_S - 3.6, SEEN_S - 1.6])


def test_little_is_searched_where_the_face_is_gone_or_is_somebody_else() -> None:
    for film in (Film((SEEN_S - 0.3, SEEN_S + 0.3), owner=1), Film((0.0, SECONDS), owner=2)):
        plan_of(film)
        assert [span.start_s for span in film.scanned] == pytest.approx([SEEN_S - 1.6])


def test_what_else_is_needed_is_scanned_once_where_no_stretch_lies() -> None:
    film = Film((SEEN_S - 0.3, SEEN_S + 0.3), owner=1)
    wanted = [(10.0, 12.0), (12.3, 19.0), (21.0, 30.0)]
    scan, _hidden = scan_on(
        [SegmentSpan(0, SEEN_S - 1.6, SEEN_S + 1.6)],
        INFO,
        film.scan,
        lambda scan: [np.ones(len(face.frames), bool) for face in scan.faces],
        lambda _scan, _hidden: wanted,
    )
    edges = [edge for span in film.scanned for edge in (span.start_s, span.end_s)]
    assert edges == pytest.approx([18.4, 21.6, 10.0, 18.4, 21.6, 30.0])
    assert (np.diff(scan.times_s) < 0.11).all() and len(scan.times_s) == 200
