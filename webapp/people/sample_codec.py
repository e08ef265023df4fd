"""Packs the samples of a track into bytes for one column, and unpacks them.

Rows are float32, little-endian: (time_s - start_s, x1, y1, x2, y2, score). Times relative to the start keep their
precision (float32 has about 0.5 ms at one hour, 0.06 ms within a minute).
"""

from collections.abc import Sequence

import numpy as np

from analysis.types import Float32, Float64

COLUMNS = 6
SPAN_COLUMNS = 2
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


def pack_spans(spans: Sequence[tuple[float, float]], start_s: float) -> bytes:
    """Packs starts and ends in seconds as float32 rows (start - start_s, end - start_s)."""
    rows = np.array(spans, np.float64).reshape(-1, SPAN_COLUMNS) - start_s
    return rows.astype(ROW_TYPE).tobytes()


def unpack_spans(packed: bytes | memoryview, start_s: float) -> list[tuple[float, float]]:
    """Returns starts and ends in seconds."""
    rows = np.frombuffer(packed, ROW_TYPE).reshape(-1, SPAN_COLUMNS).astype(np.float64) + start_s
    return [(start, end) for start, end in rows.tolist()]


def pack_vector(vector: Float32) -> bytes:
    """Packs an embedding (d,) as little-endian float32."""
    return np.asarray(vector, ROW_TYPE).tobytes()


def unpack_vector(blob: bytes | memoryview) -> Float32:
    """Returns the embedding (d,)."""
    return np.frombuffer(blob, ROW_TYPE).astype(np.float32)
