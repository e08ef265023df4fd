"""Datasets that a tiny network learns within seconds, their versions and runs; every argument has a default."""

import hashlib
from typing import Any

import cv2

from analysis.training.config import Device, Recipe, TrainingConfig, defaults
from tests.analysis.training.pictures import stripes
from tests.factories_datasets import make_dataset, make_samples
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset, DatasetKind, GroupBy, Version
from webapp.datasets.services import label_called
from webapp.datasets.versions import services as versions_services
from webapp.training.models import TrainingRun
from webapp.training.runs import services

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
LABELS = ("lie", "stand")


def make_striped_dataset(team: Team, *, count: int = 48, sources: int = 0, people: int = 0, **fields: Any) -> Dataset:
    """Stripes that lie or stand in turn; each picture from a source of its own unless `sources` are wished."""
    dataset = make_dataset(team, **({"kind": DatasetKind.FRAMES, "name": "Stripes"} | fields))
    labels = [label_called(dataset, name) for name in LABELS]
    contents = [cv2.imencode(".png", stripes(bool(n % 2), n))[1].tobytes() for n in range(count)]

    def each(n: int) -> dict[str, Any]:
        digest = hashlib.sha256(contents[n]).hexdigest()
        source = f"video {n % sources if sources else n}"
        person = f"person {n // 2 % people}" if people else ""
        place = {"source": source, "identity": person, "sequence": f"track {n // 2}"}
        return {"label": labels[n % 2], "sha256": digest} | place

    make_samples(dataset, count, contents=contents, each=each)
    return dataset


def make_version(team: Team, *, group_by: GroupBy = GroupBy.SOURCE, **fields: Any) -> Version:
    return versions_services.freeze(make_striped_dataset(team, **fields), user=None, shares=SHARES, group_by=group_by)


def small(**chosen: Any) -> TrainingConfig:
    usual = {"epochs": 3, "picture_size": 24, "device": Device.CPU, "threads": 1}
    return defaults(Recipe.TUTORIAL, **(usual | chosen))


def start_run(version: Version, user: User, *, trials: int = 0, **chosen: Any) -> TrainingRun:
    run = services.start_run(version, user=user, config=small(**chosen), trials=trials)
    run.refresh_from_db()
    return run
