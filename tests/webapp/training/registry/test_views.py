"""Deploying a model in the browser: asked first with its caveats, undone, by admins only."""

import pytest
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_training import make_figures, make_result, make_run
from tests.webapp.page_checks import faults_of
from webapp.accounts.models import Team, User
from webapp.training.models import Promotion, TrainingRun
from webapp.training.registry import services as registry

pytestmark = pytest.mark.django_db


def at(view: str, run: TrainingRun, *more: str) -> str:
    return reverse(f"training:{view}", args=[run.pk, *more])


def test_deploying_says_what_will_happen_and_can_be_undone(team: Team, alice: User) -> None:
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


def test_models_with_grave_caveats_are_deployed_only_after_a_confirmation(team: Team, alice: User) -> None:
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
def test_only_admins_deploy(name: str, view: str, team: Team, request: pytest.FixtureRequest) -> None:
    run = make_run(team=team)
    assert signed_in(request.getfixturevalue(name)).post(at(view, run)).status_code == 404
    assert not Promotion.objects.exists()
