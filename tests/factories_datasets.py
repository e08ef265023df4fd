"""Plain functions that make datasets, labels and samples with real pictures; every argument has a default."""

import hashlib
from collections.abc import Callable
from itertools import count
from typing import Any

import cv2
import numpy as np
from django.db.models import F

from tests.factories import make_team
from webapp import storage
from webapp.accounts.models import Team
from webapp.datasets import services
from webapp.datasets.models import Dataset, Import, Kind, Label, Sample, Source

_numbers = count(1)
SIDE_PX = 64


def make_dataset(*, team: Team | None = None, name: str = "", kind: str = Kind.FACES, **fields: Any) -> Dataset:
    return Dataset.objects.create(team=team or make_team(), name=name or f"Faces {next(_numbers)}", kind=kind, **fields)


def make_label(dataset: Dataset, name: str = "", **fields: Any) -> Label:
    """As the page makes it, with the next colour and key unless others are wished."""
    label = services.label_called(dataset, name or f"label {next(_numbers)}")
    Label.objects.filter(pk=label.pk).update(**fields)
    label.refresh_from_db()
    return label


def make_import(dataset: Dataset, **fields: Any) -> Import:
    usual: dict[str, Any] = {"source": Source.PICTURES, "title": "holiday.zip"}
    return Import.objects.create(dataset=dataset, **(usual | fields))


def picture_jpeg(seed: int = 0, side_px: int = SIDE_PX) -> bytes:
    """A small picture that differs for each seed: a disc on a coloured ground."""
    random = np.random.default_rng(seed)
    ground, disc = (random.integers(30, 225, 3).tolist() for _ in range(2))
    picture = np.full((side_px, side_px, 3), ground, np.uint8)
    centre = random.integers(side_px // 4, side_px * 3 // 4, 2).tolist()
    cv2.circle(picture, centre, side_px // 4, disc, thickness=-1)
    cv2.putText(picture, str(seed), (4, side_px - 6), cv2.FONT_HERSHEY_SIMPLEX, side_px / 160, (255, 255, 255), 1)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def make_sample(dataset: Dataset, *, content: bytes | None = None, **fields: Any) -> Sample:
    """With its file and thumbnail in the store."""
    return make_samples(dataset, 1, contents=None if content is None else [content], **fields)[0]


def make_samples(
    dataset: Dataset,
    count: int = 3,
    *,
    contents: list[bytes] | None = None,
    each: Callable[[int], dict[str, Any]] | None = None,
    **fields: Any,
) -> list[Sample]:
    """The next numbers of the dataset. With `contents` the files repeat: enough for pages, cheap for many samples.

    `each` gives further fields of the first, second ... (counted from 0).
    """
    dataset.refresh_from_db()
    first = dataset.last_number + 1
    Dataset.objects.filter(pk=dataset.pk).update(last_number=F("last_number") + count)
    came_with = fields.pop("came_with", None) or dataset.imports.order_by("created_at").first() or make_import(dataset)
    keys = [_stored(dataset, content, first + n) for n, content in enumerate(contents)] if contents else []
    made = []
    for number in range(first, first + count):
        key = keys[number % len(keys)] if keys else _stored(dataset, picture_jpeg(number), number)
        usual: dict[str, Any] = {
            "name": f"picture {number}.jpg",
            "media_type": "image/jpeg",
            "sha256": hashlib.sha256(f"{dataset.pk} {number}".encode()).hexdigest(),
            "width": SIDE_PX,
            "height": SIDE_PX,
            "source": "pictures",
            "source_name": "holiday.zip",
        }
        usual |= {"key": key, "thumbnail_key": key}
        usual |= fields | (each(number - first) if each else {})
        made.append(Sample(dataset=dataset, came_with=came_with, number=number, **usual))
    return Sample.objects.bulk_create(made, batch_size=2000)


def _stored(dataset: Dataset, content: bytes, number: int) -> str:
    key = f"{dataset.files_prefix}/samples/{number}.jpg"
    storage.put_bytes(key, content)
    return key


def seen(*samples: Sample) -> dict[int, int]:
    """Numbers and revisions as a page would have them now."""
    return dict(Sample.objects.filter(pk__in=[each.pk for each in samples]).values_list("number", "revision"))
