"""Archives whose parts contradict each other."""

import struct
import zipfile
from pathlib import Path

import pytest

from analysis.archives import zip_archive
from tests.webapp.datasets.importing.fillings import zipped


@pytest.mark.parametrize(
    ("kind", "offset", "bytes_there"),
    [
        pytest.param(b"PK\1\2", 42, b"\xff\xff\xff\x7f", id="far behind the end"),
        pytest.param(b"PK\5\6", 16, b"\xff\xff\xff\0", id="before the beginning"),
        pytest.param(b"PK\3\4", 26, b"\1\0\0\0\xff", id="a name that is no text"),
        pytest.param(b"PK\1\2", 42, b"\x90\0\0\0", id="behind all but a few bytes"),
    ],
)
def test_a_member_whose_own_header_is_not_where_it_should_be(
    kind: bytes, offset: int, bytes_there: bytes, tmp_path: Path
) -> None:
    content = bytearray(zipped({"é.txt": b"1", "b.txt": b"2"}))
    at = content.index(kind) + offset
    content[at : at + len(bytes_there)] = bytes_there
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with zip_archive.opened(path) as archive, pytest.raises(zip_archive.DAMAGES):
        list(archive.blocks(archive.files[0]))


def test_a_name_in_unicode_ends_at_a_zero() -> None:
    """Databases take none, and other programs would write another file."""
    info = zipfile.ZipInfo("a.jpg")
    name = "é.jpg\0.exe".encode()
    info.extra = struct.pack("<HHBL", zip_archive.UNICODE_PATH, 5 + len(name), 1, 0) + name
    assert zip_archive.name_of(info) == "é.jpg"
