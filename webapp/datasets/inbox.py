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
from webapp.videos.upload_rules import clean_name

MOST_BATCHES = 100_000
MOST_IN_A_BATCH = 64


@dataclass(frozen=True, slots=True)
class Arrived:
    """One picture in the inbox, and what it was called on its owner's disk."""

    key: str
    name: str


def put_batch(of_import: Import, number: int, files: Sequence[tuple[str, BinaryIO]]) -> None:
    """Files first, their list last; what an earlier try had left of the same batch goes."""
    folder = _folder(of_import, number)
    storage.delete_prefix(folder)
    for index, (_name, file) in enumerate(files):
        storage.put_bytes(f"{folder}/{index:03d}", file.read())
    names = [clean_name(name) for name, _file in files]
    storage.put_bytes(f"{folder}/names.json", json.dumps(names).encode())


def _folder(of_import: Import, number: int) -> str:
    return f"{of_import.inbox_prefix}/batches/{number:06d}"


def arrived_pictures(of_import: Import) -> list[Arrived]:
    """In the order of the batches. Nobody adds any once the job has begun."""
    root = f"{of_import.inbox_prefix}/batches"
    pictures = []
    for folder in storage.names(root):
        key = f"{root}/{folder}/names.json"
        if storage.exists(key):
            names = json.loads(storage.read_bytes(key))
            pictures += [Arrived(f"{root}/{folder}/{index:03d}", name) for index, name in enumerate(names)]
    return pictures


def file_key(of_import: Import, upload_id: UUID) -> str:
    return f"{of_import.inbox_prefix}/files/{upload_id.hex}"
