"""What a browser that was left alone must not do asks for a proof, which holds for five minutes."""

from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import PASSWORD
from tests.webapp.accounts.proofs import proved
from tests.webapp.page_checks import faults_of
from webapp.accounts import throttle_services
from webapp.accounts.models import User
from webapp.accounts.reauthentication.queries import HOLDS_S, proved_recently
from webapp.accounts.reauthentication.responses import reauthentication_required

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> str:
    return reverse("accounts:reauthenticate")


def request_of(client: Client, user: User, method: str = "GET", **headers: str) -> HttpRequest:
    request = RequestFactory().generic(method, "/guarded/?a=b", headers=headers)
    request.session, request.user = client.session, user
    request._messages = type("Messages", (), {"add": lambda *_: None})()  # type: ignore[attr-defined]
    return request


def guarded() -> Callable[..., HttpResponse]:
    return reauthentication_required(lambda request: HttpResponse("done"))  # type: ignore[return-value]


def test_a_proof_is_recent_for_five_minutes(vera: User) -> None:
    for ago_s, is_recent in ((0, True), (HOLDS_S - 5, True), (HOLDS_S + 5, False), (-60, False)):
        assert proved_recently(request_of(proved(vera, ago_s=ago_s), vera)) is is_recent
    assert not proved_recently(request_of(signed_in(vera), vera))


def test_signing_in_is_a_proof(vera: User) -> None:
    client = Client()
    client.post(reverse("accounts:login"), {"username": vera.email, "password": PASSWORD})
    assert proved_recently(request_of(client, vera))


def test_the_proof_of_somebody_else_in_the_same_session_is_none(vera: User, bob: User) -> None:
    assert not proved_recently(request_of(proved(vera), bob))


def test_a_page_is_come_back_to_and_a_form_is_sent_again(vera: User, page: str) -> None:
    client = signed_in(vera)
    assert guarded()(request_of(proved(vera), vera)).content == b"done"
    assert guarded()(request_of(client, vera))["Location"] == f"{page}?next=%2Fguarded%2F%3Fa%3Db"
    posted = guarded()(request_of(client, vera, "POST", Referer="http://testserver/where/the/form/is/"))
    assert posted["Location"] == f"{page}?next=%2Fwhere%2Fthe%2Fform%2Fis%2F"
    foreign = guarded()(request_of(client, vera, "POST", Referer="https://evil.example/x/"))
    assert foreign["Location"] == f"{page}?next=%2Fprofile%2F"
    assert guarded()(request_of(client, vera, "POST", Accept="application/json")).status_code == 403


def test_the_password_proves_it_and_leads_on_but_never_away(vera: User, page: str) -> None:
    client = signed_in(vera)
    assert faults_of(client.get(page).content.decode()) == []
    assert client.post(page, {"password": "wrong"}).status_code == 422
    assert not proved_recently(request_of(client, vera))
    response = client.post(page, {"password": PASSWORD, "next": "/team/"})
    assert (response.status_code, response["Location"]) == (303, "/team/")
    assert proved_recently(request_of(client, vera))
    assert client.post(page, {"password": PASSWORD, "next": "//evil.example/"})["Location"] == "/profile/"


def test_the_proof_is_guessed_no_more_often_than_a_sign_in(vera: User, page: str) -> None:
    client = signed_in(vera)
    for _ in range(throttle_services.PER_ACCOUNT_AND_NETWORK):
        assert client.post(page, {"password": "a guess"}).status_code == 422
    assert "Too many attempts" in client.post(page, {"password": PASSWORD}).content.decode()


def test_changing_the_password_is_a_proof(vera: User) -> None:
    client, new = signed_in(vera), "another long enough phrase"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("accounts:change_password"), fields).status_code == 303
    assert proved_recently(request_of(client, vera))
