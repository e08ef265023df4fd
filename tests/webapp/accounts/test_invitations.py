"""Links that let one person in: who makes them, who gets in, and every way in which one no longer works."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_invitation, make_user
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.invitations import services
from webapp.accounts.models import Invitation, Membership, Role, Team, User

pytestmark = pytest.mark.django_db

MAY_GIVE: dict[str, set[str]] = {Role.OWNER: set(Role.values), Role.ADMIN: {Role.EDITOR, Role.VIEWER}}

TOKEN = "a-token-of-43-letters"
NEW_PERSON = {"name": "Nina", "email": "nina@example.org", "password": PASSWORD}


def opened(client: Client, token: str = TOKEN) -> tuple[int, str]:
    response = client.get(reverse("accounts:join", args=[token]))
    html = response.content.decode()
    assert faults_of(html) == []
    assert "no-store" in response["Cache-Control"]
    return response.status_code, html


def join(client: Client, token: str = TOKEN, **fields: str) -> Response:
    return client.post(reverse("accounts:join", args=[token]), fields)


def invite(by: User, team: Team, role: str = Role.VIEWER, note: str = "") -> Response:
    fields = {"team": str(team.pk), "role": role, "note": note}
    return signed_in(by).post(reverse("accounts:invite"), fields)


def test_a_link_is_shown_once_and_only_its_hash_is_stored(team: Team, alice: User) -> None:
    made = invite(alice, team, note="For Nina")
    assert faults_of(made.content.decode()) == []
    link = made.context["link"]
    token = link.split("/")[-2]
    assert link.startswith("http://testserver/join/") and len(token) == 43
    stored = Invitation.objects.get()
    assert token not in str(vars(stored))
    assert stored.expires_at - stored.created_at > timedelta(days=6, hours=23)
    page = signed_in(alice).get(reverse("accounts:team")).content.decode()
    assert "For Nina" in page and token not in page
    assert opened(Client(), token)[0] == 200


@pytest.mark.parametrize("by", Role.values)
def test_nobody_invites_to_a_role_that_they_may_not_give(by: str, team: Team, charlie: User) -> None:
    user = make_user(team=team, role=by)
    may = MAY_GIVE.get(by, set())
    for role in [*Role.values, "emperor"]:
        invite(user, team, role)
    assert set(Invitation.objects.values_list("role", flat=True)) == may
    assert invite(charlie, team).status_code == 404
    if not may:
        with pytest.raises(services.MayNotInvite):
            services.invite(team, Role.VIEWER, by=user)


def test_a_new_person_makes_an_account_on_the_page_and_is_in(team: Team) -> None:
    invitation = make_invitation(team, TOKEN, role=Role.EDITOR)
    client = Client()
    assert team.name in opened(client)[1]
    client.session["planted"] = "yes"
    before = client.session.session_key
    response = join(client, **NEW_PERSON)
    assert (response.status_code, response["Location"]) == (303, reverse("videos:library"))
    assert client.session.session_key != before, "a session that somebody planted is not the one signed in"
    member = Membership.objects.get(user__email="nina@example.org")
    assert (member.team, member.role) == (team, Role.EDITOR)
    invitation.refresh_from_db()
    assert (invitation.used_by, bool(invitation.used_at)) == (member.user, True)
    assert client.get(reverse("videos:library")).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"email": "nina"}, {"password": "short"}, {"password": "passwordpassword"}]
)
def test_what_is_wrong_with_a_new_account_is_said_and_the_link_stays(wrong: dict[str, str], team: Team) -> None:
    make_invitation(team, TOKEN)
    if wrong.get("password") == "passwordpassword":
        wrong = {"password": NEW_PERSON["email"]}
    response = join(Client(), **NEW_PERSON | wrong)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert not User.objects.filter(email="nina@example.org").exists()
    assert opened(Client())[0] == 200


@pytest.mark.parametrize("email", ["bob@example.org", "Bob@Example.ORG", "BOB@example.org"])
def test_an_address_in_another_case_is_the_same_account(email: str, team: Team) -> None:
    make_user("bob")
    make_invitation(team, TOKEN)
    response = join(Client(), **NEW_PERSON | {"email": email})
    assert response.status_code == 422
    assert "Sign in to join" in response.content.decode()
    assert User.objects.filter(email__iexact="bob@example.org").count() == 1


def test_an_address_in_another_unicode_form_is_the_same_account(team: Team) -> None:
    User.objects.create_user("nina@b\u00fccher.example", PASSWORD, name="Nina")
    make_invitation(team, TOKEN)
    assert join(Client(), **NEW_PERSON | {"email": "nina@bu\u0308cher.example"}).status_code == 422
    fields = {"username": "Nina@BU\u0308CHER.example", "password": PASSWORD}
    assert Client().post(reverse("accounts:login"), fields).status_code == 302


def test_somebody_with_an_account_joins_with_it(team: Team, charlie: User) -> None:
    make_invitation(team, TOKEN)
    client = signed_in(charlie)
    assert charlie.email in opened(client)[1]
    before = client.session.session_key
    assert join(client).status_code == 303
    assert client.session.session_key != before
    assert set(charlie.teams.values_list("name", flat=True)) == {"Newsroom", "Elsewhere"}
    assert "Newsroom" in client.get(reverse("videos:library")).content.decode()
    assert client.session["team"] == str(team.pk)


def test_the_wrong_account_can_be_left_on_the_way(team: Team, charlie: User) -> None:
    make_invitation(team, TOKEN)
    here = reverse("accounts:join", args=[TOKEN])
    response = signed_in(charlie).post(reverse("accounts:logout"), {"next": here})
    assert response["Location"] == here
    signing_in = Client().post(
        reverse("accounts:login"), {"username": charlie.email, "password": PASSWORD, "next": here}
    )
    assert signing_in["Location"] == here


def test_a_member_does_not_use_up_the_link(team: Team, alice: User, vera: User) -> None:
    invitation = make_invitation(team, TOKEN, created_by=alice, role=Role.ADMIN)
    assert "already in" in opened(signed_in(vera))[1]
    join(signed_in(vera))
    invitation.refresh_from_db()
    assert invitation.used_at is None
    assert Membership.objects.get(user=vera).role == Role.VIEWER
    with pytest.raises(services.AlreadyMember):
        services.join(invitation, vera)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("used", "already been used"),
        ("expired", "has expired"),
        ("revoked", "was withdrawn"),
        ("inviter removed", "no longer works"),
        ("inviter demoted", "no longer works"),
        ("inviter deactivated", "no longer works"),
        ("inviter deleted", "no longer works"),
        ("never made", "does not work"),
    ],
)
def test_a_link_that_does_not_work_says_why_and_lets_nobody_in(way: str, words: str, team: Team, charlie: User) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    invitation = make_invitation(team, TOKEN, created_by=admin)
    now = timezone.now()
    rows = Invitation.objects.filter(pk=invitation.pk)
    acts = {
        "used": lambda: rows.update(used_at=now),
        "expired": lambda: rows.update(expires_at=now),
        "revoked": lambda: rows.update(revoked_at=now),
        "inviter removed": lambda: Membership.objects.filter(user=admin).delete(),
        "inviter demoted": lambda: Membership.objects.filter(user=admin).update(role=Role.EDITOR),
        "inviter deactivated": lambda: User.objects.filter(pk=admin.pk).update(is_active=False),
        "inviter deleted": lambda: admin.delete(),
        "never made": lambda: rows.delete(),
    }
    acts[way]()
    for client in (Client(), signed_in(charlie)):
        status, html = opened(client)
        assert (status, words in html) == (410, True)
        assert join(client, **NEW_PERSON).status_code == 410
    assert not User.objects.filter(email="nina@example.org").exists()
    assert not Membership.objects.filter(team=team, user=charlie).exists()


def test_what_closes_between_page_and_button_makes_no_account(team: Team) -> None:
    invitation = make_invitation(team, TOKEN)
    Invitation.objects.update(revoked_at=timezone.now())
    with pytest.raises(services.InvitationClosed):
        services.join_as_new_person(invitation, **NEW_PERSON)
    assert not User.objects.filter(email="nina@example.org").exists()


def test_too_many_passwords_at_once_are_an_answer_and_no_error(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    make_invitation(team, TOKEN)

    def encode(*_: object, **__: object) -> str:
        raise TooBusyToHash

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    response = join(Client(), **NEW_PERSON)
    assert response.status_code == 422
    assert "in a minute" in response.content.decode()
    assert Invitation.objects.get().used_at is None


def test_managers_revoke_what_they_may_give(team: Team, alice: User, bob: User, charlie: User) -> None:
    for_viewer, for_admin = make_invitation(team, TOKEN), make_invitation(team, role=Role.ADMIN)
    admin = make_user(team=team, role=Role.ADMIN)

    def revoked(by: User, invitation: Invitation) -> int:
        return signed_in(by).post(reverse("accounts:revoke", args=[invitation.pk])).status_code

    assert [revoked(user, for_viewer) for user in (bob, charlie)] == [404, 404]
    assert revoked(admin, for_admin) == 404
    assert opened(Client())[0] == 200
    assert revoked(admin, for_viewer) == revoked(alice, for_admin) == 303
    assert opened(Client())[0] == 410
    assert signed_in(alice).get(reverse("accounts:revoke", args=[for_admin.pk])).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_one_link_at_once_one_gets_in(team: Team) -> None:
    invitation = make_invitation(team, TOKEN)
    barrier = threading.Barrier(4)

    def use(number: int) -> None:
        barrier.wait()
        try:
            services.join_as_new_person(invitation, **NEW_PERSON | {"email": f"{number}@example.org"})
        except services.InvitationClosed:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Membership.objects.filter(team=team, role=Role.VIEWER).count() == 1
    assert User.objects.filter(name="Nina").count() == 1


def test_passwords_are_not_hashed_while_the_database_is_locked(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths = []
    outside = len(connection.savepoint_ids)
    encode = MD5PasswordHasher.encode

    def noted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        depths.append(len(connection.savepoint_ids) - outside)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    make_invitation(team, TOKEN, created_by=alice)
    assert join(Client(), **NEW_PERSON).status_code == 303
    assert depths and set(depths) == {0}
