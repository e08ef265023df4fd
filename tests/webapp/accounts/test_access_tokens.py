"""The pages of access tokens: who makes them with which scope, sees them and revokes them; what the audit log tells."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_team, make_token, make_user
from tests.webapp.accounts.proofs import proved
from tests.webapp.audit.entries import breaks
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts.models import AccessToken, Membership, Role, Team, TokenScope, User
from webapp.accounts.tokens import services
from webapp.audit.action_choices import Action
from webapp.audit.models import AuditEntry
from webapp.digests import sha256_of

pytestmark = pytest.mark.django_db


def make(client: Client, team: Team, scope: str = "write", days: object = 90, name: str = "Night upload") -> Response:
    fields = {"name": name, "team": str(team.pk), "scope": scope, "days": str(days)}
    return client.post(reverse("accounts:new_token"), fields)


def test_a_token_is_shown_once_and_stored_as_a_hash(team: Team, bob: User) -> None:
    client = proved(bob)
    assert faults_of(client.get(reverse("accounts:new_token")).content.decode()) == []
    made = make(client, team)
    html = made.content.decode()
    assert faults_of(html) == []
    assert "no-store" in made["Cache-Control"]
    found = re.search(r'value="(rct_[0-9a-f]{48})"', html)
    assert found is not None
    token = AccessToken.objects.get()
    assert token.token_hash == sha256_of(found[1])
    assert (token.user, token.team, token.scope, token.name) == (bob, team, "write", "Night upload")
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    listed = client.get(reverse("accounts:tokens")).content.decode()
    assert faults_of(listed) == []
    assert "Night upload" in listed and "never used" in listed and found[1] not in listed
    stored = str(list(AuditEntry.objects.values())) + str(list(AccessToken.objects.values()))
    assert found[1] not in stored


def test_a_browser_that_was_left_alone_makes_no_token(team: Team, bob: User) -> None:
    assert make(proved(bob, ago_s=3600), team).status_code == 303
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("role", Role.values)
def test_nobody_makes_a_token_that_may_more_than_they_do(role: str, team: Team) -> None:
    user = make_user(team=team, role=role)
    client = proved(user)
    may = {Role.VIEWER: {"read"}, Role.EDITOR: {"read", "write"}}.get(Role(role), set(TokenScope.values))
    given = {scope for scope in TokenScope.values if make(client, team, scope).status_code == 200}
    assert given == may == set(AccessToken.objects.values_list("scope", flat=True))


@pytest.mark.parametrize("days", [0, 366, -1, "soon", ""])
def test_every_token_expires_within_a_year(days: object, team: Team, bob: User) -> None:
    assert make(proved(bob), team, days=days).status_code == 422
    assert not AccessToken.objects.exists()


def test_no_token_is_made_for_another_team_nor_without_end(
    monkeypatch: pytest.MonkeyPatch, team: Team, bob: User
) -> None:
    client = proved(bob)
    assert make(client, make_team("Elsewhere")).status_code == 422
    monkeypatch.setattr(services, "MOST_TOKENS", 1)
    assert [make(client, team).status_code for _ in range(2)] == [200, 303]
    assert AccessToken.objects.count() == 1


def test_one_revokes_ones_own_and_admins_those_of_whom_they_manage(
    team: Team, alice: User, bob: User, vera: User, charlie: User
) -> None:
    admin = make_user("ada", team=team, role=Role.ADMIN)
    of_bob, of_admin = make_token(bob, team, name="Of Bob"), make_token(admin, team, name="Of Ada")
    elsewhere = make_token(bob, _second_team(bob), name="Elsewhere")
    page = signed_in(admin).get(reverse("accounts:team")).content.decode()
    assert faults_of(page) == []
    assert "Of Bob" in page and "Of Ada" not in page and "Elsewhere" not in page
    assert "Of Bob" not in signed_in(vera).get(reverse("accounts:team")).content.decode()
    for user, token in ((vera, of_bob), (charlie, of_bob), (admin, of_admin), (alice, elsewhere), (bob, of_bob)):
        address = reverse("accounts:revoke_member_token", args=[token.pk])
        assert signed_in(user).post(address).status_code == 404, user
    for user, token in ((vera, of_bob), (alice, of_bob)):
        assert signed_in(user).post(reverse("accounts:revoke_token", args=[token.pk])).status_code == 404
    assert not AccessToken.objects.exclude(revoked_at=None).exists()
    signed_in(admin).post(reverse("accounts:revoke_member_token", args=[of_bob.pk]))
    signed_in(admin).post(reverse("accounts:revoke_token", args=[of_admin.pk]))
    assert AccessToken.objects.get(revoked_at=None) == elsewhere
    assert "Of Bob" not in signed_in(bob).get(reverse("accounts:tokens")).content.decode()


def _second_team(user: User) -> Team:
    team = make_team("Second")
    Membership.objects.create(team=team, user=user, role=Role.EDITOR)
    return team


def test_making_and_revoking_are_recorded(team: Team, alice: User, bob: User) -> None:
    make(proved(bob), team)
    token = AccessToken.objects.get()
    signed_in(alice).post(reverse("accounts:revoke_member_token", args=[token.pk]))
    assert not services.revoke(token, by=alice), "once is enough"
    columns = ("user_name", "action", "subject_kind", "subject_label", "before", "after")
    rows = list(AuditEntry.objects.filter(subject_kind="token").order_by("number").values_list(*columns))
    scope = {"expires": token.expires_at.date().isoformat(), "scope": "write"}
    assert [(*row[:4], *(text and json.loads(text) for text in row[4:])) for row in rows] == [
        ("Bob", Action.MADE_TOKEN, "token", "Night upload", "", scope),
        ("Alice", Action.REVOKED_TOKEN, "token", "Night upload", {"name": "Bob"}, ""),
    ]
    assert breaks() == []
    assert "Created access token" in signed_in(alice).get("/audit/").content.decode()


def test_an_expired_token_is_shown_for_a_while_and_then_goes(team: Team, bob: User) -> None:
    token = make_token(bob, team, name="Old", expires_at=timezone.now())
    page = signed_in(bob).get(reverse("accounts:tokens")).content.decode()
    assert "Old" in page and "Expired" in page
    services.clean_up()
    assert AccessToken.objects.filter(pk=token.pk).exists()
    AccessToken.objects.update(expires_at=timezone.now() - services.KEPT_FOR - timedelta(seconds=1))
    services.clean_up()
    assert not AccessToken.objects.exists()
