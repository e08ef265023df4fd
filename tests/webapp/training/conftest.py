"""A small model that was really trained, on stripes that lie or stand."""

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from analysis.training.config import Device, Recipe, defaults
from analysis.training.data.samples import TrainingData, read_training_data
from analysis.training.train import train
from tests.analysis.training.pictures import ignore, stripes, write_stripes
from tests.factories_datasets import make_dataset, make_label, make_samples
from tests.factories_training import make_run, store_model
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, DatasetKind
from webapp.training.models import TrainingRun
from webapp.training.runs.predictions_runner import store_predictions


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder; its test part are eight pictures of each label."""
    root = tmp_path_factory.mktemp("stripes")
    learn, test = write_stripes(root / "data", 24), write_stripes(root / "test", 8, first_seed=1000)
    data = read_training_data(learn, test)
    sourced = TrainingData(data.labels, tuple(replace(s, source=s.path.name) for s in data.samples))
    config = defaults(Recipe.TUTORIAL, epochs=8, picture_size=24, device=Device.CPU, threads=1)
    return train(config, sourced, root / "model", ignore).folder


def stripes_png(standing: bool, seed: int) -> bytes:
    return cv2.imencode(".png", stripes(standing, seed))[1].tobytes()


@pytest.fixture
def striped(team: Team) -> Dataset:
    """The 16 pictures of the test part, in the order of their numbers."""
    dataset = make_dataset(team=team, kind=DatasetKind.FRAMES, name="Stripes")
    labels = [make_label(dataset, name) for name in ("lie", "stand")]
    # `make_samples` takes the content at the place of the sample's number, counted round.
    contents = [stripes_png(bool((n - 1) % 2), 1000 + (n - 1) % 16) for n in range(16)]
    make_samples(dataset, 16, contents=contents, each=lambda n: {"label": labels[n % 2], "source": f"s{n}"})
    return dataset


@pytest.fixture
def trained(striped: Dataset, model_files: Path) -> TrainingRun:
    run = store_model(make_run(dataset=striped), model_files)
    numbers = {sample.number: sample.pk for sample in striped.samples.all()}
    paths = {f"{1000 + n}x.png": numbers[n + 1] for n in range(16)}
    judged = (model_files / "judged.csv").read_text().splitlines()[1:]
    found = {line.split(",")[0]: paths[Path(line.split(",")[0]).name] for line in judged if ",test," in line}
    store_predictions(run, model_files, found)
    return run
