"""Plain functions that make datasets with real small pictures in the store; every argument has a default."""

import hashlib
from itertools import count
from typing import Any

import cv2
import numpy as np

from analysis.types import Image
from tests.factories import make_team
from webapp import storage
from webapp.accounts.models import Team
from webapp.datasets import services
from webapp.datasets.models import Dataset, Import, Kind, Label, Sample, Source

_numbers = count(1)


def make_dataset(
    team: Team | None = None, *, kind: Kind = Kind.FRAMES, labels: tuple[str, ...] = (), **fields: Any
) -> Dataset:
    names = {"name": f"Dataset {next(_numbers)}", "purpose": ""} | fields
    dataset = Dataset.objects.create(team=team or make_team(), kind=kind, **names)
    for label in labels:
        services.label_called(dataset, label)
    return dataset


def a_picture(seed: int, size: tuple[int, int] = (96, 96), blur: float = 0.0, light: float = 1.0) -> Image:
    """Coloured discs and bars: sharp, bright, and unlike that of any other seed."""
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


def as_jpeg(image_bgr: Image) -> bytes:
    return bytes(cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


def make_sample(
    dataset: Dataset, *, label: Label | str | None = None, picture: Image | None = None, **fields: Any
) -> Sample:
    number = dataset.last_number + 1
    dataset.last_number = number
    dataset.save(update_fields=["last_number"])
    image = a_picture(next(_numbers)) if picture is None else picture
    content = as_jpeg(image)
    if isinstance(label, str):
        label = services.label_called(dataset, label)
    came_with = dataset.imports.first() or Import.objects.create(dataset=dataset, source=Source.PICTURES)
    usual = {
        "key": f"{dataset.files_prefix}/{number}.jpg",
        "thumbnail_key": f"{dataset.files_prefix}/{number}.thumb.jpg",
        "media_type": "image/jpeg",
        "name": f"picture {number}.jpg",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "height": image.shape[0],
        "width": image.shape[1],
        "source": f"source {number}",
    }
    sample = Sample.objects.create(dataset=dataset, number=number, came_with=came_with, label=label, **(usual | fields))
    storage.put_bytes(sample.key, content)
    storage.put_bytes(sample.thumbnail_key, content)
    return sample
