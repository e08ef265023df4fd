"""Cancelling jobs and asking how they go on. Who may is in `test_access_rules.py` and `route_rules.py`."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import make_job
from webapp.accounts.models import Team, User
from webapp.jobs.models import Job, Status

pytestmark = pytest.mark.django_db


def cancelled(browser: Client, job: Job) -> int:
    return browser.post(reverse("jobs:cancel", args=[job.pk])).status_code


def test_an_editor_cancels_a_job(team: Team, bob: User) -> None:
    job = make_job(team=team)
    assert cancelled(signed_in(bob), job) == 303
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_cancelling_leads_back_but_never_to_another_web_site(team: Team, bob: User) -> None:
    for asked, expected in [
        ("/videos/?page=2", "/videos/?page=2"),
        ("https://evil.example/", reverse("videos:library")),
    ]:
        answer = signed_in(bob).post(reverse("jobs:cancel", args=[make_job(team=team).pk]), {"next": asked})
        assert answer["Location"] == expected


def test_the_polled_state_equals_the_sockets_and_is_closed_to_strangers(team: Team, vera: User, charlie: User) -> None:
    job = make_job(team=team)
    address = reverse("jobs:state")
    states = signed_in(vera).get(address, {"team": str(team.pk)}).json()["jobs"]
    assert [(each["id"], each["headline"]) for each in states] == [(str(job.pk), "Waiting")]
    assert signed_in(charlie).get(address, {"team": str(team.pk)}).status_code == 404
    assert signed_in(vera).get(address, {"team": "nonsense"}).status_code == 404
    assert signed_in(vera).get(address).status_code == 404
