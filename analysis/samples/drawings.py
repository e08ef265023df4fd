"""Draws the synthetic pictures of the sample dataset: childlike faces, smiling or not, no two alike.

Some have a flaw on purpose, so that there is something to clean. No files are read: the pictures are made of shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.types import Image

EACH = 60
"""Pictures of each label: enough for a first model within a minute, few enough to review."""
SIDE_PX = 160
OVERSAMPLING = 3
"""Shapes are drawn so many times larger and then shrunk, for soft edges."""
GRADIENT_CELLS = 64
LINE = 0.045
"""Thickness of lips as a share of the side: enough for a network trained on photographs."""
SEED = 7
WRONGLY_LABELLED, BLURRED, DARK, TWICE = (11, 74), (5, 33, 80), (20, 66, 101), (48, 92)
"""Numbers of the pictures with a flaw; slightly brighter copies of `TWICE` come at the end."""
DRAWINGS = 2 * EACH + len(TWICE)

Random = np.random.Generator
Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture and its label, which is wrong for `WRONGLY_LABELLED`."""

    name: str
    image_bgr: Image
    """`(SIDE_PX, SIDE_PX, 3)`."""
    is_smiling: bool


@dataclass(frozen=True, slots=True)
class Canvas:
    """Draws in shares of the picture's side; the head is upright in the middle and turned afterwards."""

    pixels: Image

    def ellipse(self, centre: tuple[float, float], axes: tuple[float, float], colour: Colour) -> None:
        self._ellipse(centre, axes, 0, 360, colour, cv2.FILLED)

    def arc(self, centre: tuple[float, float], axes: tuple[float, float], half: int, colour: Colour) -> None:
        """Draws the lower (`half` = 0) or upper (180) half of an ellipse as a line."""
        self._ellipse(centre, axes, half + 15, half + 165, colour, round(LINE * len(self.pixels)))

    def _ellipse(
        self,
        centre: tuple[float, float],
        axes: tuple[float, float],
        start: int,
        end: int,
        colour: Colour,
        thickness: int,
    ) -> None:
        side = len(self.pixels)
        middle, radii = (tuple(round(value * side) for value in pair) for pair in (centre, axes))
        cv2.ellipse(self.pixels, middle, radii, 0, start, end, colour, thickness, cv2.LINE_AA)


def sample_drawings() -> Iterator[Drawing]:
    """Yields the same pictures each time: `EACH` smiling and as many others in turn, then copies of `TWICE`."""
    copies = []
    for number in range(2 * EACH):
        random = np.random.default_rng([SEED, number])
        smiles = number % 2 == 0
        image_bgr = _with_flaw(number, _face(smiles, random))
        drawing = Drawing(f"{number + 1:03d}.png", image_bgr, smiles != (number in WRONGLY_LABELLED))
        yield drawing
        if number in TWICE:
            brighter = np.asarray(cv2.convertScaleAbs(image_bgr, alpha=1.03, beta=6), np.uint8)
            copies.append(Drawing(f"{number + 1:03d} again.png", brighter, drawing.is_smiling))
    yield from copies


def _with_flaw(number: int, image_bgr: Image) -> Image:
    if number in BLURRED:
        return np.asarray(cv2.GaussianBlur(image_bgr, (0, 0), 5), np.uint8)
    if number in DARK:
        return np.asarray(cv2.convertScaleAbs(image_bgr, alpha=0.16), np.uint8)
    return image_bgr


def _face(smiles: bool, random: Random) -> Image:
    side = SIDE_PX * OVERSAMPLING
    canvas = Canvas(_backdrop(side, random))
    wide, tall = random.uniform(0.26, 0.34, 2)
    skin = _colour(random, random.choice([8, 14, 20, 26, 95, 140]), 0.2, 0.6, 0.55, 0.95)
    _hair(canvas, wide, tall, random)
    canvas.ellipse((0.5, 0.52), (wide, tall), skin)
    ink = _colour(random, random.uniform(0, 180), 0.2, 0.5, 0.1, 0.25)
    _eyes(canvas, wide, ink, random)
    _mouth(canvas, smiles, wide, tall, ink, random)
    return _moved(canvas.pixels, random)


def _backdrop(side: int, random: Random) -> Image:
    """Returns a gradient of two colours at any angle, with a few paler discs."""
    first, second = (np.array(_colour(random, random.uniform(0, 180), 0.15, 0.7, 0.4, 0.85)) for _ in range(2))
    y, x = np.mgrid[0:GRADIENT_CELLS, 0:GRADIENT_CELLS] / GRADIENT_CELLS - 0.5
    angle = random.uniform(0, 2 * np.pi)
    share = np.clip(x * np.cos(angle) + y * np.sin(angle) + 0.5, 0, 1)[..., None]
    gradient = (first * share + second * (1 - share)).astype(np.uint8)
    canvas = Canvas(np.asarray(cv2.resize(gradient, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8))
    for _ in range(int(random.integers(2, 7))):
        where, radius = random.uniform(0, 1, 2), random.uniform(0.03, 0.12)
        pale = _colour(random, random.uniform(0, 180), 0.05, 0.4, 0.7, 1.0)
        canvas.ellipse((float(where[0]), float(where[1])), (radius, radius), pale)
    return canvas.pixels


def _hair(canvas: Canvas, wide: float, tall: float, random: Random) -> None:
    """Draws no, short or long hair; first, as it is behind the face."""
    colour = _colour(random, random.uniform(0, 30), 0.3, 0.9, 0.1, 0.8)
    style = random.integers(0, 3)
    if style:
        canvas.ellipse((0.5, 0.45), (wide + 0.05, tall + 0.03), colour)
    if style == 2:
        for sideways in (-1, 1):
            canvas.ellipse((0.5 + sideways * wide, 0.62), (0.09, tall), colour)


def _eyes(canvas: Canvas, wide: float, ink: Colour, random: Random) -> None:
    apart, high, radius = random.uniform(0.35, 0.48) * wide, random.uniform(0.41, 0.46), random.uniform(0.025, 0.045)
    has_glasses = random.random() < 0.25
    for sideways in (-1, 1):
        centre = (0.5 + sideways * apart, high)
        if has_glasses:
            canvas.ellipse(centre, (2.2 * radius, 2.0 * radius), ink)
        canvas.ellipse(centre, (1.7 * radius, 1.4 * radius), (250, 250, 250))
        canvas.ellipse(centre, (0.8 * radius, 0.8 * radius), ink)


def _mouth(canvas: Canvas, smiles: bool, wide: float, tall: float, ink: Colour, random: Random) -> None:
    """Draws a smile or, if not smiling, a frown, a straight or an astonished mouth."""
    lips = (0.5, 0.52 + random.uniform(0.38, 0.48) * tall)
    half = random.uniform(0.5, 0.7) * wide
    depth = random.uniform(0.08, 0.12)
    mood = "smile" if smiles else str(random.choice(["frown", "straight", "astonished"]))
    if mood == "smile":
        canvas.arc((lips[0], lips[1] - depth), (half, depth), 0, ink)
    elif mood == "frown":
        canvas.arc((lips[0], lips[1] + depth), (half, depth), 180, ink)
    elif mood == "straight":
        canvas.ellipse(lips, (half, LINE / 2), ink)
    else:
        canvas.ellipse(lips, (0.4 * half, 0.5 * depth), ink)


def _moved(pixels: Image, random: Random) -> Image:
    """Turns, shifts and scales the picture a little, shrinks it to `SIDE_PX` and adds a camera's noise."""
    side = len(pixels)
    turn = np.asarray(
        cv2.getRotationMatrix2D((side / 2, side / 2), random.uniform(-12, 12), random.uniform(0.95, 1.25))
    )
    shift = np.zeros((2, 3))
    shift[:, 2] = random.uniform(-0.06, 0.06, 2) * side
    turned = cv2.warpAffine(pixels, turn + shift, (side, side), borderMode=cv2.BORDER_REFLECT)
    small = cv2.resize(turned, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    noisy = np.rint(small + random.normal(0, 2, small.shape))
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def _colour(
    random: Random, hue: float, least_colour: float, most_colour: float, least_light: float, most_light: float
) -> Colour:
    """Returns BGR, 0..255; hue 0..180 as in OpenCV, the others as shares."""
    saturation, value = random.uniform(least_colour, most_colour), random.uniform(least_light, most_light)
    pixel = np.array([[[round(hue) % 180, round(255 * saturation), round(255 * value)]]], np.uint8)
    blue, green, red = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0]
    return float(blue), float(green), float(red)
