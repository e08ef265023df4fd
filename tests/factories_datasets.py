"""Plain functions that make datasets, labels, pictures and samples; every argument has a default."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import cv2
import numpy as np
from django.db.models import F

from analysis.types import Image
from tests.factories import make_team
from webapp import storage
from webapp.accounts.models import Team
from webapp.datasets import services
from webapp.datasets.models import Dataset, DatasetKind, Import, Label, Sample, Source

_numbers = count(1)
SIDE_PX = 64


def make_dataset(
    team: Team | None = None,
    *,
    name: str = "",
    kind: str = DatasetKind.FRAMES,
    labels: Sequence[str] = (),
    **fields: Any,
) -> Dataset:
    """With labels of these names."""
    name = name or f"Dataset {next(_numbers)}"
    dataset = Dataset.objects.create(team=team or make_team(), name=name, kind=kind, **fields)
    for label in labels:
        services.label_called(dataset, label)
    return dataset


def make_label(dataset: Dataset, name: str = "", **fields: Any) -> Label:
    """As the page makes it, with the next colour and key unless others are wished."""
    label = services.label_called(dataset, name or f"label {next(_numbers)}")
    Label.objects.filter(pk=label.pk).update(**fields)
    label.refresh_from_db()
    return label


def make_import(dataset: Dataset, **fields: Any) -> Import:
    usual: dict[str, Any] = {"source": Source.PICTURES, "title": "holiday.zip"}
    return Import.objects.create(dataset=dataset, **(usual | fields))


def a_picture(
    seed: int = 0, size: tuple[int, int] = (SIDE_PX, SIDE_PX), blur: float = 0.0, light: float = 1.0
) -> Image:
    """Coloured discs and frames: sharp, bright, and unlike that of any other seed. `size`: width and height."""
    random = np.random.default_rng(seed)
    image = np.full((size[1], size[0], 3), random.integers(60, 200, 3), np.uint8)
    for _ in range(14):
        centre = random.integers(0, min(size), 2).tolist()
        colour = random.integers(0, 255, 3).tolist()
        if random.random() < 0.5:
            cv2.circle(image, centre, int(random.integers(6, 24)), colour, -1)
        else:
            cv2.rectangle(image, centre, (random.integers(0, min(size), 2)).tolist(), colour, 2)
    if blur:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
    return np.clip(image * light, 0, 255).astype(np.uint8)


def encoded(image_bgr: Image, suffix: str = ".jpg") -> bytes:
    return bytes(cv2.imencode(suffix, image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 95] if suffix == ".jpg" else [])[1])


def picture(seed: int = 0, *, width: int = 40, height: int = 30, suffix: str = ".jpg") -> bytes:
    """A file with another picture for each seed."""
    return encoded(a_picture(seed, (width, height)), suffix)


def make_sample(dataset: Dataset, *, image: Image | None = None, content: bytes | None = None, **fields: Any) -> Sample:
    """Of a picture, or of a file's content that may repeat; each from a source of its own, with its files."""
    number = next(_numbers)
    shown = a_picture(number) if image is None else image
    usual: dict[str, Any] = {"height": shown.shape[0], "width": shown.shape[1], "source": f"source {number}"}
    if content is None:
        content = encoded(shown)
        usual["sha256"] = hashlib.sha256(content).hexdigest()
    return make_samples(dataset, 1, contents=[content], **(usual | fields))[0]


def make_samples(
    dataset: Dataset,
    count: int = 3,
    *,
    contents: list[bytes] | None = None,
    each: Callable[[int], dict[str, Any]] | None = None,
    **fields: Any,
) -> list[Sample]:
    """The next numbers of the dataset. With `contents` the files repeat: enough for pages, cheap for many samples.

    `each` gives further fields of the first, second ... (counted from 0). A `label` may be the name of one.
    """
    dataset.refresh_from_db()
    first = dataset.last_number + 1
    Dataset.objects.filter(pk=dataset.pk).update(last_number=F("last_number") + count)
    came_with = fields.pop("came_with", None) or dataset.imports.order_by("created_at").first() or make_import(dataset)
    keys = [_stored(dataset, content, first + n) for n, content in enumerate(contents)] if contents else []
    made = []
    for number in range(first, first + count):
        key = keys[number % len(keys)] if keys else _stored(dataset, encoded(a_picture(number)), number)
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
        if isinstance(usual.get("label"), str):
            usual["label"] = services.label_called(dataset, usual["label"])
        made.append(Sample(dataset=dataset, came_with=came_with, number=number, **usual))
    return Sample.objects.bulk_create(made, batch_size=2000)


def _stored(dataset: Dataset, content: bytes, number: int) -> str:
    key = f"{dataset.files_prefix}/samples/{number}.jpg"
    storage.put_bytes(key, content)
    return key


def seen(*samples: Sample) -> dict[int, int]:
    """Numbers and revisions as a page would have them now."""
    return dict(Sample.objects.filter(pk__in=[each.pk for each in samples]).values_list("number", "revision"))
