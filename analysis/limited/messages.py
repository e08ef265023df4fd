"""What a limited process and who waits for it say to each other: JSON with bytes behind it, never pickles.

A message is the lengths of its parts (a count and as many numbers of 64 bits), then a JSON object, then the bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from io import FileIO
from typing import Any

Fields = dict[str, Any]
Buffer = bytes | bytearray | memoryview
Message = tuple[Fields, Sequence[Buffer]]

MAX_PARTS = 64
MAX_FIELDS_BYTES = 64 * 1024**2
MAX_BYTES = 512 * 1024**2
"""Of one message; the largest frame that is read has 54 MB."""


class BadMessage(Exception):
    """The other side says what no message is: it is broken, or taken over."""


def write_message(stream: FileIO, fields: Fields, parts: Sequence[Buffer] = ()) -> None:
    """Writes a message to a pipe; the parts are sent as they are, without a copy. Raises BrokenPipeError."""
    told = json.dumps(fields).encode()
    sizes = [len(told), *(memoryview(part).nbytes for part in parts)]
    for part in (struct.pack(f"!I{len(sizes)}Q", len(sizes), *sizes), told, *parts):
        left = memoryview(part).cast("B")
        while left:
            left = left[stream.write(left) :]


def read_message(read: Callable[[int], bytearray]) -> tuple[Fields, list[bytearray]]:
    """Reads a message; `read` returns exactly as many bytes as it is asked for. Raises BadMessage."""
    (count,) = struct.unpack("!I", read(4))
    if not 1 <= count <= MAX_PARTS:
        raise BadMessage(f"{count} parts")
    sizes = struct.unpack(f"!{count}Q", read(8 * count))
    if sizes[0] > MAX_FIELDS_BYTES or sum(sizes) > MAX_BYTES:
        raise BadMessage(f"{sum(sizes)} bytes")
    try:
        fields = json.loads(read(sizes[0]))
    except (ValueError, RecursionError) as error:
        raise BadMessage("no JSON") from error
    if not isinstance(fields, dict):
        raise BadMessage("no object")
    return fields, [read(size) for size in sizes[1:]]
