"""A frame as plain numbers and planes of samples, to hand it from the process that decoded it to another."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np

from analysis.limited.messages import Buffer, Fields, Message
from analysis.types import Image
from analysis.video.as_shown import PLAIN_FORMATS
from analysis.video.frame import Frame

TAGS = ("color_range", "colorspace", "color_primaries", "color_trc")


def encode_frame(frame: Frame) -> Message:
    """Returns the frame as fields and parts: the small picture, then the planes at full size, row by row."""
    raw = frame.raw
    fields = {
        "index": frame.index,
        "time_s": frame.time_s,
        "begins_shot": frame.begins_shot,
        "small": frame.image_bgr.shape[:2],
        "size": (raw.width, raw.height),
        "format": raw.format.name,
        "tags": [int(getattr(raw, tag)) for tag in TAGS],
    }
    return fields, [np.ascontiguousarray(samples).data.cast("B") for samples in (frame.image_bgr, *_rows(raw))]


def decode_frame(fields: Fields, parts: Sequence[Buffer]) -> Frame:
    """Returns what `encode_frame` was given; raises ValueError where parts do not fit the fields."""
    width, height = fields["size"]
    small, *planes = parts
    halves = (width + 1) // 2 * ((height + 1) // 2)
    if fields["format"] not in PLAIN_FORMATS or [len(part) for part in planes] != [width * height, halves, halves]:
        raise ValueError(f"a frame of the format {fields['format']} with {len(planes)} planes")

    def make_raw() -> av.VideoFrame:
        raw = av.VideoFrame(width, height, fields["format"])
        for rows, part in zip(_rows(raw), planes, strict=True):
            rows[:] = np.frombuffer(part, np.uint8).reshape(rows.shape)
        for tag, value in zip(TAGS, fields["tags"], strict=True):
            setattr(raw, tag, value)
        return raw

    image_bgr: Image = np.frombuffer(small, np.uint8).reshape(*fields["small"], 3)
    return Frame(
        make_raw,
        image_bgr,
        (width, height),
        index=fields["index"],
        time_s=fields["time_s"],
        begins_shot=fields["begins_shot"],
    )


def _rows(raw: av.VideoFrame) -> list[Image]:
    """Returns views `(rows, bytes)` of the planes, without the padding behind their rows."""
    views = []
    for plane in raw.planes:
        padded: Image = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        views.append(padded[:, : plane.width])
    return views
