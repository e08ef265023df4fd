"""Changes that know how videos are built: boxes of MP4, elements of Matroska, packets of transport streams, SPS."""

from __future__ import annotations

import re
from random import Random

from benchmarks.fuzz_bytes import Change, edge, packed, put, word_at

HOLDS_BOXES = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex", b"udta"))
TABLES = (
    *(b"stts", b"ctts", b"stco", b"co64", b"stsz", b"stsc", b"stss", b"elst", b"mdhd", b"mvhd", b"tkhd", b"trun"),
    *(b"tfhd", b"tfdt", b"trex", b"sidx", b"stsd", b"avcC", b"hvcC", b"pasp", b"clap", b"colr", b"dref", b"hdlr"),
)
EBML_MASTERS = frozenset((0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x1C53BB6B, 0xBB, 0xB7, 0x114D9B74))
EBML_MASTERS |= {0x4DBB, 0x1549A966, 0xA0, 0x55B0, 0x7670}
TS_PACKET = 188
PES_PICTURE = re.compile(rb"\x00\x00\x01[\xe0-\xef]")
START_CODE = re.compile(rb"\x00\x00\x01")
MOST_DEPTH = 8
MOST_PARTS = 4000
LONGEST_SET = 64
HIGH_PROFILES = (100, 110, 122, 244)


def boxes(data: bytes, start: int = 0, end: int | None = None, depth: int = 0) -> list[tuple[bytes, int, int]]:
    """Returns kind, begin and end of all boxes of an MP4, also of those in others; what lies is followed no further."""
    found: list[tuple[bytes, int, int]] = []
    at, end = start, len(data) if end is None else end
    while at + 8 <= end and len(found) < MOST_PARTS:
        size, kind = word_at(data, at), data[at + 4 : at + 8]
        stop = min(at + size, end) if size >= 8 else end
        found.append((kind, at, stop))
        if kind in HOLDS_BOXES and depth < MOST_DEPTH:
            found += boxes(data, at + 8, stop, depth + 1)
        at = stop
    return found


def box_size(data: bytes, random: Random) -> bytes:
    found = boxes(data)
    if not found:
        return data
    _kind, at, stop = random.choice(found)
    size = random.choice((edge(random, 4), stop - at + random.choice((-9, -1, 1, 8, 4096)), 0, 1, 7))
    return put(data, at, packed(size & 0xFFFFFFFF, 4))


def box_moved(data: bytes, random: Random) -> bytes:
    """A box is lost, doubled, renamed, or stands elsewhere; the sizes of those around it are left as they were."""
    found = boxes(data)
    if not found:
        return data
    _kind, at, stop = random.choice(found)
    way = random.randrange(4)
    if way == 0:
        return data[:at] + data[stop:]
    if way == 1:
        return data[:stop] + data[at:stop] + data[stop:]
    if way == 2:
        return put(data, at + 4, random.choice(found)[0])
    other = random.choice(found)[1]
    return data[:other] + data[at:stop] + data[other:]


def table_entry(data: bytes, random: Random) -> bytes:
    """Numbers in an index or a header of MP4: times, sizes, places, edits."""
    kind = random.choice(TABLES)
    found = [(at, stop) for known, at, stop in boxes(data) if known == kind and stop - at > 12]
    if not found:
        return data
    at, stop = random.choice(found)
    for _ in range(random.choice((1, 1, 3, 20))):
        size = random.choice((4, 4, 4, 2, 1, 8))
        data = put(data, random.randrange(at + 8, stop, size if size < 8 else 4), packed(edge(random, size), size))
    return data


def _vint(data: bytes, at: int, keeps_marker: bool) -> tuple[int, int]:
    """Returns a number of EBML and its length in bytes; 0 bytes where there is none."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if not first or length > 8 or at + length > len(data):
        return 0, 0
    number = int.from_bytes(data[at : at + length], "big")
    return number if keeps_marker else number & ~(1 << 7 * length), length


def elements(data: bytes, start: int = 0, end: int | None = None, depth: int = 0) -> list[tuple[int, int, int, int]]:
    """Returns id, begin, begin of the content and end of the elements of Matroska, those in others too."""
    found: list[tuple[int, int, int, int]] = []
    at, end = start, len(data) if end is None else end
    while at < end and len(found) < MOST_PARTS:
        known, id_bytes = _vint(data, at, keeps_marker=True)
        size, size_bytes = _vint(data, at + id_bytes, keeps_marker=False)
        if not id_bytes or not size_bytes:
            break
        content = at + id_bytes + size_bytes
        stop = end if size == (1 << 7 * size_bytes) - 1 else min(content + size, end)
        found.append((known, at, content, stop))
        if known in EBML_MASTERS and depth < MOST_DEPTH:
            found += elements(data, content, stop, depth + 1)
        at = max(stop, at + 2)
    return found


def element_changed(data: bytes, random: Random) -> bytes:
    """An element of Matroska with another size or content, lost, doubled or of another kind."""
    found = elements(data)
    if not found:
        return data
    _known, at, content, stop = random.choice(found)
    way = random.randrange(5)
    if way == 0:
        length = random.choice((1, 2, 4, 8))
        size = (edge(random, length) & ((1 << 7 * length) - 1)) | 1 << 7 * length
        return data[: content - 1] + packed(size, length) + data[content:]
    if way == 1:
        return put(data, content, random.randbytes(min(stop - content, 8)))
    if way == 2:
        return data[:at] + data[stop:]
    if way == 3:
        return data[:stop] + data[at:stop] + data[stop:]
    return put(data, at, random.randbytes(1))


def packets_moved(data: bytes, random: Random) -> bytes:
    """Packets of a transport stream are lost, doubled, swapped, or broken inside."""
    count = len(data) // TS_PACKET
    if not count:
        return data
    packets = [data[n * TS_PACKET : (n + 1) * TS_PACKET] for n in range(count)]
    for _ in range(random.choice((1, 2, 10, 50))):
        at = random.randrange(len(packets))
        way = random.randrange(4)
        if way == 0 and len(packets) > 1:
            del packets[at]
        elif way == 1:
            packets.insert(at, packets[random.randrange(len(packets))])
        elif way == 2:
            other = random.randrange(len(packets))
            packets[at], packets[other] = packets[other], packets[at]
        else:
            packets[at] = put(packets[at], random.randrange(12), random.randbytes(1))
    return b"".join(packets)


def clock_jumps(data: bytes, random: Random) -> bytes:
    """Other times in the headers of packets with pictures (PES), from one of them on or in some."""
    found = [found.start() for found in PES_PICTURE.finditer(data)]
    if not found:
        return data
    shift = random.choice((2**33 - 1, 2**32, 90_000, -90_000, 90_000 * 3600, random.randrange(2**33)))
    chosen = (
        found[random.randrange(len(found)) :] if random.random() < 0.5 else random.sample(found, min(3, len(found)))
    )
    for at in chosen:
        if at + 14 <= len(data) and data[at + 7] & 0x80:
            data = put(data, at + 9, _pes_time(shift % 2**33, data[at + 9] >> 4))
    return data


def _pes_time(time: int, mark: int) -> bytes:
    parts = (time >> 30) & 7, (time >> 15) & 0x7FFF, time & 0x7FFF
    return bytes([mark << 4 | parts[0] << 1 | 1]) + packed(parts[1] << 1 | 1, 2) + packed(parts[2] << 1 | 1, 2)


def picture_units(data: bytes, random: Random) -> bytes:
    """Bits right behind the heads of pictures and parameter sets, with start codes or as MP4 keeps them."""
    starts = [found.end() for found in START_CODE.finditer(data)][:MOST_PARTS]
    for known in (b"avcC", b"hvcC", b"mdat"):
        starts += [found.end() + 4 for found in re.finditer(known, data)]
    for _ in range(random.choice((1, 3, 20)) if starts else 0):
        at = random.choice(starts) + random.randrange(24)
        if at < len(data):
            data = put(data, at, bytes([data[at] ^ 1 << random.randrange(8)]))
    return data


def other_size(data: bytes, random: Random) -> bytes:
    """Another width and height in the parameter set of H.264, whatever the container says."""
    found = [match.start() for match in re.finditer(rb"\x67[\x42\x4d\x58\x64\x6e\x7a\xf4]", data)]
    if not found:
        return data
    at = random.choice(found)
    stop = _end_of_set(data, at)
    bits = "".join(f"{byte:08b}" for byte in data[at + 1 : stop])
    position = _before_size(bits)
    if position is None:
        return data
    _width, end = _golomb(bits, position)
    _height, end = _golomb(bits, end)
    sides = random.choice((0, 1, 2, 9, 21, 39, 119, 511, 512, 4095, 65_534)), random.choice((0, 1, 5, 8, 271, 2047))
    bits = bits[:position] + "".join(f"{side + 1:0{2 * (side + 1).bit_length() - 1}b}" for side in sides) + bits[end:]
    content = bytes(int(bits[n : n + 8].ljust(8, "0"), 2) for n in range(0, len(bits), 8))
    return put(data, at + 1, content[: stop - at - 1])


def _end_of_set(data: bytes, at: int) -> int:
    """Returns where a parameter set ends: before the next start code, or by the length in front of it in MP4."""
    length = int.from_bytes(data[at - 2 : at], "big")
    if 4 < length < LONGEST_SET:
        return at + length
    following = START_CODE.search(data, at)
    return min(following.start() if following else len(data), at + LONGEST_SET)


def _golomb(bits: str, at: int) -> tuple[int, int]:
    """Returns a number of the Exp-Golomb code and where the next one begins."""
    zeros = bits.find("1", at) - at
    if zeros < 0 or at + 2 * zeros + 1 > len(bits):
        return 0, len(bits)
    return int(bits[at + zeros : at + 2 * zeros + 1], 2) - 1, at + 2 * zeros + 1


def _before_size(bits: str) -> int | None:
    """Returns where the width stands (ITU-T H.264, 7.3.2.1.1); None where scaling lists or another order precede."""
    at = 24
    _set, at = _golomb(bits, at)
    if int(bits[:8], 2) in HIGH_PROFILES:
        chroma, at = _golomb(bits, at)
        at += chroma == 3
        for _depth in range(2):
            _number, at = _golomb(bits, at)
        if bits[at + 1 : at + 2] != "0":
            return None
        at += 2
    _frames, at = _golomb(bits, at)
    order, at = _golomb(bits, at)
    if order == 1:
        return None
    if order == 0:
        _most, at = _golomb(bits, at)
    _references, at = _golomb(bits, at)
    return at + 1 if at + 8 < len(bits) else None


def own_changes(data: bytes) -> tuple[Change, ...]:
    """Returns the changes that fit the container, by how the file begins."""
    pictures: tuple[Change, ...] = (picture_units, other_size)
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide"):
        return (box_size, box_moved, table_entry, table_entry, table_entry, table_entry, *pictures)
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return (element_changed, element_changed, element_changed, *pictures)
    if data[:1] == b"G" and data[TS_PACKET : TS_PACKET + 1] == b"G":
        return (packets_moved, packets_moved, clock_jumps, *pictures)
    return (clock_jumps, *pictures) if data.startswith(b"\0\0\1\xba") else (picture_units,)
