"""The second step of signing in: nobody is in before it, codes work once, and guessing ends soon."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal import auth as totp_auth
from django.conf import settings
from django.core.cache.backends import locmem
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD
from tests.webapp.accounts.factors import STEP_S, app_code, give_app, give_recovery_codes
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts import throttle_services
from webapp.accounts.models import Membership, User
from webapp.accounts.passwords import services as password_services
from webapp.accounts.profile.services import sign_out_everywhere
from webapp.accounts.second_factor import services
from webapp.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still for codes, so that none is a step older than meant."""
    now = int(totp_auth.time.time()) // STEP_S * STEP_S + 5
    monkeypatch.setattr(totp_auth, "time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr("tests.webapp.accounts.factors.time", SimpleNamespace(time=lambda: now))


@pytest.fixture
def step() -> str:
    return reverse("accounts:second_step")


def first_step(user: User, **more: str) -> Client:
    client = Client()
    response = client.post(reverse("accounts:login"), {"username": user.email, "password": PASSWORD, **more})
    assert response["Location"] == reverse("accounts:second_step")
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("accounts:profile")).status_code == 200


def words_of(response: Response) -> str:
    return " ".join(response.content.decode().split())


def test_password_and_code_lead_on_and_the_session_is_a_new_one_each_time(vera: User, noon: None, step: str) -> None:
    give_app(vera)
    client = first_step(vera, next="/team/")
    assert faults_of(client.get(step).content.decode()) == []
    before = client.session.session_key
    response = client.post(step, {"code": app_code()})
    assert (response.status_code, response["Location"]) == (302, "/team/")
    assert is_in(client) and client.session.session_key != before
    assert AuditEntry.objects.filter(action="signed_in").exists()


def test_nobody_is_in_between_the_steps(vera: User, step: str) -> None:
    give_app(vera)
    client = first_step(vera)
    for name in ("accounts:profile", "accounts:team", "videos:library", "people:list", "accounts:app_setup"):
        assert client.get(reverse(name))["Location"].startswith("/sign-in/")
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("accounts:login"))["Location"] == step, "the first step is not lost"
    assert not AuditEntry.objects.filter(action="signed_in").exists()


def test_the_second_step_is_nothing_without_the_first(vera: User, noon: None, step: str) -> None:
    give_app(vera)
    client = Client()
    assert client.get(step)["Location"] == client.post(step, {"code": app_code()})["Location"] == "/sign-in/"
    assert not is_in(client)


def test_who_has_no_factor_is_asked_for_none(vera: User) -> None:
    give_recovery_codes(vera)
    client = Client()
    client.post(reverse("accounts:login"), {"username": vera.email, "password": PASSWORD})
    assert is_in(client)


@pytest.mark.parametrize(("steps_off", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(steps_off: int, is_taken: bool, vera: User, noon: None, step: str) -> None:
    give_app(vera)
    client = first_step(vera)
    response = client.post(step, {"code": app_code(steps_off=steps_off)})
    assert is_in(client) is is_taken
    assert is_taken or "wrong, too old, or has been used" in words_of(response)


def test_a_code_opens_once(vera: User, noon: None, step: str) -> None:
    give_app(vera)
    seen = app_code()
    assert first_step(vera).post(step, {"code": seen}).status_code == 302
    locmem._caches.clear()  # type: ignore[attr-defined]  # as in another web process, which remembers nothing of this one
    replayed = first_step(vera)
    assert replayed.post(step, {"code": seen}).status_code == 200
    assert not is_in(replayed)


def test_a_recovery_code_opens_once_and_tells_how_many_are_left(vera: User, step: str) -> None:
    give_app(vera)
    codes = give_recovery_codes(vera)
    client = first_step(vera)
    client.post(step, {"code": f"{codes[3][:4]} {codes[3][4:]}"})
    assert "9 recovery codes are left." in words_of(client.get(reverse("accounts:profile")))
    assert AuditEntry.objects.filter(action="used_recovery_code").exists()
    again = first_step(vera)
    again.post(step, {"code": codes[3]})
    assert not is_in(again)


def test_the_code_of_somebody_else_opens_nothing(vera: User, bob: User, noon: None, step: str) -> None:
    give_app(vera)
    give_app(bob, "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU")
    client = first_step(vera)
    client.post(step, {"code": app_code("KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU")})
    assert not is_in(client)
    entry = AuditEntry.objects.get(action="sign_in_failed")
    assert (entry.user_name, entry.subject_label) == (vera.email, "Vera")


def test_the_right_password_given_again_does_not_forgive_wrong_codes(vera: User, noon: None, step: str) -> None:
    give_app(vera)
    for _ in range(throttle_services.PER_ACCOUNT_AND_NETWORK):
        first_step(vera).post(step, {"code": "000000"})
    client = first_step(vera)
    assert "Too many attempts" in words_of(client.post(step, {"code": app_code()}))
    assert not is_in(client)


def test_an_account_that_goes_between_the_steps_does_not_get_in(vera: User, bob: User, noon: None, step: str) -> None:
    for user in (vera, bob):
        give_app(user)
    deactivated, deleted = first_step(vera), first_step(bob)
    User.objects.filter(pk=vera.pk).update(is_active=False)
    Membership.objects.filter(user=bob).delete()
    User.objects.filter(pk=bob.pk).delete()
    for client in (deactivated, deleted):
        assert client.get(step)["Location"] == client.post(step, {"code": app_code()})["Location"] == "/sign-in/"
        assert client.get(reverse("accounts:login")).status_code == 200
        assert not is_in(client)


@pytest.mark.parametrize("act", ["new password", "signed out everywhere"])
def test_a_first_step_ends_with_its_password(act: str, vera: User, noon: None, step: str) -> None:
    give_app(vera)
    client = first_step(vera)
    if act == "new password":
        password_services.use(
            password_services.make_link_by_command(vera, command="manage.py"), "a phrase of one's own"
        )
    else:
        sign_out_everywhere(vera)
    assert client.post(step, {"code": app_code()})["Location"] == reverse("accounts:login")
    assert not is_in(client)


def test_strangers_do_not_slow_down_the_second_step_of_others(vera: User, noon: None, step: str) -> None:
    give_app(vera)
    for number in range(throttle_services.PER_ACCOUNT_AND_NETWORK):
        fields = {"username": f"second factor of {vera.pk}", "password": f"guess {number}"}
        Client().post(reverse("accounts:login"), fields)
    client = first_step(vera)
    assert client.post(step, {"code": app_code()}).status_code == 302
    assert is_in(client)


def test_a_secret_stored_under_another_key_opens_nothing(vera: User, noon: None, step: str) -> None:
    app = give_app(vera)
    app.data["secret"] = "gAAAAABnothing"
    app.save()
    client = first_step(vera)
    assert client.post(step, {"code": app_code()}).status_code == 200
    assert not is_in(client)


def test_secrets_are_not_stored_as_they_are(vera: User) -> None:
    app = give_app(vera)
    codes = give_recovery_codes(vera)
    assert not re.search(f"JBSWY3DP|{'|'.join(codes)}", str(list(type(app).objects.values_list("data", flat=True))))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("networks", [1, 100])
def test_of_a_hundred_guesses_at_once_no_more_than_ten_are_checked(
    networks: int, vera: User, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_app(vera)
    session = first_step(vera).cookies[settings.SESSION_COOKIE_NAME].value
    checked: list[str] = []

    def noted(_factor: object, code: str) -> bool:
        checked.append(code)
        return False

    monkeypatch.setattr(services, "_takes", noted)
    barrier = threading.Barrier(100)

    def guess(number: int) -> None:
        client = Client(REMOTE_ADDR=f"10.0.0.{number % networks}")
        client.cookies[settings.SESSION_COOKIE_NAME] = session
        try:
            barrier.wait()
            client.post(step, {"code": f"{number:06}"})
        finally:
            connection.close()

    with ThreadPoolExecutor(100) as pool:
        list(pool.map(guess, range(100)))
    print(f"codes checked of 100 guesses at once from {networks} networks: {len(checked)}")
    assert 0 < len(checked) <= 10
