"""Which run is deployed: one per line, by whom and since when; rolling back; grave caveats ask first."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.factories import make_team
from tests.factories_training import make_figures, make_result, make_run
from webapp.accounts.models import Team, User
from webapp.jobs.models import Status
from webapp.training.models import TrainingRun
from webapp.training.registry import queries
from webapp.training.registry import services as registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs(team: Team) -> list[TrainingRun]:
    """Three of one line."""
    line = uuid4()
    return [make_run(team=team, line=line) for _ in range(3)]


def test_nothing_is_deployed_until_somebody_does_it(team: Team, runs: list[TrainingRun]) -> None:
    assert queries.deployed_run(runs[0].line) is None
    assert queries.deployed_runs(team) == []


def test_the_latest_promotion_counts(team: Team, alice: User, runs: list[TrainingRun]) -> None:
    line = runs[0].line
    assert registry.promote(runs[0], alice).before is None
    assert registry.promote(runs[1], alice).before == runs[0]
    assert queries.deployed_run(line) == runs[1]
    assert [each.run for each in queries.history(line)] == [runs[1], runs[0]]
    assert {each.made_by for each in queries.history(line)} == {alice}


def test_deploying_the_deployed_run_changes_nothing(alice: User, runs: list[TrainingRun]) -> None:
    registry.promote(runs[0], alice)
    assert registry.promote(runs[0], alice).promotion is None
    assert queries.history(runs[0].line).count() == 1


def test_each_line_of_a_team_has_its_own(team: Team, alice: User, django_assert_num_queries: object) -> None:
    first, second, elsewhere = make_run(team=team), make_run(team=team), make_run(team=make_team("Elsewhere"))
    for run in (first, second, elsewhere):
        registry.promote(run, alice)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert set(queries.deployed_runs(team)) == {first, second}


def test_a_withdrawn_run_is_not_deployed_and_can_be_again(team: Team, alice: User, runs: list[TrainingRun]) -> None:
    line = runs[0].line
    registry.promote(runs[0], alice)
    assert registry.withdraw(line, team, alice).before == runs[0]
    assert queries.deployed_runs(team) == []
    assert registry.withdraw(line, team, alice).promotion is None
    assert registry.roll_back(line, team, alice).before is None
    assert queries.deployed_run(line) == runs[0]


def test_rolling_back_walks_through_the_earlier_ones(team: Team, alice: User, runs: list[TrainingRun]) -> None:
    line = runs[0].line
    for run in runs:
        registry.promote(run, alice)
    found = []
    for _ in range(2):
        registry.roll_back(line, team, alice)
        found.append(queries.deployed_run(line))
    assert found == [runs[1], runs[0]]
    with pytest.raises(registry.NothingBefore):
        registry.roll_back(line, team, alice)
    assert queries.history(line).count() == 5, "rolling back is a row of its own"


def test_a_deleted_run_is_neither_deployed_nor_rolled_back_to(team: Team, alice: User, runs: list[TrainingRun]) -> None:
    line = runs[0].line
    for run in runs:
        registry.promote(run, alice)
    TrainingRun.objects.filter(pk__in=[runs[1].pk, runs[2].pk]).update(deleted_at=timezone.now())
    assert queries.deployed_run(line) is None
    assert queries.deployed_runs(team) == []
    registry.roll_back(line, team, alice)
    assert queries.deployed_run(line) == runs[0]


def test_the_run_beneath_a_deleted_one_is_next(team: Team, alice: User, runs: list[TrainingRun]) -> None:
    for run in runs:
        registry.promote(run, alice)
    TrainingRun.objects.filter(pk=runs[1].pk).update(deleted_at=timezone.now())
    registry.roll_back(runs[0].line, team, alice)
    assert queries.deployed_run(runs[0].line) == runs[0]


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.FAILED, Status.CANCELLED])
def test_only_a_finished_run_can_be_deployed(team: Team, alice: User, status: str) -> None:
    with pytest.raises(registry.HasNoModel):
        registry.promote(make_run(team=team, status=status), alice)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"warnings": [{"code": "leak", "text": "", "files": []}]}, "leak"),
        ({"test": make_figures(18, 20)}, "tiny_test"),
        ({"test": make_figures(sources=1)}, "one_source"),
    ],
)
def test_grave_caveats_need_a_confirmation(team: Team, alice: User, result: dict[str, Any], code: str) -> None:
    run = make_run(team=team, result=make_result(**result))
    with pytest.raises(registry.NeedsConfirmation) as asked:
        registry.promote(run, alice)
    assert [caveat.code for caveat in asked.value.caveats] == [code]
    assert queries.deployed_run(run.line) is None
    registry.promote(run, alice, is_confirmed=True)
    assert queries.deployed_run(run.line) == run
