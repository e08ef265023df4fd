"""Random changes of pictures while learning, on the device where the network runs (Kornia)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from analysis.training.config import Augmentation

Augment = Callable[[Tensor], Tensor]


def augmentation(kind: Augmentation) -> Augment:
    """Takes and gives `(n, 3, h, w)` RGB 0..255; draws from torch's generator. Clips stay as they are."""
    if kind is Augmentation.NONE:
        return _unchanged
    import kornia.augmentation as kornia

    steps: list[nn.Module] = [kornia.RandomHorizontalFlip(p=0.5)]
    if kind in (Augmentation.LIGHT, Augmentation.STRONG):
        strong = kind is Augmentation.STRONG
        turn_deg, shift, scale = (20.0, 0.15, (0.75, 1.25)) if strong else (10.0, 0.06, (0.88, 1.12))
        light = 0.4 if strong else 0.2
        steps.append(kornia.RandomAffine(turn_deg, (shift, shift), scale, padding_mode="border", p=0.9))
        steps.append(kornia.ColorJitter(light, light, light / 2, 0.02, p=0.8))
    if kind is Augmentation.STRONG:
        steps.append(kornia.RandomErasing(scale=(0.02, 0.15), p=0.3))
    chain = nn.Sequential(*steps)

    def change(pictures: Tensor) -> Tensor:
        if pictures.dim() != 4:
            return pictures
        changed: Tensor = chain(pictures / 255) * 255
        return changed

    return change


def _unchanged(pictures: Tensor) -> Tensor:
    return pictures
