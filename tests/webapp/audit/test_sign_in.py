"""Signing in, failing to and signing out are recorded in each team of the person, with the address."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_team
from webapp.accounts.models import Membership, Role, Team, User
from webapp.audit.models import INSTALLATION, AuditEntry

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str = "alice@example.org", password: str = PASSWORD) -> None:
    client.post(reverse("accounts:login"), {"username": email, "password": password})


def rows() -> list[tuple[object, ...]]:
    return list(AuditEntry.objects.order_by("pk").values_list("team_id", "action", "user_id", "user_name", "address"))


def test_in_and_out(team: Team, alice: User) -> None:
    other = make_team("Another")
    Membership.objects.create(team=other, user=alice, role=Role.VIEWER)
    client = Client(REMOTE_ADDR="198.51.100.7", headers={"User-Agent": "A browser"})
    sign_in(client)
    client.post(reverse("accounts:logout"))
    assert sorted(rows(), key=str) == sorted(
        [
            (team_id, action, alice.pk, "Alice", "198.51.100.7")
            for team_id in (team.pk, other.pk)
            for action in ("signed_in", "signed_out")
        ],
        key=str,
    )
    assert set(AuditEntry.objects.values_list("agent", flat=True)) == {"A browser"}


def test_a_wrong_password_is_recorded_where_the_account_belongs(team: Team, alice: User) -> None:
    sign_in(Client(REMOTE_ADDR="198.51.100.7"), password="wrong")
    assert rows() == [(team.pk, "sign_in_failed", None, "alice@example.org", "198.51.100.7")]
    assert AuditEntry.objects.get().subject_label == "Alice"


def test_an_unknown_account_is_recorded_for_the_installation(alice: User) -> None:
    sign_in(Client(REMOTE_ADDR="198.51.100.7"), email="nobody@example.org")
    assert rows() == [(INSTALLATION, "sign_in_failed", None, "nobody@example.org", "198.51.100.7")]


def test_no_password_is_ever_written(alice: User) -> None:
    sign_in(Client(), password="a very secret phrase")
    assert "secret" not in str(list(AuditEntry.objects.values()))
