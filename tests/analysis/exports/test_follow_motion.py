"""Whoever runs into a picture, or out of it, is followed by what moves where neither detector nor looks find them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from analysis.exports.choice import HideChoice
from analysis.exports.follow_motion import SeenMotion, follow_motion
from analysis.exports.hide_plan import make_plan
from analysis.types import Float32, Image
from tests.analysis.exports.test_hide_plan import FRAMES, RATE_FPS, boxes_at, covered, face, scan_of

WIDTH, HEIGHT, HEAD = 320, 180, 24


def pictures(camera_px: int = 0, speed_px: int = 13) -> tuple[list[Image], list[Float32]]:
    """A smeared head with shoulders stops in the middle after it ran in from the right: last picture first."""
    noise = np.random.default_rng(3).integers(60, 200, (HEIGHT // 4, WIDTH)).astype(np.uint8)
    wide = cv2.GaussianBlur(cv2.resize(noise, (4 * WIDTH, HEIGHT)), (5, 5), 0)
    shown, heads = [], []
    for number in range(18):
        picture = wide[:, WIDTH + camera_px * number :][:, :WIDTH].copy()
        x, y = WIDTH // 2 + speed_px * number, 50
        body = np.zeros_like(picture)
        cv2.rectangle(body, (x - 2 * HEAD, y + HEAD // 2), (x + 2 * HEAD, HEIGHT), 1, -1)
        cv2.ellipse(body, (x, y), (HEAD // 2, HEAD // 2), 0, 0, 360, 1, -1)
        smear = np.full_like(picture, 20)
        smear[:, (np.arange(WIDTH) // 3) % 7 == number % 7] = 45
        picture[body > 0] = smear[body > 0]
        shown.append(np.asarray(picture, np.uint8))
        heads.append(np.array([x - HEAD / 2, y - HEAD / 2, x + HEAD / 2, y + HEAD / 2], np.float32))
    return shown, heads


def test_who_runs_in_is_followed_back_to_the_border_of_the_picture() -> None:
    for camera_px, speed_px in ((0, 13), (3, 13), (0, 2 * HEAD)):
        greys, heads = pictures(camera_px, speed_px)
        boxes = follow_motion(list(enumerate(greys)), heads[0], SeenMotion())
        inside = [head for head in heads[1:] if head[0] + HEAD / 2 < WIDTH]
        assert len(boxes) >= len(inside)
        for box, head in zip(boxes, inside, strict=False):
            assert (box[:2] <= head[:2] + 3).all() and box[3] >= head[3] - 3 and box[2] >= min(head[2], WIDTH) - 3
            assert box[2] - box[0] <= 7 * HEAD and box[3] - box[1] <= 5 * HEAD


def test_nothing_moves_on_from_who_stands_or_where_all_moves() -> None:
    greys, heads = pictures()
    assert follow_motion(list(enumerate([greys[0]] * 12)), heads[0], SeenMotion()) == []
    noise = np.random.default_rng(5).integers(0, 255, (12, HEIGHT, WIDTH)).astype(np.uint8)
    assert follow_motion(list(enumerate(noise)), heads[0], SeenMotion()) == []
    assert follow_motion(list(enumerate(greys[:1])), heads[0], SeenMotion()) == []


def test_what_moved_is_hidden_until_it_is_seen_as_another_face_of_the_same_person() -> None:
    seen = np.ones(10, bool)
    runs = face(range(30, FRAMES), boxes_at([(600, 200)] * 10), seen, seen, 1)
    runs = replace(runs, moving_at=np.arange(29, 9, -1), moving_xyxy=boxes_at([(620 + 8 * n, 200) for n in range(20)]))
    earlier = face(range(8, 18), boxes_at([(720, 200)] * 10), seen, seen, 1)
    one, hidden = HideChoice(hide=frozenset({1})), np.ones(10, bool)
    for faces, first in (([runs], 10), ([runs, earlier], 18)):
        scan = scan_of(*faces)
        plan = make_plan(scan, [hidden] * len(faces), [], one, 0.6)
        assert len(plan.unsure.frames) == 0 or plan.unsure.frames.min() == first
        assert covered(plan, 25, boxes_at([(620 + 8 * 4, 200)])[0]) == 1
        left = make_plan(scan, [~hidden] * len(faces), [], one, 0.6)
        assert not len(left.at(25 / RATE_FPS).boxes_xyxy)
