"""Turns a picture into a small square JPEG in a limited process: the web server never decodes what people bring.

Nothing but pixels is kept: no place, no time, no name of a camera.
"""

import threading
from collections.abc import Iterator
from io import BytesIO

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.limited.limits import Limits
from analysis.limited.messages import Fields, Message
from analysis.limited.process import ask_limited

SIDE = 256
"""Pixels; three times what pages show, for dense screens."""
QUALITY = 88
MAX_BYTES = 15_000_000
TIMEOUT_S = 20
MEMORY_BYTES = 1_000_000_000
"""The largest picture that is read takes 840 MB."""
_at_once = threading.BoundedSemaphore(2)


def square_in_subprocess(data: bytes) -> bytes:
    """Returns the middle of a picture (the content of its file) as a JPEG of SIDE x SIDE pixels.

    Raises UnreadablePicture, PictureTooLarge, or TimeoutError if too many others wait.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(f"{len(data)} bytes")
    if not _at_once.acquire(timeout=TIMEOUT_S):
        raise TimeoutError("too many pictures at once")
    limits = Limits(MEMORY_BYTES, TIMEOUT_S, silent_s=TIMEOUT_S)
    try:
        _, (jpeg,) = ask_limited("profile_picture", {}, limits, [data], name="the picture", fails_as=UnreadablePicture)
    finally:
        _at_once.release()
    return bytes(jpeg)


def square(fields: Fields, parts: list[bytearray]) -> Iterator[Message]:
    """Runs in the limited process: says the small picture."""
    import PIL.Image  # deferred: rarely needed

    from analysis.images.read import decode_picture  # deferred: rarely needed

    image_bgr = decode_picture(bytes(parts[0]), "the picture", least_side=SIDE)
    height, width = image_bgr.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square_rgb = image_bgr[top : top + side, left : left + side, ::-1]
    buffer = BytesIO()
    small = PIL.Image.fromarray(square_rgb.copy()).resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)
    small.save(buffer, "JPEG", quality=QUALITY)
    yield {}, [buffer.getvalue()]
