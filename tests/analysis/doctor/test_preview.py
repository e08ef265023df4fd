"""The preview: the same for the same seed, one slider at a time, and what is shown is what goes in."""

import cv2
import numpy as np
import pytest
import torch

from analysis.doctor.preview import Normalisation, blur, move, network_view, recolour
from analysis.training.config import Augmentation
from analysis.training.data.augment import changing, operations
from analysis.training.data.augmentation_strengths import TRAINED_WITH, Strengths
from analysis.training.data.inputs import squeeze
from tests.analysis.doctor.scenes import scene

PICTURE = scene(1, 320, 200)
ALL = Strengths(flip=1, move=1, colour=1, blur=1, noise=1, cover=1)
DRAWS = 1500


def test_without_strength_the_picture_is_what_training_reads() -> None:
    view = network_view(PICTURE, 64)
    assert np.array_equal(view.shown_bgr[..., ::-1], squeeze(PICTURE, 64))
    assert view.values.shape == (3, 64, 64)
    assert view.values.min() >= -1
    assert view.values.max() <= 1


def test_the_values_are_the_shown_picture_normalised() -> None:
    normalisation = Normalisation((124.0, 116.0, 104.0), (58.0, 57.0, 57.5))
    view = network_view(PICTURE, 32, ALL, seed=5, normalisation=normalisation)
    back = view.values.transpose(1, 2, 0) * np.array(normalisation.spread_rgb) + np.array(normalisation.middle_rgb)
    assert np.abs(back[..., ::-1] - view.shown_bgr).max() <= 0.51


def test_a_seed_gives_the_same_view_and_another_another() -> None:
    first, again, other = (network_view(PICTURE, 64, ALL, seed=seed).shown_bgr for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", ["move", "colour", "blur", "noise"])
def test_each_slider_changes_the_picture_more_the_further_it_is(name: str) -> None:
    plain = network_view(PICTURE, 64).shown_bgr.astype(int)
    changes = []
    for strength in (0.0, 0.4, 1.0):
        pictures_shown = [
            network_view(PICTURE, 64, Strengths(**{name: strength}), seed=seed).shown_bgr for seed in range(8)
        ]
        changes.append(np.abs(np.stack(pictures_shown) - plain).mean())
    assert changes[0] == 0
    assert changes[2] > changes[1] > 0


@pytest.mark.parametrize("name", ["flip", "move", "colour", "blur", "noise", "cover"])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_the_changes_are_as_large_and_as_frequent_as_those_of_training(name: str, strength: float) -> None:
    """Each drawn many times by either: the share of pictures that change, and by how much these do."""
    strengths, plain = Strengths(**{name: strength}), squeeze(PICTURE, 32).astype(np.float32)
    shown = [network_view(PICTURE, 32, strengths, seed=seed).shown_bgr[..., ::-1] for seed in range(DRAWS)]
    torch.manual_seed(3)
    pictures = torch.from_numpy(plain).permute(2, 0, 1).expand(DRAWS, 3, 32, 32)
    trained = changing(strengths)(pictures).permute(0, 2, 3, 1).numpy()
    measured = []
    for pictures_shown in (np.stack(shown).astype(np.float32), trained):
        by = np.abs(pictures_shown - plain).mean(axis=(1, 2, 3))
        is_changed = by > 0.3
        measured.append((is_changed.mean(), by[is_changed].mean(), by[is_changed].std()))
    (share, mean, spread), (wanted_share, wanted_mean, wanted_spread) = measured
    assert share == pytest.approx(wanted_share, abs=0.1)
    assert mean == pytest.approx(wanted_mean, rel=0.15)
    assert spread == pytest.approx(wanted_spread, rel=0.3, abs=0.05)


@pytest.mark.parametrize("name", ["move", "colour", "blur"])
@pytest.mark.parametrize("seed", range(5))
def test_an_operation_does_what_that_of_training_does(name: str, seed: int) -> None:
    """With the numbers that Kornia drew, each picture is the same but for rounding."""
    plain = cv2.GaussianBlur(squeeze(PICTURE, 48), (0, 0), 1.5).astype(np.float32)
    [operation] = operations(Strengths(**{name: 1}), 48)
    given = torch.from_numpy(plain).permute(2, 0, 1)[None] / 255
    torch.manual_seed(seed)
    drawn = operation.forward_parameters(given.shape) | {"batch_prob": torch.ones(1)}  # type: ignore[operator]
    if name == "colour":
        drawn["order"] = torch.tensor([0, 1, 2, 3])  # Kornia draws this one too; it makes hardly any difference
    trained = operation(given, params=drawn)[0].permute(1, 2, 0).numpy() * 255
    number = {key: value.flatten().tolist() for key, value in drawn.items()}
    if name == "move":
        shown = move(plain, -number["angle"][0], number["scale"][0], number["translations"])  # Kornia: clockwise
    elif name == "colour":
        factors = [number[f"{each}_factor"][0] for each in ("brightness", "contrast", "saturation", "hue")]
        shown = recolour(plain, *factors)
    else:
        shown = blur(plain, number["sigma"][0])
    assert np.abs(trained - plain).max() > 5, "something was changed"
    assert np.abs(shown - trained).max() < 1.5, "of 255"


def test_a_turn_goes_as_far_round_as_that_of_training() -> None:
    """A dot near the edge, moved only: where it lies most to the left, right, top and bottom."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[30:34, 50:54] = 255
    strengths = Strengths(move=1)
    shown = [network_view(picture, 64, strengths, seed=seed).shown_bgr[..., 0] for seed in range(400)]
    torch.manual_seed(5)
    pictures = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1).expand(400, 3, 64, 64)
    trained = changing(strengths)(pictures)[:, 0].numpy()
    for axis in (0, 1):
        ours, theirs = (
            _places(pictures_shown, axis) for pictures_shown in (np.stack(shown).astype(np.float32), trained)
        )
        for percentile in (5, 50, 95):
            assert np.percentile(ours, percentile) == pytest.approx(np.percentile(theirs, percentile), abs=2.5)


def _places(pictures_shown: np.ndarray, axis: int) -> np.ndarray:
    """Centre of what is bright, along one axis, of those where it is in the picture."""
    sums = pictures_shown.sum(axis=(1, 2))
    along = pictures_shown.sum(axis=2 - axis) @ np.arange(pictures_shown.shape[1])
    places: np.ndarray = along[sums > 500] / sums[sums > 500]
    return places


def test_training_without_changes_has_none() -> None:
    assert TRAINED_WITH[Augmentation.NONE] == Strengths()
    pictures = torch.rand(2, 3, 8, 8)
    assert changing(Strengths())(pictures) is pictures


def test_at_full_strength_every_other_picture_is_mirrored() -> None:
    plain = network_view(PICTURE, 32).shown_bgr
    mirrored = [
        np.array_equal(network_view(PICTURE, 32, Strengths(flip=1), seed=seed).shown_bgr, plain[:, ::-1])
        for seed in range(60)
    ]
    assert 15 < sum(mirrored) < 45


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strengths_outside_are_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="cover"):
        Strengths(cover=strength)


def test_a_side_of_nothing_is_refused_and_a_pixel_is_shown() -> None:
    with pytest.raises(ValueError, match="side"):
        network_view(PICTURE, 0)
    assert network_view(np.zeros((1, 1, 3), np.uint8), 1, ALL).shown_bgr.shape == (1, 1, 3)
