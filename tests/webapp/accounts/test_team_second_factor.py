"""A team that requires a second factor keeps members without one out; and what is done about a lost one."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_team, make_user
from tests.factories_videos import make_video
from tests.webapp.accounts.factors import app_code, give_app, give_recovery_codes
from tests.webapp.accounts.proofs import proved
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp import access
from webapp.accounts.closing.queries import owned_alone
from webapp.accounts.models import AccessToken, Membership, Role, Team, TokenScope, User
from webapp.accounts.second_factor.queries import has_second_factor
from webapp.accounts.session_queries import SignIn, sign_in_of
from webapp.audit.models import AuditEntry
from webapp.jobs.open_socket_services import Permit, valid_permits

pytestmark = pytest.mark.django_db
PAGE = {"Accept": "text/html,application/xhtml+xml"}
WALL = "asks for a second factor"


@pytest.fixture
def strict(team: Team) -> Team:
    """The team, which requires a second factor."""
    team.requires_second_factor = True
    team.save()
    return team


def require(client: Client, team: Team, required: str = "yes") -> Response:
    return client.post(reverse("accounts:require_second_factor"), {"team": str(team.pk), "required": required})


def page(client: Client, name: str, **query: str) -> str:
    return client.get(reverse(name), query, headers=PAGE).content.decode()


def sign_in_of_client(client: Client, user: User) -> SignIn:
    return sign_in_of(client.session, user.pk)


def test_only_an_owner_with_a_second_factor_and_a_recent_proof_requires_it(alice: User, vera: User, team: Team) -> None:
    assert require(proved(alice), team)["Location"] == reverse("accounts:profile")
    admin = make_user("ada", team=team, role=Role.ADMIN)
    for user in (alice, vera, admin):
        give_app(user)
    assert require(proved(vera, by="mfa"), team).status_code == 404
    assert require(proved(admin, by="mfa"), team).status_code == 404
    assert require(signed_in(alice), team)["Location"].startswith(reverse("accounts:reauthenticate"))
    assert not Team.objects.get().requires_second_factor
    require(proved(alice, by="mfa"), team)
    assert Team.objects.get().requires_second_factor
    require(proved(alice, by="mfa"), team, "no")
    assert not Team.objects.get().requires_second_factor
    entries = AuditEntry.objects.filter(action="changed_setting").order_by("pk")
    assert [each.after for each in entries] == ['{"requires_second_factor":true}', '{"requires_second_factor":false}']


def test_a_member_without_one_sees_words_in_place_of_the_team(strict: Team, vera: User) -> None:
    video, client = make_video(team=strict), signed_in(vera)
    for name in ("videos:library", "people:list", "accounts:team", "training:list", "deleted"):
        html = page(client, name)
        assert WALL in html and faults_of(html) == []
    assert not access.visible_videos(vera).filter(pk=video.pk).exists()
    assert client.get(reverse("videos:detail", args=[video.pk])).status_code == 404, "without words neither"
    for name in ("accounts:profile", "accounts:app_setup", "accounts:reauthenticate"):
        assert WALL not in page(client, name)


def test_setting_one_up_opens_the_team(strict: Team, vera: User) -> None:
    client = proved(vera)
    html = page(client, "accounts:app_setup")
    secret = html.partition('class="secret"')[2].partition(">")[2].partition("<")[0].replace(" ", "")
    client.post(reverse("accounts:app_setup"), {"code": app_code(secret)}, headers=PAGE)
    assert WALL not in page(client, "videos:library")
    assert access.visible_teams(vera).get() == strict


def test_who_removes_the_last_one_is_told_which_teams_close(strict: Team, alice: User) -> None:
    app = give_app(alice)
    html = proved(alice, by="mfa").get(reverse("accounts:remove_factor", args=[app.pk])).content.decode()
    assert f"{strict.name} {WALL}".replace("asks", "asks its members") in html and faults_of(html) == []


def test_such_a_member_switches_leaves_and_signs_out(strict: Team, vera: User) -> None:
    other = make_team("Archive")
    Membership.objects.create(team=other, user=vera, role=Role.VIEWER)
    client = signed_in(vera)
    assert "Archive" in page(client, "videos:library")
    switch = reverse("accounts:switch_team")
    client.post(switch, {"team": str(other.pk)}, headers=PAGE)
    assert WALL not in page(client, "videos:library")
    client.post(switch, {"team": str(strict.pk)}, headers=PAGE)
    assert WALL in page(client, "videos:library")
    assert "Leave" in page(client, "accounts:leave", team=str(strict.pk))
    client.post(reverse("accounts:leave"), {"team": str(strict.pk)}, headers=PAGE)
    assert WALL not in page(client, "videos:library")
    assert not Membership.objects.filter(team=strict, user=vera).exists()


def test_an_owner_whom_the_team_keeps_out_still_cannot_leave_it_without_one(strict: Team, alice: User) -> None:
    assert not access.owned_teams(alice).exists()
    assert [each.team for each in owned_alone(alice)] == [strict]
    proved(alice).post(reverse("accounts:delete_account"), {"sure": "yes"}, headers=PAGE)
    signed_in(alice).post(reverse("accounts:leave"), {"team": str(strict.pk)}, headers=PAGE)
    assert Membership.objects.filter(team=strict, user=alice, user__is_active=True).exists()


def test_tokens_and_open_sockets_of_such_a_member_reach_nothing(team: Team, vera: User, bob: User) -> None:
    give_app(bob)
    permits = {Permit(sign_in_of_client(signed_in(user), user), team.pk) for user in (vera, bob)}
    assert valid_permits(permits) == permits
    Team.objects.update(requires_second_factor=True)
    assert {each.sign_in.user_id for each in valid_permits(permits)} == {bob.pk}
    for user, expected in ((vera, 0), (bob, 1)):
        user.access_token = AccessToken(team=team, user=user, scope=TokenScope.READ)
        assert access.visible_teams(user).count() == access.joined_teams(user).count() == expected


def test_admins_see_who_has_one_and_members_do_not(strict: Team, alice: User, bob: User, vera: User) -> None:
    for user in (alice, bob):
        give_app(user)
    html = page(signed_in(alice), "accounts:team")
    assert html.count("Has a second factor") == 2 and html.count("No second factor yet") == 1
    assert "Has a second factor" not in page(signed_in(bob), "accounts:team")


def lost(client: Client, user: User, team: Team) -> Response:
    member = Membership.objects.get(user=user, team=team)
    return client.post(reverse("accounts:lost_factor", args=[member.pk]))


def test_an_owner_removes_a_lost_one_and_the_sessions_end(team: Team, alice: User, vera: User) -> None:
    give_app(vera)
    give_recovery_codes(vera)
    elsewhere, client = signed_in(vera), proved(alice)
    member = Membership.objects.get(user=vera)
    assert faults_of(client.get(reverse("accounts:lost_factor", args=[member.pk])).content.decode()) == []
    assert lost(client, vera, team).status_code == 303
    assert not has_second_factor(vera)
    assert elsewhere.get(reverse("accounts:profile")).status_code == 302
    entry = AuditEntry.objects.get(action="removed_second_factor")
    assert (entry.user_id, entry.subject_label) == (alice.pk, "Vera")
    browser = Client()
    browser.post(reverse("accounts:login"), {"username": vera.email, "password": PASSWORD})
    assert "_auth_user_id" in browser.session


def test_nobody_removes_that_of_who_is_also_in_a_team_that_they_do_not_manage(
    team: Team, alice: User, bob: User, vera: User
) -> None:
    admin = make_user("ada", team=team, role=Role.ADMIN)
    for user in (alice, admin, vera):
        give_app(user)
    assert lost(proved(bob), vera, team).status_code == 404, "an editor manages nobody"
    assert lost(proved(admin, by="mfa"), alice, team).status_code == 404, "nor an admin an owner"
    assert lost(proved(alice, by="mfa"), alice, team).status_code == 404, "nor anybody themselves"
    assert lost(proved(alice, by="password"), vera, team)["Location"].startswith(reverse("accounts:reauthenticate"))
    Membership.objects.create(team=make_team("Elsewhere"), user=vera, role=Role.VIEWER)
    assert lost(proved(alice, by="mfa"), vera, team).status_code == 404
    assert has_second_factor(vera)


def test_who_runs_the_installation_removes_any(vera: User, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    give_app(vera)
    call_command("remove_second_factor", " Vera@Example.ORG")
    assert "vera@example.org now signs in" in capsys.readouterr().out
    assert not has_second_factor(vera)
    assert AuditEntry.objects.get(action="removed_second_factor").user_name == "manage.py"
    for email in ("vera@example.org", "nobody@example.org"):
        with pytest.raises(CommandError):
            call_command("remove_second_factor", email)
