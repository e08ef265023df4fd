"""Promoting in the browser, runs side by side, and files that leave the house whole or not at all."""

import io
import json
import zipfile
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import make_team
from tests.factories_datasets import make_dataset, make_label, make_samples
from tests.factories_training import make_figures, make_predictions, make_result, make_run
from tests.webapp.page_checks import faults_of
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset, Sample
from webapp.training.evaluation import compare_queries
from webapp.training.models import Promotion, TrainingRun
from webapp.training.registry import services as registry

pytestmark = pytest.mark.django_db(transaction=True)
FILES = {"model.onnx", "model.pt", "model_card.md", "run.json"}


def at(view: str, run: TrainingRun, *more: str) -> str:
    return reverse(f"training:{view}", args=[run.pk, *more])


def test_promoting_says_what_will_happen_and_can_be_undone(team: Team, alice: User) -> None:
    first = make_run(team=team)
    second = make_run(team=team, line=first.line)
    client = signed_in(alice)
    client.post(at("promote", first))
    asked = client.get(at("promote", second)).content.decode()
    assert faults_of(asked) == []
    assert "This model will label new videos." in asked
    assert "replaces run 1" in asked
    answer = client.post(at("promote", second), headers={"accept": "application/json"}).json()
    assert "Run 2 will label new videos." in answer["toast"]
    assert registry.deployed_run(first.line) == second
    client.post(answer["undo"]["url"], answer["undo"]["fields"])
    assert registry.deployed_run(first.line) == first
    html = client.get(at("run", second)).content.decode()
    assert faults_of(html) == []
    assert "Alice" in html


def test_withdrawing_and_rolling_back(team: Team, alice: User) -> None:
    first = make_run(team=team)
    second = make_run(team=team, line=first.line)
    client = signed_in(alice)
    assert client.post(at("roll_back", first)).status_code == 303
    assert not Promotion.objects.exists()
    for run in (first, second):
        client.post(at("promote", run))
    client.post(at("roll_back", second))
    assert registry.deployed_run(first.line) == first
    answer = client.post(at("withdraw", first), headers={"accept": "application/json"}).json()
    assert registry.deployed_run(first.line) is None
    client.post(answer["undo"]["url"], answer["undo"]["fields"])
    assert registry.deployed_run(first.line) == first


def test_doubtful_models_are_promoted_only_with_a_second_word(team: Team, alice: User) -> None:
    run = make_run(team=team, result=make_result(test=make_figures(9, 10)))
    client = signed_in(alice)
    answer = client.post(at("promote", run))
    assert answer.status_code == 409
    assert 'name="sure" value="1"' in answer.content.decode()
    assert registry.deployed_run(run.line) is None
    client.post(at("promote", run), {"sure": "1"})
    assert registry.deployed_run(run.line) == run


@pytest.mark.parametrize("name", ["bob", "vera", "charlie"])
@pytest.mark.parametrize("view", ["promote", "withdraw", "roll_back"])
def test_only_admins_decide_what_works(name: str, view: str, team: Team, request: pytest.FixtureRequest) -> None:
    run = make_run(team=team)
    assert signed_in(request.getfixturevalue(name)).post(at(view, run)).status_code == 404
    assert not Promotion.objects.exists()


# Comparing


@pytest.fixture
def dataset(team: Team) -> Dataset:
    dataset = make_dataset(team=team)
    for name in ("none", "glasses"):
        make_label(dataset, name)
    return dataset


def held_out(dataset: Dataset, count: int = 60) -> list[Sample]:
    labels = list(dataset.labels.all())
    return make_samples(dataset, count, each=lambda n: {"label": labels[n % 2], "source": f"video {n}"})


def page(client: Client, query: str) -> str:
    response = client.get(reverse("training:compare") + query)
    assert response.status_code == 200
    html = response.content.decode()
    assert faults_of(html) == []
    return html


def run_with(dataset: Dataset, right: int, **config: Any) -> TrainingRun:
    result = make_result(test=make_figures(right, 60))
    result["config"] = result["config"] | config
    return make_run(dataset=dataset, result=result)


def test_what_differs_is_lit_and_the_best_is_on_top(dataset: Dataset, vera: User) -> None:
    runs = [run_with(dataset, 40), run_with(dataset, 50), run_with(dataset, 55, epochs=99, threads=7)]
    names, rows = compare_queries.table(runs, "accuracy")
    assert names == ["epochs"], "where it computed does not count"
    assert [row.run for row in rows] == runs[::-1]
    assert [row.settings[0] for row in rows] == [("99", True), ("10", False), ("10", False)]
    assert [row.run for row in compare_queries.table(runs, "number")[1]] == runs[::-1]
    assert len(compare_queries.table(runs, "calibration")[1]) == 3
    html = page(signed_in(vera), f"?line={dataset.pk}&sort=f1")
    assert html.count('class="lit"') == 1


def test_a_clear_difference_is_told_from_chance(dataset: Dataset, vera: User) -> None:
    samples = held_out(dataset)
    good, bad, near = run_with(dataset, 60), run_with(dataset, 40), run_with(dataset, 59)
    make_predictions(good, samples)
    make_predictions(bad, samples, wrong=range(20))
    make_predictions(near, samples, wrong=[0])
    told = compare_queries.difference(good, bad)
    assert (told.common, told.better) == (60, good)
    assert told.chance is not None
    assert told.chance < 0.001
    assert told.points == pytest.approx(100 / 3)
    assert compare_queries.difference(bad, good).better == good
    assert compare_queries.difference(good, near).chance == 1.0
    client = signed_in(vera)
    assert "unlikely to be chance" in page(client, f"?line={dataset.pk}&pair={good.pk}&pair={bad.pk}")
    assert "may be chance" in page(client, f"?run={good.pk}&run={near.pk}")


def test_other_samples_or_other_truths_are_no_fair_measure(dataset: Dataset, vera: User) -> None:
    samples = held_out(dataset)
    first, second = run_with(dataset, 50), run_with(dataset, 50)
    make_predictions(first, samples[:30])
    make_predictions(second, samples[30:])
    assert compare_queries.difference(first, second).chance is None
    assert "compared fairly" in page(signed_in(vera), f"?run={first.pk}&run={second.pk}")
    second.held_out_predictions.all().delete()
    make_predictions(second, samples[:30])
    second.held_out_predictions.update(truth="other")
    assert compare_queries.difference(first, second).chance is None


def test_only_what_both_were_tested_with_counts(dataset: Dataset, vera: User) -> None:
    samples = held_out(dataset)
    first, second = run_with(dataset, 50), run_with(dataset, 50)
    make_predictions(first, samples[:40])
    make_predictions(second, samples[10:], wrong=range(12))
    told = compare_queries.difference(first, second)
    assert (told.common, told.alone) == (30, 30)
    assert "are not counted" in page(signed_in(vera), f"?run={first.pk}&run={second.pk}")


def test_runs_of_others_are_not_in_the_table(dataset: Dataset, vera: User) -> None:
    mine, foreign = run_with(dataset, 50), make_run(team=make_team("Elsewhere"))
    assert at("run", foreign) not in page(signed_in(vera), f"?run={mine.pk}&run={foreign.pk}")
    assert signed_in(vera).get(reverse("training:compare"), {"run": "x"}).status_code == 404


# Downloads


async def sent(user: User, address: str) -> tuple[int, bytes]:
    client = AsyncClient()
    await sync_to_async(client.force_login)(user)
    response = await client.get(address)
    if response.streaming:
        return response.status_code, b"".join([part async for part in response])  # type: ignore[union-attr]
    return response.status_code, response.content


async def test_a_model_leaves_as_it_was_written(trained: TrainingRun, vera: User) -> None:
    status, content = await sent(vera, at("download_all", trained))
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == FILES
        assert json.loads(archive.read("run.json")) == trained.result
        for name in FILES:
            stored = await sync_to_async(storage.read_bytes)(f"{trained.files_prefix}/{name}")
            assert archive.read(name) == stored
            assert await sent(vera, at("download", trained, name)) == (200, stored)


async def test_a_changed_or_lost_file_is_not_given_out(trained: TrainingRun, vera: User) -> None:
    await sync_to_async(storage.put_bytes)(f"{trained.files_prefix}/model_card.md", b"a good model")
    await sync_to_async(storage.delete)(f"{trained.files_prefix}/model.pt")
    for address in (at("download", trained, "model_card.md"), at("download", trained, "model.pt")):
        status, content = await sent(vera, address)
        assert status == 409
        assert faults_of(content.decode()) == []
        assert "missing or has been changed" in content.decode()
    assert (await sent(vera, at("download_all", trained)))[0] == 409
    assert (await sent(vera, at("download", trained, "model.onnx")))[0] == 200, "the others are whole"


async def test_who_may_download(trained: TrainingRun, charlie: User, vera: User) -> None:
    for address in (at("download_all", trained), at("download", trained, "model.onnx")):
        assert (await sent(charlie, address))[0] == 404
        assert (await AsyncClient().get(address)).status_code == 302
    for name in ("checkpoint.pt", "judged.csv", "..%2Frun.json"):
        assert (await sent(vera, at("run", trained) + f"download/{name}"))[0] == 404
