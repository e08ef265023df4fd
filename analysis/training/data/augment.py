"""Random changes of pictures while learning, on the device where the network runs (Kornia)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import ceil

from torch import Tensor, nn

from analysis.training.config import Augmentation
from analysis.training.data.augmentation_strengths import (
    COLOUR_CHANCE,
    COVERED_ASPECT,
    COVERED_SHARE,
    LEAST_BLUR,
    MOVE_CHANCE,
    TRAINED_WITH,
    Strengths,
    ranges_of,
)

Augment = Callable[[Tensor], Tensor]


def augmentation(kind: Augmentation) -> Augment:
    """Returns a function from and to pictures `(n, 3, h, w)` RGB 0..255, which leaves clips as they are.

    It draws from torch's generator.
    """
    return changing(TRAINED_WITH[kind])


def changing(strengths: Strengths) -> Augment:
    """Returns the same for any strengths."""
    if strengths == Strengths():
        return lambda pictures: pictures
    chain_for = cache(lambda side: nn.Sequential(*operations(strengths, side)))

    def change(pictures: Tensor) -> Tensor:
        if pictures.dim() != 4:
            return pictures
        changed: Tensor = chain_for(pictures.shape[-1])(pictures / 255)
        return changed.clamp(0, 1) * 255

    return change


def operations(strengths: Strengths, side: int) -> list[nn.Module]:
    """Returns those of any strength, in the order in which they are done, for pictures of this side in pixels."""
    import kornia.augmentation as kornia  # deferred: loads torch

    to = ranges_of(strengths)
    found: list[nn.Module] = []
    if strengths.flip:
        found.append(kornia.RandomHorizontalFlip(p=to.flip_chance))
    if strengths.move:
        around, shift = (1 - to.zoom, 1 + to.zoom), (to.shift, to.shift)
        found.append(kornia.RandomAffine(to.turn_deg, shift, around, padding_mode="border", p=MOVE_CHANCE))
    if strengths.colour:
        found.append(kornia.ColorJitter(to.light, to.light, to.saturation, to.hue, p=COLOUR_CHANCE))
    if strengths.blur:
        most_px = to.blur * side
        width = 2 * ceil(3 * most_px) + 1
        found.append(kornia.RandomGaussianBlur((width, width), (LEAST_BLUR * most_px, most_px), p=to.blur_chance))
    if strengths.noise:
        found.append(kornia.RandomGaussianNoise(std=to.noise, p=to.noise_chance))
    if strengths.cover:
        found.append(kornia.RandomErasing(scale=COVERED_SHARE, ratio=COVERED_ASPECT, p=to.cover_chance))
    return found
