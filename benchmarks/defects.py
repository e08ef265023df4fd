"""Defects to plant in good pictures: several kinds of blur, darkness, and slightly changed copies."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from analysis.types import Image

Random = np.random.Generator
Change = Callable[[Image, Random], Image]


def soft(image: Image, random: Random) -> Image:
    """Blurs by a Gaussian of 2 to 4 % of the shorter side, at least 2 pixels."""
    return blurred(image, max(2.0, random.uniform(0.02, 0.04) * min(image.shape[:2])))


def slightly_soft(image: Image, random: Random) -> Image:
    """Blurs by a Gaussian of 1.2 to 2 % of the shorter side, at least 1.6 pixels: a careful eye notices."""
    return blurred(image, max(1.6, random.uniform(0.012, 0.02) * min(image.shape[:2])))


def blurred(image: Image, deviation: float) -> Image:
    return as_image(cv2.GaussianBlur(image, (0, 0), deviation))


def defocused(image: Image, random: Random) -> Image:
    """Blurs as a defocused lens: points become discs with a radius of 2.5 to 5 % of the shorter side."""
    radius = max(2.5, random.uniform(0.025, 0.05) * min(image.shape[:2]))
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return filtered(image, np.clip(radius + 0.5 - np.hypot(x, y), 0, 1))


def shaken(image: Image, random: Random) -> Image:
    """Blurs by motion of 7 to 15 % of the shorter side, in any direction."""
    reach = max(3, round(random.uniform(0.035, 0.075) * min(image.shape[:2])))
    angle = random.uniform(0, np.pi)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    across = np.abs(x * np.sin(angle) - y * np.cos(angle))
    return filtered(image, np.clip(1 - across, 0, 1) * (np.hypot(x, y) <= reach))


def soft_and_noisy(image: Image, random: Random) -> Image:
    """Blurs, adds noise of 2 to 4 grey values and saves as JPEG: out of focus in bad light."""
    noise = random.normal(0, random.uniform(2, 4), image.shape)
    return recompressed(as_image(soft(image, random) + noise), random)


def dim(image: Image, random: Random) -> Image:
    """Darkens to 8 to 35 % of the light."""
    return as_image(image * random.uniform(0.08, 0.35))


def dim_and_noisy(image: Image, random: Random) -> Image:
    return as_image(dim(image, random) + random.normal(0, 3, image.shape))


def resized(image: Image, random: Random) -> Image:
    """Resizes to 50 to 150 %."""
    scale = random.uniform(0.5, 1.5)
    size = max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale))
    return as_image(cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))


def recompressed(image: Image, random: Random) -> Image:
    """Saves as JPEG with a quality of 30 to 80."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(30, 81))])
    return as_image(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)))


def relit(image: Image, random: Random) -> Image:
    """Changes brightness and contrast a little."""
    return as_image(image * random.uniform(0.8, 1.2) + random.uniform(-15, 15))


def cropped(image: Image, random: Random) -> Image:
    """Crops up to 5 % on each side."""
    height, width = image.shape[:2]
    top, bottom = (round(height * share) for share in random.uniform(0, 0.05, 2))
    left, right = (round(width * share) for share in random.uniform(0, 0.05, 2))
    return image[top : height - bottom, left : width - right]


def everything(image: Image, random: Random) -> Image:
    return recompressed(resized(relit(cropped(image, random), random), random), random)


def mirrored(image: Image, random: Random) -> Image:
    """Mirrors the picture; no copy, as a network sees a different one."""
    return np.ascontiguousarray(image[:, ::-1])


def filtered(image: Image, kernel: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Image:
    return as_image(cv2.filter2D(image, -1, kernel / kernel.sum()))


def as_image(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Image:
    return np.clip(np.rint(np.asarray(values, np.float32)), 0, 255).astype(np.uint8)


BLURS: dict[str, Change] = {
    "soft": soft,
    "slightly soft": slightly_soft,
    "defocused": defocused,
    "shaken": shaken,
    "soft and noisy": soft_and_noisy,
}
DARKNESS: dict[str, Change] = {"dim": dim, "dim and noisy": dim_and_noisy}
COPIES: dict[str, Change] = {
    "resized": resized,
    "recompressed": recompressed,
    "relit": relit,
    "cropped": cropped,
    "everything": everything,
}
