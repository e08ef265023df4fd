"""Draws a line of text into frames: who is seen, in which video, at which second."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from analysis.errors import MissingWeights
from analysis.types import Float32, Image
from analysis.video.frame import split_planes
from analysis.weights import CAPTION_FONT, verified_path

HEIGHT_SHARE, LEAST_PX = 0.04, 12
"""Size of the letters, as a share of the shorter side of the picture."""
SEPARATOR = "  ·  "
NO_GLYPH = "\uffff"
BACKDROP = 0.55
"""How much of the picture behind the text is darkened, 0..1."""
WHITE_Y, GREY = 235.0, 128.0
MAX_WIDTH_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Caption:
    """A drawn line: how bright each of its pixels is `(h, w)`, 16..235, and how much it covers `(h, w)`, 0..1."""

    luma: Float32
    cover: Float32


class CaptionPen:
    """Draws captions for pictures of one size; the last one is kept, as it stays for many frames."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._font = _font(max(round(HEIGHT_SHARE * min(width, height)), LEAST_PX))
        self._text = ""
        self._caption: Caption | None = None

    def draw(self, planes: Image, parts: Sequence[str]) -> None:
        """Writes the parts at the lower left of a frame, as by `Frame.planes`, in place.

        A part with a letter that the font lacks is left out rather than shown as boxes; so is all without a font.
        """
        if self._font is None:
            return
        text = SEPARATOR.join(drawn for part in parts if (drawn := drawable(part, self._font)))
        if text != self._text:
            self._text, self._caption = text, _drawn(text, self._font, self.width) if text else None
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
    luma: Float32 = (16 + ink * (WHITE_Y - 16)).astype(np.float32)
    return Caption(luma, np.maximum(ink, np.float32(BACKDROP)))


def _blend(planes: Image, caption: Caption, picture_height: int) -> None:
    rows, columns = caption.cover.shape
    lift = (picture_height // 24) & ~1
    top, left = max(picture_height - rows - lift, 0) & ~1, lift
    for number, plane in enumerate(split_planes(planes)):
        half = 1 if number else 0
        part = plane[top >> half : (top + rows) >> half, left >> half : (left + columns) >> half]
        height, width = part.shape
        shown: Float32 | float
        if half:
            shown = GREY
            cover = np.asarray(cv2.resize(caption.cover, (width, height), interpolation=cv2.INTER_AREA))
        else:
            shown, cover = caption.luma[:height, :width], caption.cover[:height, :width]
        part[:] = np.rint(part * (1 - cover) + shown * cover).astype(np.uint8)
