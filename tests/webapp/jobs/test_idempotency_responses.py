"""A request to start work that is sent again, or four times at once, starts it once and is answered alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_user
from tests.webapp.training.trainings import make_version
from webapp.accounts.models import Role, Team, User
from webapp.datasets.models import Version
from webapp.jobs import idempotency_responses, idempotency_services
from webapp.jobs.models import AnsweredRequest, Job, JobKind
from webapp.training.models import TrainingRun
from webapp.videos.models import Upload

FORM = {"recipe": "auto", "trials": "0", "note": ""}
AT_ONCE = 4


@pytest.fixture
def version(team: Team) -> Version:
    return make_version(team, count=48)


def train(client: Client, version: Version, key: str = "", **changes: str) -> HttpResponse:
    fields = FORM | changes | ({"idempotency_key": key} if key else {})
    return client.post(reverse("training:new", args=[version.pk]), fields)  # type: ignore[return-value]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["the key of the form", ""])
def test_four_equal_requests_at_once_start_one_training(
    version: Version, alice: User, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients, barrier = [signed_in(alice) for _ in range(AT_ONCE)], Barrier(AT_ONCE)
    content_of = idempotency_responses._content_of

    def content_once_all_have_arrived(request: HttpRequest) -> str:
        barrier.wait()
        return content_of(request)

    monkeypatch.setattr(idempotency_responses, "_content_of", content_once_all_have_arrived)

    def send(client: Client) -> HttpResponse:
        try:
            return train(client, version, key)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(send, clients))
    run = TrainingRun.objects.get()
    assert {(each.status_code, each["Location"]) for each in answers} == {(303, reverse("training:run", args=[run.pk]))}
    assert Job.objects.filter(kind=JobKind.TRAIN).count() == 1


@pytest.mark.django_db
class TestSentAgain:
    """One person, one key."""

    def test_the_page_says_the_same_again(self, version: Version, alice: User) -> None:
        client = signed_in(alice)
        first = train(client, version, "k")
        again = signed_in(alice)
        second = train(again, version, "k")
        assert (second.status_code, second["Location"]) == (303, first["Location"])
        assert b"Training started." in again.get(second["Location"]).content
        assert TrainingRun.objects.count() == 1

    def test_the_header_of_a_script_is_a_key_as_well(self, version: Version, alice: User) -> None:
        client, address = signed_in(alice), reverse("training:new", args=[version.pk])
        told: Any = {"headers": {"Idempotency-Key": "from a script", "Accept": "application/json"}}
        answers = [client.post(address, FORM, **told) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert TrainingRun.objects.count() == 1

    def test_another_body_under_the_key_starts_nothing(self, version: Version, alice: User) -> None:
        client = signed_in(alice)
        train(client, version, "k")
        page = train(client, version, "k", note="changed")
        assert page.status_code == 422
        assert "Reload the page and try again" in page.content.decode()
        assert TrainingRun.objects.count() == 1

    def test_a_refused_attempt_uses_up_no_key(self, version: Version, alice: User) -> None:
        client = signed_in(alice)
        assert train(client, version, "k", recipe="unheard of").status_code == 400
        assert train(client, version, "k").status_code == 303
        assert TrainingRun.objects.count() == 1

    def test_a_new_key_is_a_new_training_and_so_is_a_later_request_without(self, version: Version, alice: User) -> None:
        client = signed_in(alice)
        for key in ("one", "two", "", ""):
            assert train(client, version, key).status_code == 303
        assert TrainingRun.objects.count() == 4

    def test_the_key_of_somebody_else_is_another_key(self, version: Version, team: Team, alice: User) -> None:
        for user in (alice, make_user("adam", team=team, role=Role.ADMIN)):
            train(signed_in(user), version, "k")
        assert TrainingRun.objects.count() == 2

    def test_every_drawn_form_has_a_key_of_its_own(self, version: Version, alice: User) -> None:
        address = reverse("training:new", args=[version.pk])
        keys = [signed_in(alice).get(address).content.split(b'name="idempotency_key" value="')[1] for _ in range(2)]
        assert keys[0][:22] != keys[1][:22]

    def test_keys_are_forgotten_after_a_day(self, version: Version, alice: User) -> None:
        train(signed_in(alice), version, "k")
        idempotency_services.clean_up()
        assert AnsweredRequest.objects.count() == 1
        AnsweredRequest.objects.update(answered_at=timezone.now() - timedelta(hours=25))
        idempotency_services.clean_up()
        assert not AnsweredRequest.objects.exists()


@pytest.mark.django_db
def test_an_upload_that_is_announced_twice_is_one(team: Team, bob: User) -> None:
    client = signed_in(bob)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Idempotency-Key": "k"}
    answers = [client.post(reverse("videos:tus_create"), headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Upload.objects.count() == 1
    other = client.post(reverse("videos:tus_create"), headers=headers | {"Upload-Length": "11"})
    assert (other.status_code, Upload.objects.count()) == (422, 1)
