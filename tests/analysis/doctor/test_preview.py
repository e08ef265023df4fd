"""The preview: the same for the same seed, one slider at a time, and what is shown is what goes in."""

import numpy as np
import pytest

from analysis.doctor.preview import Fit, Normalisation, Strengths, network_view
from tests.analysis.doctor.scenes import scene

PICTURE = scene(1, 320, 200)
ALL = Strengths(flip=1, crop=1, colour=1, blur=1, noise=1)


def test_without_strength_the_picture_is_only_resized_and_cropped() -> None:
    view = network_view(scene(2, 96, 64), 64)
    assert np.array_equal(view.shown_bgr, scene(2, 96, 64)[:, 16:80])
    assert view.values.shape == (3, 64, 64)
    assert view.values.min() >= -1
    assert view.values.max() <= 1


def test_the_values_are_the_shown_picture_normalised() -> None:
    normalisation = Normalisation((124.0, 116.0, 104.0), (58.0, 57.0, 57.5))
    view = network_view(PICTURE, 48, ALL, seed=5, normalisation=normalisation)
    back = view.values.transpose(1, 2, 0) * np.array(normalisation.spread_rgb) + np.array(normalisation.middle_rgb)
    assert np.abs(back[..., ::-1] - view.shown_bgr).max() <= 0.51


def test_a_letterbox_keeps_everything() -> None:
    view = network_view(np.full((10, 40, 3), 255, np.uint8), 40, fit=Fit.LETTERBOX)
    assert np.all(view.shown_bgr[15:25] == 255)
    assert np.all(view.shown_bgr[:15] == 127)


def test_a_seed_gives_the_same_view_and_another_another() -> None:
    first, again, other = (network_view(PICTURE, 64, ALL, seed=seed).shown_bgr for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", ["crop", "colour", "blur", "noise"])
def test_each_slider_changes_the_picture_more_the_further_it_is(name: str) -> None:
    plain = network_view(PICTURE, 64, seed=4).shown_bgr.astype(int)
    changes = [
        np.abs(network_view(PICTURE, 64, Strengths(**{name: strength}), seed=4).shown_bgr - plain).mean()
        for strength in (0.0, 0.4, 1.0)
    ]
    assert changes[0] == 0
    assert changes[2] > changes[1] > 0


def test_at_full_strength_every_other_picture_is_mirrored() -> None:
    plain = network_view(PICTURE, 32).shown_bgr
    mirrored = [
        np.array_equal(network_view(PICTURE, 32, Strengths(flip=1), seed=seed).shown_bgr, plain[:, ::-1])
        for seed in range(60)
    ]
    assert 15 < sum(mirrored) < 45


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strengths_outside_are_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="noise"):
        Strengths(noise=strength)


def test_a_side_of_nothing_is_refused_and_a_pixel_is_shown() -> None:
    with pytest.raises(ValueError, match="side"):
        network_view(PICTURE, 0)
    assert network_view(np.zeros((1, 1, 3), np.uint8), 1, ALL).shown_bgr.shape == (1, 1, 3)
