"""The one-time page that creates the owner."""

import logging
import sys
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import PASSWORD, make_user
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.models import FirstOwnerLink, Membership, Role, Team, User
from webapp.accounts.services import LinkUsed, create_first_owner, new_first_owner_token
from webapp.logs import HidesLinks, logging_config
from webapp.supervisor import installation

FORM = {"name": "Alice", "email": "Alice@Example.org", "password": PASSWORD, "team": "Newsroom"}


def link() -> str:
    return reverse("accounts:first_owner", args=[new_first_owner_token()])


@pytest.mark.django_db
def test_the_link_creates_owner_and_team_and_signs_in() -> None:
    browser, address = Client(), link()
    assert browser.get(address).status_code == 200
    response = browser.post(address, FORM)
    assert (response.status_code, response["Location"]) == (302, reverse("videos:library"))
    owner = User.objects.get()
    assert (owner.email, owner.name, owner.check_password(PASSWORD)) == ("alice@example.org", "Alice", True)
    assert Membership.objects.get(user=owner).role == Role.OWNER
    assert browser.session["_auth_user_id"] == str(owner.pk)


@pytest.mark.django_db
def test_the_link_works_once() -> None:
    address = link()
    Client().post(address, FORM)
    for old in (address, link()):
        for response in (Client().get(old), Client().post(old, {**FORM, "email": "eve@example.org"})):
            assert response.status_code == 410
    assert User.objects.count() == Team.objects.count() == 1


@pytest.mark.django_db
def test_a_newer_link_replaces_the_one_before() -> None:
    older, newer = link(), link()
    assert older != newer
    assert Client().get(older).status_code == 410
    assert Client().get(newer).status_code == 200


@pytest.mark.django_db
def test_the_link_expires() -> None:
    address = link()
    FirstOwnerLink.objects.update(expires_at=timezone.now())
    assert Client().post(address, FORM).status_code == 410
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_used_link_does_not_live_again_when_all_accounts_are_gone() -> None:
    address = link()
    Client().post(address, FORM)
    User.objects.all().delete()
    assert Client().get(address).status_code == 410


@pytest.mark.django_db
def test_the_database_does_not_hold_the_link() -> None:
    token = new_first_owner_token()
    assert token not in str(list(FirstOwnerLink.objects.values()))


@pytest.mark.django_db
@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_a_terminal_gets_the_link_at_the_start(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    words = installation.welcome("http://localhost:8000")
    assert ("/welcome/" in words) is is_terminal
    assert ("owner_link" in words) is not is_terminal


def test_an_error_in_a_log_does_not_show_the_link(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "%s: %s", ("Oops", "/welcome/abc123/"), None)
    assert HidesLinks().filter(record)
    assert record.getMessage() == "Oops: /welcome/.../"
    assert "links" in logging_config(as_json=False)["handlers"]["stderr"]["filters"]


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "0" * 40, "%F0%9F%98%80"])
def test_a_guessed_link_opens_nothing(token: str) -> None:
    response = Client().post(f"/welcome/{token}/", FORM)
    assert response.status_code == 410
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "elevenchars"),
        ("password", "q1w2e3r4t5y6"),
        ("email", "nonsense"),
        ("name", ""),
        ("team", ""),
    ],
)
def test_what_cannot_be_accepted_is_said_and_nothing_is_created(field: str, value: str) -> None:
    response = Client().post(link(), {**FORM, field: value})
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    assert not User.objects.exists()
    assert not Team.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_becomes_the_owner() -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def claim(email: str) -> None:
        try:
            barrier.wait()
            create_first_owner(email=email, name="", password=PASSWORD, team="Newsroom")
            outcomes.append("owner")
        except LinkUsed:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(f"{name}@example.org",)) for name in ("alice", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["owner", "too late"]
    assert User.objects.count() == Membership.objects.count() == Team.objects.count() == 1


@pytest.mark.django_db
def test_the_command_prints_the_link_until_there_is_an_owner(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("owner_link")
    assert Client().get(capsys.readouterr().out.strip()).status_code == 200
    make_user("alice")
    with pytest.raises(CommandError):
        call_command("owner_link")


@pytest.mark.expects_errors
@pytest.mark.django_db
def test_whoever_would_wait_too_long_for_a_hash_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise TooBusyToHash

    monkeypatch.setattr(User, "set_password", busy)
    response = Client().post(link(), FORM)
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert "try again in a minute" in response.content.decode()
    assert not User.objects.exists()
