"""Packs the samples of a track into bytes for one column, and unpacks them.

Rows are float32, little-endian: (time_s - start_s, x1, y1, x2, y2, score). Times relative to the start keep their
precision (float32 has about 0.5 ms at one hour, 0.06 ms within a minute).
"""

import numpy as np

from analysis.types import Float32, Float64

COLUMNS = 6
ROW_TYPE = np.dtype("<f4")


def pack(times_s: Float64, boxes_xyxy: Float32, scores: Float32, start_s: float) -> bytes:
    """Packs times (n,), boxes (n, 4) and scores (n,)."""
    rows = np.empty((len(times_s), COLUMNS), ROW_TYPE)
    rows[:, 0] = times_s - start_s
    rows[:, 1:5] = boxes_xyxy
    rows[:, 5] = scores
    return rows.tobytes()


def unpack(samples: bytes | memoryview, start_s: float) -> tuple[Float64, Float32, Float32]:
    """Returns times in seconds (n,), boxes (n, 4) and scores (n,)."""
    rows = np.frombuffer(samples, ROW_TYPE).reshape(-1, COLUMNS)
    return rows[:, 0].astype(np.float64) + start_s, rows[:, 1:5].astype(np.float32), rows[:, 5].astype(np.float32)


def pack_vector(vector: Float32) -> bytes:
    """Packs an embedding (d,) as little-endian float32."""
    return np.asarray(vector, ROW_TYPE).tobytes()


def unpack_vector(blob: bytes | memoryview) -> Float32:
    """Returns the embedding (d,)."""
    return np.frombuffer(blob, ROW_TYPE).astype(np.float32)
