"""Signing in and out, guessing of passwords, and the team a person works in."""

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_team, make_user
from tests.webapp.responses import Response
from webapp.accounts import throttle_services
from webapp.accounts.context_processors import SESSION_KEY, current_team, team_of
from webapp.accounts.models import FailedSignIn, Membership, Role, Team, User

pytestmark = pytest.mark.django_db


def sign_in(password: str = PASSWORD, email: str = "alice@example.org", address: str = "10.0.0.1") -> Response:
    fields = {"username": email, "password": password}
    return Client(REMOTE_ADDR=address).post(reverse("accounts:login"), fields)


@pytest.mark.parametrize(
    "email", ["alice@example.org", "Alice@Example.ORG", " alice@example.org ", "ａlice@example.org"]
)
def test_signing_in_leads_to_the_library(alice: User, email: str) -> None:
    response = sign_in(email=email)
    assert (response.status_code, response["Location"]) == (302, reverse("videos:library"))


def test_wrong_passwords_and_unknown_people_get_the_same_words(alice: User) -> None:
    wrong, unknown = sign_in("wrong"), sign_in(email="nobody@example.org")
    words = [response.context["form"].non_field_errors()[0] for response in (wrong, unknown)]
    assert words[0] == words[1]
    assert "wrong" in words[0]


def test_guessing_closes_the_door_for_a_while_for_that_address_only(alice: User) -> None:
    for _ in range(throttle_services.PER_ACCOUNT):
        sign_in("wrong")
    refused = sign_in()
    assert refused.status_code == 200
    assert "Too many attempts" in refused.context["form"].non_field_errors()[0]
    assert sign_in(address="10.0.0.2").status_code == 302
    FailedSignIn.objects.update(at=timezone.now() - throttle_services.WINDOW - timedelta(seconds=1))
    assert sign_in().status_code == 302


def test_trying_one_password_on_many_accounts_closes_the_door_too(alice: User) -> None:
    FailedSignIn.objects.bulk_create(
        FailedSignIn(email=f"{number}@example.org", address="10.0.0.1")
        for number in range(throttle_services.PER_ADDRESS)
    )
    assert sign_in().status_code == 200


def test_a_right_password_forgets_the_wrong_ones_and_old_ones_are_purged(alice: User) -> None:
    sign_in("wrong")
    sign_in()
    assert not FailedSignIn.objects.exists()
    sign_in("wrong")
    FailedSignIn.objects.update(at=timezone.now() - timedelta(days=1))
    throttle_services.clean_up()
    assert not FailedSignIn.objects.exists()


def test_signing_out_takes_a_post(alice: User) -> None:
    browser = signed_in(alice)
    assert browser.get(reverse("accounts:logout")).status_code == 405
    assert browser.post(reverse("accounts:logout")).status_code == 302
    assert "_auth_user_id" not in browser.session


def test_signing_in_never_leads_to_another_web_site(alice: User) -> None:
    fields = {"username": "alice@example.org", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post(reverse("accounts:login"), fields)["Location"] == reverse("videos:library")


def test_forms_from_other_web_sites_are_refused(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    response = browser.post(reverse("accounts:login"), {"username": "alice@example.org", "password": PASSWORD})
    assert response.status_code == 403


def chosen_team(user: User, session: dict[str, str]) -> Team | None:
    request = RequestFactory().get("/")
    request.user = user
    request.session = session  # type: ignore[assignment]
    return team_of(request)


def test_a_person_works_in_the_chosen_team_or_the_first(alice: User, team: Team) -> None:
    second = make_team("Archive")
    Membership.objects.create(team=second, user=alice, role=Role.VIEWER)
    assert chosen_team(alice, {}) == team
    assert chosen_team(alice, {SESSION_KEY: str(second.pk)}) == second


def test_a_team_that_a_person_is_not_in_cannot_be_chosen(alice: User, team: Team) -> None:
    assert chosen_team(alice, {SESSION_KEY: str(make_team().pk)}) == team


def test_people_without_a_team_and_strangers_have_none() -> None:
    assert chosen_team(make_user(), {}) is None
    assert current_team(RequestFactory().get("/")) == {"team": None, "my_teams": []}
