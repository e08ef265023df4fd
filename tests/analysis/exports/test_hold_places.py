"""Whoever sits is covered while turned away: back to the cut before the first sighting, and on to the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from analysis.exports.covered_person import CoveredPerson
from analysis.exports.covered_spans import count_unconfirmed, covered_people
from analysis.exports.hide_plan import make_plan
from analysis.exports.hold_places import PlaceEnd, SmallPicture, hold_places, place_ends
from analysis.exports.whose_face import hidden_frames
from analysis.types import Float32, Image
from tests.analysis.exports.test_hide_plan import NO_VIEWS, ONE, RATE_FPS, boxes_at, face, scan_of, standing

WIDTH, HEIGHT, SECONDS, STEP_S = 320, 180, 30.0, 0.2
FACE = np.array([140, 50, 180, 90], np.float32)
Look = Callable[[float], Image]


def noise(seed: int, height: int, width: int, light: int) -> Image:
    """Cloth, hair or a wall: something with a texture of its own."""
    small = np.random.default_rng(seed).integers(light - 40, light + 40, (height // 4 + 1, width // 4 + 1))
    return np.asarray(cv2.resize(small.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


WALL, BODY, HAIR, LOOK = noise(1, HEIGHT, WIDTH, 120), noise(2, 90, 70, 70), noise(3, 48, 44, 50), noise(4, 48, 44, 170)


def sitting(time_s: float, turns_s: float = 20.0, x: int = 125) -> Image:
    """Shows a body with a head whose hair is seen before a moment and whose face is seen from then on."""
    picture = WALL.copy()
    seen = picture[90:180, max(x, 0) : max(x + 70, 0)]
    seen[:] = BODY[:, : seen.shape[1]]
    share = np.clip((time_s - turns_s) / 0.6 + 0.5, 0, 1)
    head = picture[45:93, max(x + 13, 0) : max(x + 57, 0)]
    head[:] = (HAIR * (1 - share) + LOOK * share).astype(np.uint8)[:, : head.shape[1]]
    return picture


class SeatedFilm:
    """Shows a scene from which small pictures are taken; cuts come at `cuts_s`."""

    def __init__(self, scene: Look, cuts_s: Sequence[float] = ()) -> None:
        self.scene, self.cuts_s, self.read = scene, cuts_s, 0

    def __call__(self, start_s: float, end_s: float) -> list[SmallPicture]:
        times = np.arange(round(SECONDS / STEP_S)) * STEP_S
        shown = [float(time_s) for time_s in times if start_s <= time_s < end_s]
        self.read += len(shown)
        return [
            SmallPicture(time_s, self.scene(time_s), any(abs(time_s - cut) < STEP_S / 2 for cut in self.cuts_s))
            for time_s in shown
        ]


def held_from(film: SeatedFilm, seen_s: float = 21.0, *, forwards: bool = False) -> tuple[float, float] | None:
    held = hold_places([PlaceEnd(seen_s, FACE, forwards)], film, WIDTH)
    return (float(held[0].times_s[0]), float(held[0].times_s[-1])) if held else None


def test_who_sits_turned_away_is_covered_back_to_the_begin_of_the_shot_and_on_to_its_end() -> None:
    assert held_from(SeatedFilm(sitting)) == pytest.approx((0.0, 21.0))
    film = SeatedFilm(lambda time_s: sitting(-time_s, -8.0), cuts_s=(4.0, 26.0))
    assert held_from(film, 12.0) == pytest.approx((4.0, 12.0))
    assert held_from(film, 7.0, forwards=True) == pytest.approx((7.0, 25.8))
    assert film.read < 2.5 * SECONDS / STEP_S


def test_somebody_who_passes_does_not_end_it_but_leaving_does() -> None:
    def passed(time_s: float) -> Image:
        picture = sitting(time_s)
        x = round((time_s - 10) * 300)
        if 0 <= x < WIDTH - 80:
            picture[30:180, x : x + 80] = noise(5, 150, 80, 200)
        return picture

    assert held_from(SeatedFilm(passed)) == pytest.approx((0.0, 21.0))

    def came(time_s: float) -> Image:
        """Walks in within a second, 15 s after the begin."""
        return sitting(time_s, x=round(125 - max(16.0 - time_s, 0.0) * 300)) if time_s > 15.2 else WALL

    first_s, _last_s = held_from(SeatedFilm(came)) or (0.0, 0.0)
    assert 14.0 <= first_s <= 16.0


def test_a_held_place_goes_with_who_moves_a_little_and_is_small() -> None:
    def moving(time_s: float) -> Image:
        return sitting(time_s, x=round(104 + time_s))

    [held] = hold_places([PlaceEnd(21.0, FACE, False)], SeatedFilm(moving), WIDTH)
    assert held.times_s[0] == 0.0
    assert held.boxes_xyxy[0, :2] == pytest.approx(FACE[:2] - [21, 0], abs=8)
    assert held.boxes_xyxy[:, 2:] - held.boxes_xyxy[:, :2] == pytest.approx(40, abs=0.1)


def seen_from(frames: range, *votes: int, boxes: Float32 | None = None):  # type: ignore[no-untyped-def]
    seen = np.ones(len(frames), bool)
    return face(frames, boxes_at([standing(0)] * len(frames)) if boxes is None else boxes, seen, seen, *votes)


def test_places_are_held_beyond_lone_sightings_of_who_stands() -> None:
    one = seen_from(range(10, 20), 1)
    runs = seen_from(range(10, 20), 1, boxes=boxes_at([(100.0 + 30 * frame, 200.0) for frame in range(10)]))
    other = seen_from(range(10, 20), 2)
    goes_on = seen_from(range(22, 40), 1)
    for faces, expected in (
        ((one,), [(True, 19), (False, 10)]),
        ((seen_from(range(1, 38), 1),), [(True, 37), (False, 1)]),
        ((seen_from(range(40), 1),), []),
        ((one, goes_on), [(False, 10)]),
        ((runs,), []),
        ((other,), []),
    ):
        scan = scan_of(*faces)
        ends = place_ends(scan, hidden_frames(scan, ONE, NO_VIEWS, 0.6, 0.4), frozenset())
        assert [(end.forwards, round(end.time_s * RATE_FPS)) for end in ends] == expected
    scan = replace(scan_of(one), shots=np.repeat([1, 2, 3], [10, 10, 20]))
    assert not place_ends(scan, hidden_frames(scan, ONE, NO_VIEWS, 0.6, 0.4), frozenset())


def test_the_report_says_when_a_person_is_seen_held_and_open() -> None:
    scan = replace(scan_of(seen_from(range(20, 30), 1)), shots=np.repeat([1, 2], [10, 30]))
    hidden = hidden_frames(scan, ONE, NO_VIEWS, 0.6, 0.4)
    still = SeatedFilm(lambda _time_s: WALL, cuts_s=(0.4,))
    held = hold_places([PlaceEnd(20 / RATE_FPS, FACE, False, frozenset({1}))], still, WIDTH)
    plan = make_plan(scan, hidden, [], ONE, 0.6, held)
    assert [bool(len(plan.at(frame / RATE_FPS).boxes_xyxy)) for frame in (9, 11, 19, 29, 31)] == [0, 1, 1, 1, 0]
    [covered] = covered_people(scan, hidden, [], ONE, 0.6, held)
    assert covered.in_copy(0.0, 1.6, 0.04) == CoveredPerson(1, ((0.4, 1.2),), ((0.4, 0.8),), ((0.0, 0.4), (1.2, 1.6)))


def test_areas_that_were_never_clearly_a_face_are_counted_once_each() -> None:
    clock, lap = boxes_at([(100.0, 100.0)] * 5), boxes_at([(600.0, 500.0)] * 5)
    seen_well = replace(seen_from(range(5)), vectors=np.ones((1, 4), np.float32))
    faces = (seen_from(range(5), boxes=clock), seen_from(range(9, 14), boxes=clock), seen_from(range(5), boxes=lap))
    scan = scan_of(*faces, seen_well, seen_from(range(5), 1))
    everything = [np.ones(len(one.frames), bool) for one in scan.faces]
    assert count_unconfirmed(scan, everything, frozenset()) == 2
    assert count_unconfirmed(scan, [~frames for frames in everything], frozenset()) == 0
