"""Folder and bucket do the same; a bucket keeps bounded copies on this machine and tells "away" from "not there"."""

import hashlib
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.exceptions import SuspiciousFileOperation

from tests.webapp.s3_server import serving
from webapp import storage
from webapp.stores import s3
from webapp.stores.base import Store, StoreAway
from webapp.stores.file_cache import FileCache
from webapp.stores.folder import FolderStore
from webapp.stores.s3 import Bucket, S3Store

MB = 1024**2


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with serving() as bucket:
        yield bucket


@pytest.fixture
def files(tmp_path: Path) -> FileCache:
    @contextmanager
    def link_folder() -> Iterator[Path]:
        with TemporaryDirectory(dir=tmp_path) as folder:
            yield Path(folder)

    return FileCache(tmp_path / "cache", 3 * MB, link_folder)


@pytest.fixture
def s3_store(bucket: Bucket, files: FileCache) -> Iterator[S3Store]:
    store = S3Store(bucket, files)
    yield store
    for name in ("a", "b"):
        store.delete_prefix(name)


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    kinds: dict[str, Callable[[], Store]] = {
        "folder": lambda: FolderStore(tmp_path / "media"),
        "s3": lambda: request.getfixturevalue("s3_store"),
    }
    found = kinds[request.param]()
    monkeypatch.setattr(storage, "_store", lambda: found)
    return found


def file_of(tmp_path: Path, content: bytes, name: str = "source") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("key", ["", ".", "..", "../x", "/etc/passwd", "a/../..", "a\0b", "/"])
def test_no_key_leads_out(store: Store, key: str) -> None:
    for act in (storage.read_bytes, storage.size, storage.delete, storage.delete_prefix, storage.names):
        with pytest.raises(SuspiciousFileOperation):
            act(key)


def test_what_is_put_is_what_is_read(store: Store, tmp_path: Path) -> None:
    storage.put_bytes("a/b/one", b"1")
    source = file_of(tmp_path, b"film")
    storage.put_file("a/two", source)
    assert not source.exists()
    assert (storage.read_bytes("a/b/one"), storage.read_bytes("a/two")) == (b"1", b"film")
    assert (storage.size("a/two"), storage.exists("a/two"), storage.exists("a/no")) == (4, True, False)
    assert storage.names("a") == ["b", "two"] and storage.names("b") == []
    assert sorted(storage.sizes("a")) == [1, 4]
    listed = {file.key: file for file in storage.files()}
    assert {file.key for file in storage.files("a")} == {key for key in listed if key.startswith("a/")}
    assert all(abs(time.time() - file.changed_s) < 60 for file in listed.values())
    assert 0 <= storage.age_s("a") < 60 and storage.age_s("b") == 0
    with storage.local_path("a/two") as path:
        assert path.read_bytes() == b"film" and path.name == "two"
    storage.copy_out("a/two", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"film"


def test_new_content_has_a_new_version_and_nobody_reads_the_old(store: Store) -> None:
    storage.put_bytes("a/x", b"one")
    with storage.local_path("a/x") as path:
        first = (storage.look("a/x").version, path.read_bytes())
    storage.put_bytes("a/x", b"three")
    with storage.local_path("a/x") as path:
        second = (storage.look("a/x").version, path.read_bytes())
    assert (first[1], second[1]) == (b"one", b"three") and first[0] != second[0]


def test_what_is_not_there_is_named_and_deleting_it_is_no_fault(store: Store) -> None:
    for act in (storage.read_bytes, storage.size, lambda key: storage.local_path(key).__enter__()):
        with pytest.raises(FileNotFoundError):
            act("a/no")
    storage.delete("a/no")
    storage.put_bytes("a/b/one", b"1")
    storage.put_bytes("a/b/two", b"2")
    storage.put_bytes("a/bc", b"3")
    storage.delete("a/b/one")
    assert storage.names("a/b") == ["two"]
    storage.delete_prefix("a/b")
    assert storage.names("a") == ["bc"]


async def test_a_stream_gives_the_asked_part(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "STREAM_BLOCK_BYTES", 3)
    storage.put_bytes("a/s", b"0123456789")
    assert b"".join([block async for block in storage.stream("a/s", 2, 9)]) == b"2345678"
    assert b"".join([block async for block in storage.stream("a/s")]) == b"0123456789"
    assert [block async for block in storage.stream("a/s", 5, 5)] == []


def test_a_large_file_goes_in_parts_and_is_kept_here(s3_store: S3Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * (17 * MB // 256)
    told: list[int] = []
    s3_store.files.most_bytes = 20 * MB
    s3_store.put_file("a/large", file_of(tmp_path, content), told.append)
    assert told[-1] == len(content) and told == sorted(told)
    assert "-" in s3_store.look("a/large").version, "the mark of an upload in parts"
    fetched: list[Path] = []
    found = s3_store.look("a/large")
    with s3_store.files.holding("a/large", found.version, found.size_bytes, fetched.append) as path:
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()
    assert not fetched


def test_a_move_that_is_ended_leaves_the_file_and_nothing_in_the_store(s3_store: S3Store, tmp_path: Path) -> None:
    def end(_bytes: int) -> None:
        raise KeyboardInterrupt

    source = file_of(tmp_path, b"x" * (17 * MB))
    with pytest.raises(KeyboardInterrupt):
        s3_store.put_file("a/ended", source, end)
    assert source.exists() and s3_store.names("a") == []


def test_copies_stay_within_the_bound_and_who_uses_one_keeps_it(s3_store: S3Store) -> None:
    for name in ("one", "two", "three"):
        s3_store.put_bytes(f"a/{name}", name.encode() * (MB // len(name)))
    with s3_store.local_path("a/one") as one:
        for name in ("two", "three"):
            with s3_store.local_path(f"a/{name}"):
                pass
        with s3_store.local_path("a/one"):
            pass
        s3_store.put_bytes("a/four", b"4" * MB)
        with s3_store.local_path("a/four"):
            pass
        held = sum(path.stat().st_size for path in s3_store.files.root.iterdir() if path.is_file())
        assert held <= 3 * MB
        assert one.read_bytes().startswith(b"oneone")


def test_a_copy_of_half_a_file_is_never_seen(files: FileCache) -> None:
    def half(target: Path) -> None:
        target.write_bytes(b"ha")
        raise StoreAway("cut")

    with pytest.raises(StoreAway), files.holding("a/x", "1", 4, half):
        pass

    def whole(target: Path) -> None:
        target.write_bytes(b"half")

    with files.holding("a/x", "1", 4, whole) as path:
        assert path.read_bytes() == b"half"


def test_a_store_that_does_not_answer_is_away(bucket: Bucket, files: FileCache) -> None:
    nobody = S3Store(replace(bucket, url="http://127.0.0.1:9"), files)
    for act in (nobody.look, nobody.read_bytes, nobody.delete, nobody.names):
        with pytest.raises(StoreAway):
            act("a/x")


def test_a_direct_address_gives_the_file_as_a_download_only(s3_store: S3Store, bucket: Bucket) -> None:
    s3_store.put_bytes("a/page", b"<script>")
    assert s3_store.direct_url("a/page", "x", "text/html") is None, "browsers may not reach it"
    reached = S3Store(replace(bucket, public_url=bucket.url), s3_store.files)
    address = reached.direct_url("a/page", "Tom’s film.mp4", "application/octet-stream")
    assert address is not None and f"X-Amz-Expires={s3.LINK_LASTS_S}" in address
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"<script>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''Tom%E2%80%99s")
