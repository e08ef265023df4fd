"""Runs side by side: differing settings, figures, and differences that are tested against chance."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import make_team
from tests.factories_datasets import make_dataset, make_label, make_samples
from tests.factories_training import make_figures, make_predictions, make_result, make_run
from tests.webapp.page_checks import faults_of
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset, Sample
from webapp.training.evaluation import compare_queries
from webapp.training.models import TrainingRun

pytestmark = pytest.mark.django_db


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


def test_what_differs_is_highlighted_and_the_best_comes_first(dataset: Dataset, vera: User) -> None:
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


def test_other_samples_or_other_targets_are_no_fair_comparison(dataset: Dataset, vera: User) -> None:
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
    assert reverse("training:run", args=[foreign.pk]) not in page(signed_in(vera), f"?run={mine.pk}&run={foreign.pk}")
    assert signed_in(vera).get(reverse("training:compare"), {"run": "x"}).status_code == 404
