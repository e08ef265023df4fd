"""Changes that know how pictures are built: chunks of PNG and RIFF, segments of JPEG, entries of TIFF and EXIF."""

from __future__ import annotations

import re
import struct
import zlib
from random import Random

from benchmarks.fuzz_bytes import Change, edge, packed, put
from benchmarks.fuzz_video_changes import box_moved, box_size, boxes

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
TIFF_HEADS = re.compile(rb"II\x2a\x00|MM\x00\x2a")
MOST_PARTS = 500
HEIF_TABLES = (
    b"ispe",
    b"pixi",
    b"iloc",
    b"iinf",
    b"iprp",
    b"ipma",
    b"hvcC",
    b"av1C",
    b"irot",
    b"imir",
    b"colr",
    b"meta",
)


def chunks(data: bytes) -> list[tuple[int, int]]:
    """Returns begin and end of the chunks of a PNG."""
    found: list[tuple[int, int]] = []
    at = len(PNG_HEAD)
    while at + 12 <= len(data) and len(found) < MOST_PARTS:
        stop = at + 12 + int(struct.unpack_from(">I", data, at)[0])
        found.append((at, min(stop, len(data))))
        at = stop
    return found


def chunk_changed(data: bytes, random: Random) -> bytes:
    """A chunk of a PNG with other content, whose checksum fits, or with another length, lost, doubled, moved."""
    found = chunks(data)
    if not found:
        return data
    at, stop = random.choice(found)
    kind, content = data[at + 4 : at + 8], data[at + 8 : max(stop - 4, at + 8)]
    way = random.randrange(6)
    if way == 0:
        return put(data, at, packed(edge(random, 4), 4))
    if way == 1:
        return data[:at] + data[stop:]
    if way == 2:
        return data[: random.choice(found)[0]] + data[at:stop] + data[at:]
    if way == 3:
        kind = random.choice((b"IHDR", b"PLTE", b"tRNS", b"fcTL", b"fdAT", b"acTL", b"iCCP", b"zTXt", b"eXIf", b"IEND"))
    else:
        place = random.randrange(len(content) + 1)
        content = put(content, place, packed(edge(random, 4), 4)) if content else random.randbytes(8)
    written = struct.pack(">I", len(content)) + kind + content
    return data[:at] + written + packed(zlib.crc32(written[4:]), 4) + data[stop:]


def pixels_changed(data: bytes, random: Random) -> bytes:
    """The unpacked rows of a PNG are changed and packed again: filters and lengths that no program writes."""
    found = [(at, stop) for at, stop in chunks(data) if data[at + 4 : at + 8] == b"IDAT"]
    if not found:
        return data
    at, stop = found[0]
    try:
        rows = zlib.decompressobj().decompress(data[at + 8 : stop - 4], 2**20)
    except zlib.error:
        return data
    rows = put(rows, random.randrange(len(rows) + 1), random.randbytes(3))[: random.randint(0, len(rows))]
    content = zlib.compress(rows)
    written = struct.pack(">I", len(content)) + b"IDAT" + content
    return data[:at] + written + packed(zlib.crc32(written[4:]), 4) + data[stop:]


def segment_changed(data: bytes, random: Random) -> bytes:
    """A segment of a JPEG: another length, another marker, other numbers in tables and sizes, lost or doubled."""
    found: list[tuple[int, int]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA and len(found) < MOST_PARTS:
        stop = at + 2 + int(struct.unpack_from(">H", data, at + 2)[0])
        found.append((at, min(stop, len(data))))
        at = stop
    found.append((at, min(at + 14, len(data))))
    begin, stop = random.choice(found)
    way = random.randrange(5)
    if way == 0:
        return put(data, begin + 2, packed(edge(random, 2), 2))
    if way == 1:
        return put(data, begin + 1, bytes([random.randrange(0xC0, 0x100)]))
    if way == 2:
        return data[:begin] + data[stop:]
    if way == 3:
        return data[:stop] + data[begin:stop] + data[stop:]
    return put(data, random.randrange(begin, max(stop, begin + 1)), packed(edge(random, 2), 2))


def entry_changed(data: bytes, random: Random) -> bytes:
    """Entries of TIFF, or of EXIF in whatever it lies: tags, types, counts, places."""
    heads = [found.start() for found in TIFF_HEADS.finditer(data)]
    if not heads:
        return data
    head = random.choice(heads)
    order = "<" if data[head : head + 1] == b"I" else ">"
    at = head + int(struct.unpack_from(order + "I", data + bytes(8), head + 4)[0])
    if at + 2 > len(data):
        return put(data, head + 4, packed(8, 4, random))
    count = int(struct.unpack_from(order + "H", data, at)[0])
    for _ in range(random.choice((1, 1, 3))):
        entry = at + 2 + 12 * random.randrange(min(max(count, 1), 64))
        offset, size = random.choice(((0, 2), (2, 2), (4, 4), (8, 4), (8, 2), (8, 4)))
        number = edge(random, size) if random.random() < 0.6 else random.randrange(2000) & ((1 << 8 * size) - 1)
        data = put(data, entry + offset, number.to_bytes(size, "little" if order == "<" else "big"))
    return data


def riff_changed(data: bytes, random: Random) -> bytes:
    """A chunk of a WebP: another length, kind or content, lost or doubled."""
    found: list[tuple[int, int]] = []
    at = 12
    while at + 8 <= len(data) and len(found) < MOST_PARTS:
        size = int(struct.unpack_from("<I", data, at + 4)[0])
        found.append((at, min(at + 8 + size + size % 2, len(data))))
        at = found[-1][1]
    if not found:
        return data
    begin, stop = random.choice(found)
    way = random.randrange(5)
    if way == 0:
        return put(data, begin + 4, edge(random, 4).to_bytes(4, "little"))
    if way == 1:
        return put(data, begin, random.choice((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF", b"ICCP")))
    if way == 2:
        return data[:begin] + data[stop:]
    if way == 3:
        return data[:stop] + data[begin:stop] + data[stop:]
    return put(data, begin + 8 + random.randrange(24), edge(random, 3).to_bytes(3, "little"))


def table_of_boxes(data: bytes, random: Random) -> bytes:
    """Sizes, places and turns that AVIF and HEIC state."""
    kind = random.choice(HEIF_TABLES)
    found = [match.end() for match in re.finditer(kind, data)]
    if not found or not boxes(data):
        return data
    size = random.choice((1, 2, 4))
    return put(data, random.choice(found) + random.randrange(24), packed(edge(random, size), size))


def own_changes(data: bytes) -> tuple[Change, ...]:
    """Returns the changes that fit the format, by how the file begins."""
    if data.startswith(PNG_HEAD):
        return (chunk_changed, chunk_changed, pixels_changed, entry_changed)
    if data.startswith(b"\xff\xd8"):
        return (segment_changed, segment_changed, entry_changed)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return (entry_changed,)
    if data.startswith(b"RIFF"):
        return (riff_changed, riff_changed, entry_changed)
    return (table_of_boxes, table_of_boxes, box_size, box_moved, entry_changed) if data[4:8] == b"ftyp" else ()
