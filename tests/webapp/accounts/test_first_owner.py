"""The one-time page that creates the owner."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_user
from webapp.accounts.models import Membership, Role, Team, User
from webapp.accounts.services import LinkUsed, create_first_owner, first_owner_token

FORM = {"name": "Alice", "email": "Alice@Example.org", "password": PASSWORD, "team": "Newsroom"}


def link() -> str:
    return reverse("accounts:first_owner", args=[first_owner_token()])


@pytest.mark.django_db
def test_the_link_creates_owner_and_team_and_signs_in() -> None:
    browser = Client()
    assert browser.get(link()).status_code == 200
    response = browser.post(link(), FORM)
    assert (response.status_code, response["Location"]) == (302, reverse("videos:library"))
    owner = User.objects.get()
    assert (owner.email, owner.name, owner.check_password(PASSWORD)) == ("alice@example.org", "Alice", True)
    assert Membership.objects.get(user=owner).role == Role.OWNER
    assert browser.session["_auth_user_id"] == str(owner.pk)


@pytest.mark.django_db
def test_the_link_works_once() -> None:
    Client().post(link(), FORM)
    for response in (Client().get(link()), Client().post(link(), {**FORM, "email": "eve@example.org"})):
        assert response.status_code == 410
    assert User.objects.count() == Team.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "0" * 40, "%F0%9F%98%80"])
def test_a_guessed_link_opens_nothing(token: str) -> None:
    response = Client().post(f"/welcome/{token}/", FORM)
    assert response.status_code == 410
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [("password", "short"), ("password", "password123"), ("email", "nonsense"), ("name", ""), ("team", "")],
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
    assert capsys.readouterr().out.strip() == link()
    make_user("alice")
    with pytest.raises(CommandError):
        call_command("owner_link")
