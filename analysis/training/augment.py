"""Random changes of pictures while learning, on the device where the network runs (Kornia)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from analysis.augmentation import (
    COLOUR_CHANCE,
    COVERED_ASPECT,
    COVERED_SHARE,
    MOVE_CHANCE,
    TRAINED_WITH,
    Strengths,
    ranges_of,
)
from analysis.training.config import Augmentation

Augment = Callable[[Tensor], Tensor]


def augmentation(kind: Augmentation) -> Augment:
    """Takes and gives `(n, 3, h, w)` RGB 0..255; draws from torch's generator. Clips stay as they are."""
    return changing(TRAINED_WITH[kind])


def changing(strengths: Strengths) -> Augment:
    """The same for any strengths."""
    steps = _steps(strengths)
    if not steps:
        return _unchanged
    chain = nn.Sequential(*steps)

    def change(pictures: Tensor) -> Tensor:
        if pictures.dim() != 4:
            return pictures
        changed: Tensor = chain(pictures / 255) * 255
        return changed

    return change


def _steps(strengths: Strengths) -> list[nn.Module]:
    import kornia.augmentation as kornia

    to = ranges_of(strengths)
    steps: list[nn.Module] = []
    if strengths.flip:
        steps.append(kornia.RandomHorizontalFlip(p=to.flip_chance))
    if strengths.move:
        around, shift = (1 - to.zoom, 1 + to.zoom), (to.shift, to.shift)
        steps.append(kornia.RandomAffine(to.turn_deg, shift, around, padding_mode="border", p=MOVE_CHANCE))
    if strengths.colour:
        steps.append(kornia.ColorJitter(to.light, to.light, to.saturation, to.hue, p=COLOUR_CHANCE))
    if strengths.cover:
        steps.append(kornia.RandomErasing(scale=COVERED_SHARE, ratio=COVERED_ASPECT, p=to.cover_chance))
    return steps


def _unchanged(pictures: Tensor) -> Tensor:
    return pictures
