"""Draws a line of text into frames: who is seen, in which video, at which second."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from analysis.errors import MissingWeights
from analysis.types import Image
from analysis.video.frame import split_planes
from analysis.weights import CAPTION_FONT, verified_path

HEIGHT_SHARE, LEAST_PX = 0.04, 12
"""Size of the letters, as a share of the shorter side of the picture."""
SEPARATOR = "  ·  "
NO_GLYPH = "\uffff"
BACKDROP = 0.55
"""How much of the picture behind the text is darkened, 0..1."""
WHITE_Y, BLACK_Y, GREY = 235, 16, 128
ONE = 256
"""A whole pixel of the text: frames are mixed in whole numbers, which is faster than in fractions."""
MAX_WIDTH_SHARE = 0.9

Word = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Caption:
    """A drawn line, for Y, U and V each: what is left of a pixel `(h, w)`, 0..`ONE`, and what is added, times `ONE`."""

    left: tuple[Word, Word, Word]
    added: tuple[Word, Word, Word]


class CaptionPen:
    """Draws captions for pictures of one size; the last one is kept, as it stays for many frames."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._font = _font(max(round(HEIGHT_SHARE * min(width, height)), LEAST_PX))
        self._parts: tuple[str, ...] = ()
        self._caption: Caption | None = None

    def draw(self, planes: Image, parts: Sequence[str]) -> None:
        """Writes the parts at the lower left of a frame, as by `Frame.planes`, in place.

        A part with a letter that the font lacks is left out rather than shown as boxes; so is all without a font.
        """
        if self._font is None:
            return
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            text = SEPARATOR.join(drawn for part in parts if (drawn := drawable(part, self._font)))
            self._caption = _drawn(text, self._font, self.width) if text else None
        if self._caption is not None:
            _blend(planes, self._caption, self.height)


def _font(size_px: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(str(verified_path(CAPTION_FONT)), size_px)
    except (MissingWeights, OSError):
        return None


def drawable(text: str, font: ImageFont.FreeTypeFont) -> str:
    """Returns the text in letters that the font has, without accents where need be; empty if one is lacking."""
    clean = "".join(letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", text)).strip()
    missing = _outline(font, NO_GLYPH)
    letters = []
    for letter in clean:
        plain = unicodedata.normalize("NFKD", letter)[:1]
        fitting = next((each for each in (letter, plain) if each == " " or _outline(font, each) != missing), None)
        if fitting is None:
            return ""
        letters.append(fitting)
    return "".join(letters)


def _outline(font: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


def _drawn(text: str, font: ImageFont.FreeTypeFont, width: int) -> Caption:
    """Returns the line on a dark strip, both sides even; what is too long is cut off at its end."""
    longest = width * MAX_WIDTH_SHARE
    while len(text) > 1 and font.getlength(text) > longest:
        text = text.rstrip("…")[:-1] + "…"
    edge = max(round(font.size / 2), 2)
    ascent, descent = font.getmetrics()
    columns = min((round(font.getlength(text)) + 2 * edge + 1) & ~1, width & ~1)
    rows = (ascent + descent + edge + 1) & ~1
    picture = PillowImage.new("L", (columns, rows), 0)
    ImageDraw.Draw(picture).text((edge, edge // 2), text, font=font, fill=255)
    ink = np.asarray(picture, np.float32) / 255
    cover = np.maximum(ink, np.float32(BACKDROP))
    half = np.asarray(cv2.resize(cover, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA), np.float32)
    luma, grey = BLACK_Y + ink * (WHITE_Y - BLACK_Y), np.full_like(half, GREY)
    left = _words(1 - cover), _words(1 - half), _words(1 - half)
    return Caption(left, (_words(luma * cover), _words(grey * half), _words(grey * half)))


def _words(values: NDArray[np.floating[Any]]) -> Word:
    words: Word = np.rint(values * ONE).astype(np.uint16)
    return words


def _blend(planes: Image, caption: Caption, picture_height: int) -> None:
    rows, columns = caption.left[0].shape
    lift = (picture_height // 24) & ~1
    top, left = max(picture_height - rows - lift, 0) & ~1, lift
    for number, plane in enumerate(split_planes(planes)):
        half = 1 if number else 0
        part = plane[top >> half : (top + rows) >> half, left >> half : (left + columns) >> half]
        height, width = part.shape
        kept, added = (words[number][:height, :width] for words in (caption.left, caption.added))
        part[:] = ((part * kept + added) // ONE).astype(np.uint8)
