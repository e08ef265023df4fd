"""Copies: found after what happens to pictures on their way, and nothing else."""

import cv2
import numpy as np
import pytest

from analysis.doctor import duplicates
from analysis.doctor.alignment import aligned_similarity, tangent_similarity
from analysis.doctor.duplicates import MIN_TANGENT_SIMILARITY, near_duplicates
from analysis.doctor.measures import MeasureTable, measure_picture
from analysis.doctor.signature import SIGNATURE_BYTES, structures
from analysis.errors import Cancelled
from analysis.types import Image, Progress
from tests.analysis.doctor.scenes import scene

ORIGINAL = scene(100, 320, 240)


def signatures(images: list[Image]) -> np.ndarray:
    return MeasureTable.of(map(measure_picture, images)).signatures


def as_jpeg(image: Image) -> Image:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 35])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


COPIES = {
    "resized": cv2.resize(ORIGINAL, (130, 97), interpolation=cv2.INTER_AREA),
    "stretched": cv2.resize(ORIGINAL, (320, 320)),
    "recompressed": as_jpeg(ORIGINAL),
    "brighter": np.clip(ORIGINAL * 0.85 + 30, 0, 255).astype(np.uint8),
    "cropped": ORIGINAL[12:232, 5:306],
    "cropped at one side": ORIGINAL[:, 24:],
}


@pytest.mark.parametrize("name", COPIES)
def test_a_changed_copy_is_found_among_others(name: str) -> None:
    images = [scene(seed) for seed in range(20)] + [ORIGINAL, COPIES[name]]
    [group] = near_duplicates(signatures(images))
    assert group.indices == (20, 21)
    assert 0.95 <= group.similarity <= 1.001


def test_a_mirror_image_and_another_picture_are_no_copies() -> None:
    images = [ORIGINAL, np.ascontiguousarray(ORIGINAL[:, ::-1]), scene(101, 320, 240)]
    assert near_duplicates(signatures(images)) == []


def test_flat_pictures_are_not_copies_of_each_other() -> None:
    flat = [np.full((60, 80, 3), grey, np.uint8) for grey in (0, 0, 128, 255)]
    assert near_duplicates(signatures(flat)) == []


def test_groups_say_whether_they_cross_sources() -> None:
    images = [ORIGINAL, scene(1), COPIES["resized"], scene(1), COPIES["brighter"]]
    large, small = near_duplicates(signatures(images), sources=["a", "b", "a", "c", "a"])
    assert (large.indices, large.across_sources) == ((0, 2, 4), False)
    assert (small.indices, small.across_sources) == ((1, 3), True)


def test_nothing_and_one_picture_have_no_copies() -> None:
    assert near_duplicates(np.zeros((0, SIGNATURE_BYTES), np.uint8)) == []
    assert near_duplicates(signatures([ORIGINAL])) == []


def test_embeddings_bring_candidates_that_the_signatures_miss() -> None:
    images = [scene(seed) for seed in range(5)] + [ORIGINAL, ORIGINAL[:, 48:]]
    vectors = np.eye(7, 40, dtype=np.float32)
    vectors[6] = vectors[5]
    found = near_duplicates(signatures(images), embeddings=vectors)
    assert all(group.indices == (5, 6) for group in found)
    with pytest.raises(ValueError, match=r"embeddings: expected shape \(7"):
        near_duplicates(signatures(images), embeddings=vectors[:3])


def test_copies_are_found_across_blocks_and_progress_is_told() -> None:
    random = np.random.default_rng(0)
    cells = np.stack([cv2.resize(each, (20, 20)) for each in random.integers(0, 256, (5000, 5, 5), np.uint8)])
    many = cells.reshape(5000, SIGNATURE_BYTES)
    many[4990], many[2500] = many[3], many[2499]
    told: list[Progress] = []
    groups = near_duplicates(many, on_progress=told.append)
    assert {group.indices for group in groups} == {(3, 4990), (2499, 2500)}
    assert told[-1].done == told[-1].total == 5000


def test_a_search_that_is_cancelled_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "ROWS", 2)
    told: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        raise Cancelled

    with pytest.raises(Cancelled):
        near_duplicates(signatures([scene(seed) for seed in range(20)]), on_progress=on_progress)
    assert len(told) == 1


def test_it_does_not_matter_how_many_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    many = signatures([scene(seed % 25, 160, 120 + seed // 25) for seed in range(60)])
    vectors = np.random.default_rng(0).normal(size=(60, 120)).astype(np.float32)
    together = near_duplicates(many, embeddings=vectors)
    assert len(together) == 25
    for name in ("ROWS", "COLUMNS", "VERIFIED_AT_ONCE"):
        monkeypatch.setattr(duplicates, name, 7)
        assert near_duplicates(many, embeddings=vectors) == together


def test_alignment_finds_a_shift_and_a_stretch() -> None:
    big = cv2.cvtColor(scene(7, 400, 400, softness_px=12), cv2.COLOR_BGR2GRAY)
    whole = cv2.resize(big, (20, 20), interpolation=cv2.INTER_AREA).astype(np.float32)[None]
    part = cv2.resize(big[10:380, 30:400], (20, 20), interpolation=cv2.INTER_AREA).astype(np.float32)[None]
    plain = np.corrcoef(whole.ravel(), part.ravel())[0, 1]
    assert aligned_similarity(whole, part)[0] > max(0.98, plain)
    assert aligned_similarity(whole[:0], part[:0]).shape == (0,)


def test_the_tangent_test_lets_cropped_copies_through_and_few_others() -> None:
    scenes = [scene(seed, 320, 240) for seed in range(40)]
    whole = structures(signatures(scenes))
    cropped = structures(signatures([image[10:232, 12:310] for image in scenes]))
    assert tangent_similarity(whole, cropped).min() > MIN_TANGENT_SIMILARITY
    assert tangent_similarity(whole, np.roll(whole, 1, axis=0)).max() < MIN_TANGENT_SIMILARITY
    assert tangent_similarity(whole[:0], whole[:0]).shape == (0,)


def test_hundreds_of_copies_are_one_group() -> None:
    """Each keeps only a few of them, and the chain holds."""
    random = np.random.default_rng(1)
    base = signatures([ORIGINAL])[0].astype(int)
    many = np.clip(base + random.integers(-3, 4, (300, SIGNATURE_BYTES)), 0, 255).astype(np.uint8)
    [group] = near_duplicates(np.concatenate([many, signatures([scene(2), scene(3)])]))
    assert group.indices == tuple(range(300))
