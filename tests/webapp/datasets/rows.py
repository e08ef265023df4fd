"""Datasets of pictures that look like something, for what looks at pictures; every argument has a default."""

import hashlib
from itertools import count
from typing import Any

import cv2
import numpy as np

from analysis.types import Image
from tests import factories_datasets
from webapp.accounts.models import Team
from webapp.datasets import services
from webapp.datasets.models import Dataset, Kind, Label, Sample

_numbers = count(1)


def make_dataset(
    team: Team | None = None, *, kind: Kind = Kind.FRAMES, labels: tuple[str, ...] = (), **fields: Any
) -> Dataset:
    dataset = factories_datasets.make_dataset(team=team, kind=kind, **fields)
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
    """Each from a source of its own, with the label of this name."""
    image = a_picture(next(_numbers)) if picture is None else picture
    content = as_jpeg(image)
    usual = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "height": image.shape[0],
        "width": image.shape[1],
        "source": f"source {next(_numbers)}",
    }
    if isinstance(label, str):
        label = services.label_called(dataset, label)
    return factories_datasets.make_sample(dataset, content=content, label=label, **(usual | fields))
