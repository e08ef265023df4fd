"""Signing in and out, guessing of passwords, and the team a person works in."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.db.models import F
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_team, make_user
from tests.webapp.responses import Response
from webapp.accounts import hashers, throttle_services
from webapp.accounts.context_processors import SESSION_KEY, current_team, team_of
from webapp.accounts.models import Membership, Role, SignInCounter, Team, User

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


def test_guessing_closes_the_door_for_a_while_for_that_network(alice: User) -> None:
    for _ in range(throttle_services.PER_ACCOUNT_AND_NETWORK):
        sign_in("wrong")
    refused = sign_in()
    assert refused.status_code == 200
    assert "Too many attempts" in refused.context["form"].non_field_errors()[0]
    pass_time(throttle_services.WINDOW)
    assert sign_in().status_code == 302


def test_trying_one_password_on_many_accounts_closes_the_door_too(alice: User) -> None:
    for number in range(throttle_services.PER_NETWORK):
        throttle_services.count_attempt(f"{number}@example.org", "10.0.0.1")
    assert sign_in().status_code == 200
    assert sign_in(address="10.0.0.2").status_code == 302


def test_guesses_from_many_networks_are_slowed_down_but_not_where_the_person_is_known(alice: User) -> None:
    assert sign_in(address="10.9.9.9").status_code == 302
    for number in range(throttle_services.UNHINDERED):
        sign_in("wrong", address=f"10.0.0.{number}")
    assert sign_in(address="10.0.1.1").status_code == 200, "no password is checked before the wait is over"
    assert sign_in(address="10.9.9.9").status_code == 302, "strangers cannot lock anybody out"


def test_each_further_guess_waits_twice_as_long_whatever_the_network(alice: User) -> None:
    waits = []
    for number in range(throttle_services.UNHINDERED + 5):
        sign_in("wrong", address=f"10.0.0.{number}")
        slowed = SignInCounter.objects.exclude(next_at=None).first()
        if slowed is not None:
            assert slowed.next_at is not None
            waits.append((slowed.next_at - timezone.now()).total_seconds())
            assert sign_in(address="10.0.1.1").status_code == 200
            SignInCounter.objects.filter(pk=slowed.pk).update(next_at=timezone.now())
    assert waits == pytest.approx([5, 10, 20, 40, 80, 160], abs=2)


def test_neighbours_in_one_network_of_ipv6_are_one(alice: User) -> None:
    for number in range(throttle_services.PER_ACCOUNT_AND_NETWORK):
        sign_in("wrong", address=f"2001:db8:0:1::{number:x}")
    with pytest.raises(throttle_services.TooManyAttempts):
        throttle_services.count_attempt("alice@example.org", "2001:db8:0:1:ffff::1")
    throttle_services.count_attempt("somebody@example.org", "2001:db8:0:2::1")


def test_what_is_not_an_attempt_neither_counts_nor_forgives(alice: User) -> None:
    sign_in("wrong")
    before = list(SignInCounter.objects.order_by("pk").values())
    assert sign_in("", email="").status_code == sign_in("").status_code == 200
    assert list(SignInCounter.objects.order_by("pk").values()) == before


def test_a_right_password_forgets_the_wrong_ones_and_old_ones_are_purged(alice: User) -> None:
    sign_in("wrong")
    sign_in()
    assert SignInCounter.objects.filter(count__gt=0).get().count == 1, "the wrong one counts for the network alone"
    pass_time(timedelta(days=31))
    throttle_services.clean_up()
    assert not SignInCounter.objects.exists()


def test_no_address_is_kept_with_its_attempts(alice: User) -> None:
    sign_in("wrong", email="alice@example.org")
    assert not any("alice" in str(row) or "10.0.0" in str(row) for row in SignInCounter.objects.values())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("networks", [1, 40])
def test_of_forty_guesses_at_once_no_more_than_ten_are_checked(
    networks: int, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    check = User.check_password

    def noted(user: User, word: str) -> bool:
        checked.append(word)
        return check(user, word)

    monkeypatch.setattr(User, "check_password", noted)
    barrier = threading.Barrier(40)

    def guess(number: int) -> None:
        try:
            barrier.wait()
            sign_in(f"guess {number}", address=f"10.0.0.{number % networks}")
        finally:
            connection.close()

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(guess, range(40)))
    assert 0 < len(checked) <= 10


def test_few_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    working = 0
    lock = threading.Lock()

    def encode(*_: object) -> str:
        nonlocal working
        with lock:
            working += 1
            at_once.append(working)
        time.sleep(0.02)
        with lock:
            working -= 1
        return "hash"

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: hashers.PatientPasswordHasher().encode("a", "b"), range(20)))
    assert max(at_once) == hashers.AT_ONCE


def test_who_would_wait_too_long_for_a_hash_is_told(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise hashers.TooBusyToHash

    monkeypatch.setattr("allauth.account.adapter.authenticate", busy)
    response = sign_in()
    assert "Try again in a minute" in response.context["form"].non_field_errors()[0]


def test_passwords_hashed_before_still_open_and_are_not_hashed_anew() -> None:
    ours = hashers.PatientPasswordHasher()
    encoded = PBKDF2PasswordHasher().encode("a long enough phrase", "salt")
    assert ours.verify("a long enough phrase", encoded)
    assert not ours.must_update(encoded) or encoded.split("$")[2] == "salt"


def pass_time(by: timedelta) -> None:
    """As if all attempts had been made earlier."""
    by += timedelta(seconds=1)
    SignInCounter.objects.update(until=F("until") - by, next_at=F("next_at") - by)


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


def test_a_session_that_somebody_planted_does_not_get_signed_in(alice: User) -> None:
    browser = Client()
    session = browser.session
    session["planted"] = "by a stranger"
    session.save()
    planted = str(session.session_key)
    browser.post(reverse("accounts:login"), {"username": alice.email, "password": PASSWORD})
    assert browser.session["_auth_user_id"] == str(alice.pk)
    assert browser.session.session_key != planted
    assert not type(session)(planted).exists(planted)


@pytest.mark.parametrize(
    ("language", "current", "other"), [("zh-hans", "简体中文", "English"), ("en", "English", "简体中文")]
)
def test_languages_have_their_own_names_and_the_current_one_is_no_button(
    client: Client, language: str, current: str, other: str
) -> None:
    page = client.get("/sign-in/", headers={"accept-language": language}).content.decode()
    form = page.partition('class="languages"')[2].partition("</form>")[0]
    assert re.findall(r"<button[^>]*>\s*(.*?)\s*</button>", form) == [other]
    assert re.findall(r"aria-current.*</svg>(.*?)</span>", form) == [current]
