"""Encodes pictures for storing: JPEG, PNG and thumbnails. The same picture gives the same bytes.

cv2 is loaded when something is encoded: by then what decoding held is given back.
"""

from __future__ import annotations

import numpy as np

from analysis.types import Image

THUMBNAIL_SIDE = 192
THUMBNAIL_QUALITY = 82


def encode_jpeg(image_bgr: Image, quality: int) -> bytes:
    """Returns the picture `(h, w, 3)` as a JPEG of this quality, 1..100."""
    import cv2  # deferred: loads cv2

    return bytes(cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def encode_png(image_bgr: Image) -> bytes:
    """Returns the picture `(h, w, 3)` without loss."""
    import cv2  # deferred: loads cv2

    return bytes(cv2.imencode(".png", image_bgr)[1])


def thumbnail_of(image_bgr: Image) -> bytes:
    """Returns the picture as a JPEG, at most `THUMBNAIL_SIDE` pixels long."""
    import cv2  # deferred: loads cv2

    height, width = image_bgr.shape[:2]
    scale = THUMBNAIL_SIDE / max(width, height)
    if scale < 1:
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        image_bgr = np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(image_bgr, THUMBNAIL_QUALITY)
