"""Archives of datasets whose headers, names and contents were changed, imported by the product's own worker code."""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from random import Random

from benchmarks.fuzz_archive_seeds import Members, archive_seeds, zipped
from benchmarks.fuzz_bytes import changed, edge, put
from benchmarks.fuzz_cases import Place
from benchmarks.fuzz_imports import ImportedArchives

LOCAL, ENTRY, END, LOCATOR, END64 = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\7", b"PK\6\6"
FIELDS = {
    LOCAL: ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
    ENTRY: ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (34, 2), (38, 4), (42, 4)),
    END: ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}
"""Places and sizes of the numbers in each kind of header (APPNOTE, 4.3)."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ODD_NAMES = (
    *("../up.jpg", "/abs.jpg", "C:\\disk\\0.jpg", "a\\b\\0.png", "..", ".", "/", "//", "a//b.jpg", "cat/./0.jpg"),
    *("nul\n.jpg", "a" * 300 + ".jpg", "d/" * 200 + "0.jpg", "Élodie/0.jpg", "E\u0301/0.jpg"),
    *("猫/0.jpg", "\u202egpj.0", "cat/0.JPG", "CAT/0.jpg", "labels.csv", "rollcall.json", "data.yaml", " /0.jpg"),
    *("\ud7ff\ufffd.jpg", "cat/🐈.jpg", "classes.txt", "labels/0.txt", "images/0.jpg", "cat", "a:b.jpg"),
)
Rewrite = Callable[[bytes, Random], bytes]


def header_number(data: bytes, random: Random) -> bytes:
    """Numbers of one header: sizes, places, methods, flags, counts."""
    signature = random.choice(tuple(FIELDS))
    found = [match.start() for match in re.finditer(re.escape(signature), data)]
    if not found:
        return data
    at = random.choice(found)
    for offset, size in random.sample(FIELDS[signature], random.choice((1, 1, 2))):
        data = put(data, at + offset, edge(random, size).to_bytes(size, "little"))
    return data


def extra_field(data: bytes, random: Random) -> bytes:
    """An extra field in an entry of the directory: a name, 64-bit sizes, or anything, of a length that may be wrong."""
    found = [match.start() for match in re.finditer(re.escape(ENTRY), data)]
    if not found or found[-1] + 46 > len(data):
        return data
    at = random.choice(found)
    name, extra = struct.unpack_from("<HH", data, at + 28)
    kind = random.choice((0x7075, 0x0001, 0x5455, random.randrange(65_536)))
    content = random.choice(
        (random.randbytes(random.randrange(40)), b"\1" + bytes(4) + "猫/0.jpg".encode(), b"\xff" * 32)
    )
    length = len(content) if random.random() < 0.7 else edge(random, 2)
    field = struct.pack("<HH", kind, length) + content
    data = put(data, at + 30, struct.pack("<H", (extra + len(field)) & 0xFFFF))
    place = at + 46 + name + extra
    return data[:place] + field + data[place:]


def name_sign(data: bytes, random: Random) -> bytes:
    """A sign of a name in the directory becomes one that no name should hold, or no letter at all."""
    found = [match.start() for match in re.finditer(re.escape(random.choice((LOCAL, ENTRY))), data)]
    if not found:
        return data
    at = random.choice(found) + random.choice((30, 46)) + random.randrange(8)
    return put(data, at, random.choice((b"\0", b"/", b"\\", b".", b":", b"\n", b"\xff", b"\xc3")))


def large_end(data: bytes, random: Random) -> bytes:
    """Records of ZIP64 before the end, which may say other things than the small one."""
    at = data.rfind(END)
    if at < 0 or at + 22 > len(data):
        return data
    count, size, place = struct.unpack_from("<HII", data, at + 10)
    said = [number if random.random() < 0.6 else edge(random, 8) for number in (count, count, size, place)]
    record = END64 + struct.pack("<QHHII4Q", 44 if random.random() < 0.8 else edge(random, 8), 45, 45, 0, 0, *said)
    locator = LOCATOR + struct.pack("<IQI", 0, at if random.random() < 0.8 else edge(random, 8), 1)
    return data[:at] + record + locator + data[at:]


def ending(data: bytes, random: Random) -> bytes:
    """A comment, something before the archive, or two ends."""
    way = random.randrange(4)
    if way == 0:
        return random.randbytes(random.choice((1, 100, 70_000))) + data
    if way == 1:
        comment = random.randbytes(random.choice((1, 40, 65_535)))
        return put(data, len(data) - 2, struct.pack("<H", len(comment))) + comment
    return data + data[data.rfind(END) :] if way == 2 else data + random.randbytes(30)


def lying_member(data: bytes, random: Random) -> bytes:
    """A member in front, of which the directory knows nothing, or that unpacks to more than is said."""
    content = zlib.compress(bytes(random.choice((10, 3_000_000))), 9)[2:-4]
    sizes = struct.pack("<III", edge(random, 4), len(content), edge(random, 4))
    local = LOCAL + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", 9, 0) + b"cat/z.png"
    return local + content + data


REWRITES: tuple[Rewrite, ...] = (
    *(header_number, header_number, header_number, extra_field),
    *(name_sign, large_end, ending, lying_member),
)


class ChangedArchives(ImportedArchives):
    """An archive that is all right in another layout each time, with other members, then changed as a file."""

    name = "zips"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        place.folder.mkdir(parents=True, exist_ok=True)
        self.seeds = archive_seeds(place.folder)
        self.plain = [zipped(members) for members in self.seeds]

    def run(self, random: Random, number: int) -> str:
        members = _other_members(random.choice(self.seeds), random)
        content = zipped(members, random.choice(METHODS))
        if random.random() < 0.8:
            content = changed(content, random, self.plain, REWRITES, share=0.8)
        return self.import_archive(content, random)


def _other_members(members: Members, random: Random) -> Members:
    """Returns them with other names, broken contents, in another order, some of them gone."""
    found = dict(members)
    for _ in range(random.choice((0, 0, 1, 1, 3))):
        name = random.choice(tuple(found))
        way = random.randrange(5)
        content = found.pop(name) if way != 1 else found[name]
        if way in (0, 1):
            found[_spelled(random.choice(ODD_NAMES), random)] = content
        elif way == 2:
            found[name] = changed(content, random, (), ())
        elif way == 3:
            found[random.choice(("cat/", "set/", "train/", "images/")) + name] = content
        if not found:
            break
    order = list(found.items())
    if random.random() < 0.3:
        random.shuffle(order)
    return dict(order)


def _spelled(name: str, random: Random) -> str:
    return unicodedata.normalize(random.choice(("NFC", "NFD")), name)
