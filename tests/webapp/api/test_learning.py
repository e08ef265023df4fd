"""Datasets, runs and models by the API."""

from io import BytesIO

import pytest

from tests.factories import make_token
from tests.factories_datasets import make_dataset, make_sample, picture
from tests.factories_training import make_result, make_run
from tests.webapp.api.test_api import V1, ApiProgram, problem_of
from webapp.accounts.models import Team, TokenScope, User
from webapp.datasets.versions import services as versions
from webapp.training.models import Explanation, TrainingRun

pytestmark = pytest.mark.django_db
TRAINER = "rct_" + "c4" * 24


@pytest.fixture
def trainer(team: Team, alice: User) -> ApiProgram:
    make_token(alice, team, TRAINER, scope=TokenScope.ADMIN)
    return ApiProgram(TRAINER)


def test_a_dataset_is_read_with_its_samples_and_versions(team: Team, alice: User, trainer: ApiProgram) -> None:
    dataset = make_dataset(team=team, labels=("lie", "stand"))
    lie = dataset.labels.get(name="lie")
    samples = [make_sample(dataset, label=lie if number % 2 else None) for number in range(4)]
    path = f"datasets/{dataset.pk}"
    assert trainer.read(path)["labels"] == ["lie", "stand"]
    first = trainer.read(f"{path}/samples?limit=3")
    rest = trainer.read(f"{path}/samples?cursor={first['next_cursor']}")
    found = [each["number"] for each in first["items"] + rest["items"]]
    assert found == sorted(sample.number for sample in samples)
    labelled = trainer.read(f"{path}/samples?label=lie")["items"]
    assert {each["label"] for each in labelled} == {"lie"} and len(labelled) == 2
    assert len(trainer.read(f"{path}/samples?labelled=false")["items"]) == 2
    shares = {"train": 0.5, "validation": 0.25, "test": 0.25}
    versions.freeze(dataset, user=alice, shares=shares)
    (version,) = trainer.read(f"{path}/versions")["items"]
    assert (version["number"], version["samples"]) == (1, 2)
    refused = trainer.ask("POST", "runs", {"version_id": version["id"], "recipe": "tutorial"})
    assert problem_of(refused, 409)["detail"]
    wrong = trainer.ask("POST", "runs", {"version_id": version["id"], "settings": {"epochs": -1}})
    assert problem_of(wrong, 422)["errors"][0]["at"] == "epochs"
    assert not TrainingRun.objects.exists()


def test_a_model_recognises_a_picture_that_only_its_sender_sees(team: Team, bob: User, trainer: ApiProgram) -> None:
    run = make_run(team=team, result=make_result())
    (listed,) = trainer.read("runs")["items"]
    assert (listed["id"], listed["labels"]) == (str(run.pk), run.result["labels"])
    made = trainer.client.post(f"{V1}models/{run.pk}/predictions", {"file": _file(picture())})
    assert (made.status_code, made.json()["state"]) == (202, "queued")
    found = Explanation.objects.get()
    path = f"models/{run.pk}/predictions/{found.pk}"
    Explanation.objects.update(result={"said": "lie", "scores": {"lie": 0.75, "stand": 0.25}})
    told = trainer.read(path)
    assert (told["label"], told["scores"]) == ("lie", {"lie": 0.75, "stand": 0.25})
    make_token(bob, team, "rct_" + "d1" * 24)
    problem_of(ApiProgram("rct_" + "d1" * 24).ask("GET", path), 404)
    no_picture = trainer.client.post(f"{V1}models/{run.pk}/predictions", {"file": _file(b"no picture")})
    problem_of(no_picture, 422)
    assert Explanation.objects.count() == 1


def _file(content: bytes) -> BytesIO:
    file = BytesIO(content)
    file.name = "a.png"
    return file
