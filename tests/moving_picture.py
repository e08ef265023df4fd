"""A tiny clip without faces for tests of the web application: moving stripes, made by PyAV."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, RATE_FPS = 320, 240, 10


def write_clip(path: Path, *, seconds: float = 1.0, codec: str = "libx264", seed: int = 0) -> bytes:
    """Writes the clip in the container that the path's ending names; returns its bytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE_FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(round(seconds * RATE_FPS)):
            stripes = (np.arange(WIDTH) * 2 + number * 8 + seed * 17) % 256
            picture = np.repeat(np.tile(stripes, (HEIGHT, 1))[:, :, None], 3, axis=2).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, RATE_FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()
