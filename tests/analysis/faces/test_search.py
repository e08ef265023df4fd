"""Searching known people: the best view of each counts, and shorter vectors give the same answers."""

import numpy as np
import pytest

from analysis.faces.search import Gallery, compact, nearest, similarities


def unit_rows(count: int, size: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_most_alike_view_of_each_person_counts() -> None:
    views = np.eye(4, dtype=np.float32)
    gallery = Gallery(views, np.array([0, 3]))
    table = similarities(gallery, np.array([[0.6, 0.8, 0, 0], [0, 0, 0, 1]], np.float32))
    assert np.allclose(table, [[0.8, 0.0], [0.0, 1.0]])


def test_nobody_known_and_nobody_asked() -> None:
    empty = Gallery(np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    assert similarities(empty, unit_rows(2, 4)).shape == (0, 2)
    assert similarities(Gallery(unit_rows(3, 4), np.array([0])), np.zeros((0, 4), np.float32)).shape == (1, 0)


@pytest.mark.parametrize("starts", [[1], [0, 0], [0, 5]])
def test_starts_that_cannot_be_are_refused(starts: list[int]) -> None:
    with pytest.raises(ValueError, match="starts"):
        Gallery(unit_rows(5, 4), np.array(starts))


def test_vectors_that_use_few_directions_are_searched_in_those_alone() -> None:
    turned = np.linalg.qr(np.random.default_rng(3).standard_normal((64, 20)))[0].astype(np.float32)
    views = unit_rows(1000, 20) @ turned.T
    whole = Gallery(views, np.arange(0, 1000, 4))
    short = compact(whole)
    assert short.vectors.shape == (1000, 20)
    asked = unit_rows(3, 20, seed=9) @ turned.T
    assert np.allclose(similarities(short, asked), similarities(whole, asked), atol=1e-3)


def test_vectors_that_use_all_directions_are_left_alone() -> None:
    whole = Gallery(unit_rows(1000, 64), np.arange(1000))
    assert compact(whole) is whole


def test_one_odd_vector_keeps_all_exact() -> None:
    """Few directions on average are not enough."""
    views = np.zeros((100_000, 64), np.float32)
    views[:, :8] = unit_rows(100_000, 8)
    views[-1] = np.eye(64, dtype=np.float32)[60]
    whole = Gallery(views, np.arange(100_000))
    assert compact(whole) is whole


def test_the_nearest_come_best_first() -> None:
    rows, cosines = nearest(np.eye(3, dtype=np.float32), np.array([0.1, 0.9, 0.5], np.float32), 2)
    assert rows.tolist() == [1, 2] and np.allclose(cosines, [0.9, 0.5])
    assert nearest(np.zeros((0, 3), np.float32), np.ones(3, np.float32), 5)[0].tolist() == []
