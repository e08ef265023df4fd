"""Changes of bytes that fit every format: flips, numbers at the edge, cuts, splices. All chance is a `Random`'s."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

EDGES: tuple[int, ...] = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0xFFFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFE,
)
EDGES += (0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF)
HEAD_BYTES = 4096
LONGEST_RUN = 65_536

Change = Callable[[bytes, Random], bytes]


def edge(random: Random, size: int) -> int:
    """Returns a number at the edge of what `size` bytes hold, or near it, or any."""
    most = (1 << 8 * size) - 1
    if random.random() < 0.2:
        return random.randint(0, most)
    return (random.choice(EDGES) + random.choice((-1, 0, 0, 0, 1))) & most


def packed(number: int, size: int, random: Random | None = None) -> bytes:
    """Big-endian, or with `random` either."""
    order = "little" if random is not None and random.random() < 0.5 else "big"
    return number.to_bytes(size, order)  # type: ignore[arg-type]


def place(data: bytes, random: Random) -> int:
    """Returns a place in the data: often near the beginning or the end, where headers and indexes are."""
    last = max(len(data) - 1, 0)
    chance = random.random()
    if chance < 0.45:
        return random.randint(0, min(last, HEAD_BYTES))
    return random.randint(max(0, last - HEAD_BYTES), last) if chance < 0.6 else random.randint(0, last)


def run_of(data: bytes, random: Random) -> tuple[int, int]:
    """Returns begin and end of a stretch, short more often than long."""
    begin = place(data, random)
    return begin, min(len(data), begin + 1 + int(random.random() ** 3 * LONGEST_RUN))


def flip_bits(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        if changed:
            changed[place(data, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def set_number(data: bytes, random: Random) -> bytes:
    at, size = place(data, random), random.choice((1, 2, 4, 4, 8))
    return data[:at] + packed(edge(random, size), size, random) + data[at + size :]


def drop_run(data: bytes, random: Random) -> bytes:
    begin, end = run_of(data, random)
    return data[:begin] + data[end:]


def repeat_run(data: bytes, random: Random) -> bytes:
    begin, end = run_of(data, random)
    return data[:end] + data[begin:end] * random.choice((1, 1, 2, 16)) + data[end:]


def fill_run(data: bytes, random: Random) -> bytes:
    begin, end = run_of(data, random)
    filled = random.randbytes(end - begin) if random.random() < 0.5 else random.choice((b"\0", b"\xff")) * (end - begin)
    return data[:begin] + filled + data[end:]


def cut_short(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def cut_front(data: bytes, random: Random) -> bytes:
    return data[random.randint(0, len(data)) :]


def swap_runs(data: bytes, random: Random) -> bytes:
    begin, end = run_of(data, random)
    other = random.randint(end, len(data))
    return data[:begin] + data[end:other] + data[begin:end] + data[other:]


def add_noise(data: bytes, random: Random) -> bytes:
    at = place(data, random)
    return data[:at] + random.randbytes(random.choice((1, 2, 4, 64, 4096))) + data[at:]


CHANGES: tuple[Change, ...] = (
    *(flip_bits, flip_bits, set_number, set_number, set_number, drop_run, repeat_run),
    *(fill_run, cut_short, cut_front, swap_runs, add_noise),
)


def splice(first: bytes, second: bytes, random: Random) -> bytes:
    """Returns the beginning of one and the end of another."""
    chance = random.random()
    if chance < 0.3:
        return first + second
    return first[: random.randint(0, len(first))] + second[random.randint(0, len(second)) :]


def changed(data: bytes, random: Random, others: Sequence[bytes], own: Sequence[Change], share: float = 0.7) -> bytes:
    """Applies one to four changes: the format's own ones (`own`) for this share of them, else those of any bytes."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        if others and random.random() < 0.04:
            data = splice(data, random.choice(others), random)
        elif own and random.random() < share:
            data = random.choice(own)(data, random)
        else:
            data = random.choice(CHANGES)(data, random)
    return data


def put(data: bytes, at: int, content: bytes) -> bytes:
    """Overwrites from a place on; what would stand behind the end is left out."""
    content = content[: max(0, len(data) - at)]
    return data[:at] + content + data[at + len(content) :]


def word_at(data: bytes, at: int) -> int:
    """Returns 32 bits, big-endian; 0 behind the end."""
    return int(struct.unpack_from(">I", data, at)[0]) if 0 <= at <= len(data) - 4 else 0
