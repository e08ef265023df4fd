"""Embedding: length 1, the same person alike and others not."""

import cv2
import numpy as np
import pytest

from analysis.faces.detect import load_detector
from analysis.faces.embed import BATCH, Embedder, load_mobilefacenet
from analysis.types import Float32, Image
from tests.analysis.portraits import portrait


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_mobilefacenet(1)


@pytest.fixture(scope="module")
def landmarks() -> dict[str, Float32]:
    detector = load_detector(1)
    return {name: detector.detect_frame(portrait(name)).landmarks[:1] for name in ("collins", "hopper")}


def variants(picture: Image) -> list[Image]:
    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return [
        picture,
        np.clip(picture * 0.6 + 20, 0, 255).astype(np.uint8),
        cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR),
    ]


def test_one_person_in_other_light_is_nearer_than_another_person(
    embedder: Embedder, landmarks: dict[str, Float32]
) -> None:
    vectors = {
        name: embedder.embed(np.concatenate([embedder.align(each, points) for each in variants(portrait(name))]))
        for name, points in landmarks.items()
    }
    own = min(float((vectors[name] @ vectors[name].T).min()) for name in vectors)
    other = float((vectors["collins"] @ vectors["hopper"].T).max())
    assert 4 * (1 - own) < 1 - other


def test_vectors_have_length_1_and_do_not_depend_on_the_batch(
    embedder: Embedder, landmarks: dict[str, Float32]
) -> None:
    face = embedder.align(portrait("hopper"), landmarks["hopper"])
    many = np.concatenate([np.roll(face, shift, axis=2) for shift in range(BATCH + 3)])
    vectors = embedder.embed(many)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[BATCH + 2], embedder.embed(many[-1:])[0], atol=1e-4)


def test_no_faces_give_no_rows_of_the_right_length(embedder: Embedder) -> None:
    none = embedder.embed(embedder.align(portrait("hopper"), np.zeros((0, 5, 2), np.float32)))
    assert none.shape == (0, int(embedder.name.rsplit("_", 1)[1]))


def test_a_mirrored_face_has_the_same_vector_with_mobilefacenet(landmarks: dict[str, Float32]) -> None:
    embedder = load_mobilefacenet(1)
    face = embedder.align(portrait("hopper"), landmarks["hopper"])
    both = embedder.embed(np.concatenate([face, face[:, :, ::-1]]))
    assert np.allclose(both[0], both[1], atol=1e-4)


def test_a_second_look_is_taken_only_where_asked_for(landmarks: dict[str, Float32]) -> None:
    embedder = load_mobilefacenet(1)
    aligned = embedder.align(portrait("collins"), landmarks["collins"])
    pair = np.concatenate([aligned, aligned])
    once, twice = embedder.embed(pair, np.array([False, True]))
    assert np.allclose(twice, embedder.embed(aligned)[0], atol=1e-5)
    assert once @ twice < 0.9999, "the mirrored face was left out"
    assert once @ twice > 0.8, "both are the same person all the same"
