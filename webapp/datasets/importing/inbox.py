"""What has been uploaded for an import and waits for its job: numbered batches of pictures, and whole files.

A batch counts as arrived once its list of names lies beside its files; sent again, it replaces what was there.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from webapp import storage
from webapp.datasets.models import Import
from webapp.uploads.rules import clean_name

MOST_BATCHES = 100_000
MOST_IN_A_BATCH = 64


@dataclass(frozen=True, slots=True)
class Arrived:
    """One picture in the inbox, and what it was called on its owner's disk."""

    key: str
    name: str


def put_batch(of_import: Import, number: int, files: Sequence[tuple[str, BinaryIO]]) -> None:
    """Writes files first, their list last; deletes what an earlier try had left of the batch."""
    for name in storage.names(_lists(of_import)):
        if name.startswith(f"{number:06d}-"):
            storage.delete(f"{_lists(of_import)}/{name}")
    folder = _folder(of_import, number)
    storage.delete_prefix(folder)
    for index, (_name, file) in enumerate(files):
        storage.put_bytes(f"{folder}/{index:03d}", file.read())
    names = [clean_name(name) for name, _file in files]
    storage.put_bytes(f"{_lists(of_import)}/{number:06d}-{len(files)}.json", json.dumps(names).encode())


def _folder(of_import: Import, number: int) -> str:
    return f"{of_import.inbox_prefix}/batches/{number:06d}"


def _lists(of_import: Import) -> str:
    """Returns the folder of lists. Each name holds the batch's number and its pictures: counting opens no file."""
    return f"{of_import.inbox_prefix}/lists"


def count_pictures(of_import: Import) -> int:
    lists = [name for name in storage.names(_lists(of_import)) if name.endswith(".json")]
    return sum(int(name.removesuffix(".json").partition("-")[2]) for name in lists)


def arrived_pictures(of_import: Import) -> list[Arrived]:
    """Returns the pictures in the order of the batches. None are added once the job has begun."""
    pictures = []
    for list_name in storage.names(_lists(of_import)):
        if list_name.endswith(".json"):  # not one that is being written
            names = json.loads(storage.read_bytes(f"{_lists(of_import)}/{list_name}"))
            folder = _folder(of_import, int(list_name.partition("-")[0]))
            pictures += [Arrived(f"{folder}/{index:03d}", name) for index, name in enumerate(names)]
    return pictures


def file_key(of_import: Import, upload_id: UUID) -> str:
    return f"{of_import.inbox_prefix}/files/{upload_id.hex}"
