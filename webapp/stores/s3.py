"""Media in a bucket of S3-compatible storage, with copies of what is worked on kept on this machine.

boto3 directly: ranges, ETags and whole prefixes go past what django-storages offers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote

from django.core.exceptions import SuspiciousFileOperation

from webapp.stores.base import OnBytes, Store, StoreAway, Stored, StoredFile
from webapp.stores.file_cache import FileCache

if TYPE_CHECKING:
    from botocore.client import BaseClient

PART_BYTES = 16 * 1024**2
"""10,000 parts at most: 160 GB."""
MISSING = ("404", "NoSuchKey", "NotFound")
PASSING = (500, 502, 503, 504, 429)
DELETED_AT_ONCE = 1000
LINK_LASTS_S = 60


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the storage is; `public_url` is how browsers reach it, empty where they must not."""

    name: str
    url: str
    region: str
    key_id: str
    secret: str
    public_url: str = ""


class S3Store(Store):
    """A key is the object's name."""

    def __init__(self, bucket: Bucket, files: FileCache) -> None:
        self.bucket = bucket
        self.files = files

    def put_file(self, key: str, source: Path, on_progress: OnBytes) -> None:
        """In parts; what was stored is then the copy kept on this machine."""
        from boto3.s3.transfer import TransferConfig  # deferred: rarely needed

        moved = 0

        def count(more: int) -> None:
            nonlocal moved
            moved += more
            on_progress(moved)

        # In this thread: `on_progress` reports to the database and may end it.
        transfer = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False)
        with self._asked() as client:
            client.upload_file(str(source), self.bucket.name, _name(key), Config=transfer, Callback=count)
        self.files.adopt(key, self.look(key).version, source)

    def take_file(self, key: str, source: Path) -> bool:
        _name(key)
        return False

    def put_bytes(self, key: str, content: bytes | bytearray) -> None:
        with self._asked() as client:
            client.put_object(Bucket=self.bucket.name, Key=_name(key), Body=bytes(content))

    def read_bytes(self, key: str) -> bytes:
        with self.open_range(key, 0, None) as body, self._asked():
            return body.read()

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        found = self.look(key)

        def fetch(target: Path) -> None:
            with self._asked() as client:
                client.download_file(self.bucket.name, _name(key), str(target))

        with self.files.holding(key, found.version, found.size_bytes, fetch) as path:
            yield path

    def open_range(self, key: str, start: int, end: int | None) -> BinaryIO:
        wanted = {} if start == 0 and end is None else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        with self._asked() as client:
            answer = client.get_object(Bucket=self.bucket.name, Key=_name(key), **wanted)
        return cast(BinaryIO, answer["Body"])

    def look(self, key: str) -> Stored:
        with self._asked() as client:
            found = client.head_object(Bucket=self.bucket.name, Key=_name(key))
        return Stored(found["ContentLength"], found["ETag"].strip('"'))

    def age_s(self, prefix: str) -> float:
        newest = max((found["LastModified"] for found in self._list(_folder(prefix))), default=None)
        return 0.0 if newest is None else (datetime.now(UTC) - newest).total_seconds()

    def names(self, prefix: str) -> list[str]:
        start = len(_name(prefix)) + 1
        return sorted({found["Key"][start:].partition("/")[0] for found in self._list(_folder(prefix))})

    def walk(self, prefix: str) -> Iterator[StoredFile]:
        for found in self._list(_folder(prefix) if prefix else ""):
            yield StoredFile(found["Key"], found["Size"], found["LastModified"].timestamp())

    def delete(self, key: str) -> None:
        with self._asked() as client:
            client.delete_object(Bucket=self.bucket.name, Key=_name(key))

    def delete_prefix(self, prefix: str) -> None:
        names = [{"Key": found["Key"]} for found in self._list(_folder(prefix))]
        with self._asked() as client:
            for at in range(0, len(names), DELETED_AT_ONCE):
                some = {"Objects": names[at : at + DELETED_AT_ONCE], "Quiet": True}
                failed = client.delete_objects(Bucket=self.bucket.name, Delete=some).get("Errors")
                if failed:
                    raise StoreAway(f"{len(failed)} objects could not be deleted: {failed[0].get('Code')}")

    def free_bytes(self) -> int:
        """That of this machine, where files arrive and are worked on: a bucket has no end."""
        return self.files.free_bytes()

    def direct_url(self, key: str, download_name: str, content_type: str) -> str | None:
        if not self.bucket.public_url:
            return None
        wanted = {
            "Bucket": self.bucket.name,
            "Key": _name(key),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(download_name, safe='')}",
            "ResponseCacheControl": "private, no-cache",
        }
        client = _client(self.bucket, self.bucket.public_url)
        return str(client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=LINK_LASTS_S))

    def _list(self, folder: str) -> Iterator[dict[str, Any]]:
        with self._asked() as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket.name, Prefix=folder)
            for page in pages:
                yield from page.get("Contents", ())

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """Yields a client; raises FileNotFoundError and StoreAway for what boto3 says of it."""
        from boto3.exceptions import S3UploadFailedError  # deferred: rarely needed
        from botocore.exceptions import BotoCoreError, ClientError  # deferred: rarely needed

        try:
            yield _client(self.bucket, self.bucket.url)
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if code in MISSING:
                raise FileNotFoundError(str(error)) from error
            if status in PASSING:
                raise StoreAway(str(error)) from error
            raise
        except (BotoCoreError, S3UploadFailedError) as error:
            raise StoreAway(str(error)) from error


@cache
def _client(bucket: Bucket, url: str) -> "BaseClient":
    """Safe in several threads, and in forks, as connections are made when they are needed."""
    import boto3  # deferred: rarely needed
    from botocore.config import Config  # deferred: rarely needed

    # What S3 itself understands by now, and other makers' storage does not.
    checksums = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    config = Config(
        connect_timeout=3,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 4},
        signature_version="s3v4",
        s3={"addressing_style": "path" if url else "auto"},
        **checksums,
    )
    return boto3.client(
        "s3",
        endpoint_url=url or None,
        region_name=bucket.region or None,
        aws_access_key_id=bucket.key_id or None,
        aws_secret_access_key=bucket.secret or None,
        config=config,
    )


def _folder(prefix: str) -> str:
    return f"{_name(prefix)}/"


def _name(key: str) -> str:
    """Returns the object's name. Raises SuspiciousFileOperation for what is no relative path within the store."""
    parts = PurePosixPath(key).parts
    if not parts or "\0" in key or key.startswith("/") or ".." in parts:
        raise SuspiciousFileOperation(f"Not a storage key: {key!r}")
    return "/".join(parts)
