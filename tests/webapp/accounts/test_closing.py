"""Ending one's account: for a while or for good, with what stays, what goes, and who may not go yet."""

import re
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_invitation, make_team, make_user
from tests.factories_datasets import make_dataset, make_import
from tests.factories_videos import make_upload, make_video
from tests.webapp.accounts.proofs import proved
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp import storage
from webapp.accounts.closing import queries, services
from webapp.accounts.invitations import services as invitations
from webapp.accounts.models import Invitation, Membership, PasswordLink, Role, Team, TokenScope, User
from webapp.accounts.passwords import services as password_services
from webapp.accounts.tokens import services as tokens
from webapp.audit.models import AuditEntry
from webapp.datasets.models import Import, ImportUpload
from webapp.jobs import open_socket_services
from webapp.people.acts import services as people_acts
from webapp.people.models import Event, Person
from webapp.uploads import partial_files
from webapp.videos.models import Upload, Video

pytestmark = pytest.mark.django_db

OWN = {
    "accounts.User_groups",
    "accounts.User_user_permissions",
    "accounts.AccessToken",
    "accounts.EmailChange",
    "accounts.Membership",
    "accounts.PasswordLink",
    "jobs.AnsweredRequest",
    "jobs.Turn",
    "sharing.ShareLink",
    "uploads.StorageAccount",
    "videos.Favourite",
    "account.EmailAddress",
    "mfa.Authenticator",
    "socialaccount.SocialAccount",
    "usersessions.UserSession",
}
"""What is a person's own, and goes with the account. Whatever else refers to accounts is a team's, and stays."""


def delete(user: User) -> Response:
    return proved(user).post(reverse("accounts:delete_account"), {"sure": "yes"})


def deactivate(user: User) -> Response:
    return proved(user).post(reverse("accounts:deactivate"), {"sure": "yes"})


def can_sign_in(email: str) -> bool:
    fields = {"username": email, "password": PASSWORD}
    return Client().post(reverse("accounts:login"), fields).headers.get("Location") == reverse("videos:library")


def said_at_sign_in(user: User, password: str) -> str:
    html = Client().post(reverse("accounts:login"), {"username": user.email, "password": password}).content.decode()
    return "".join(re.findall(r'notice-bad" role="alert">(.*?)</div>', html, re.DOTALL))


def page(user: User, name: str) -> str:
    response = proved(user).get(reverse(name))
    html = response.content.decode()
    assert (response.status_code, faults_of(html)) == (200, [])
    return html


def test_only_what_is_ones_own_goes_with_an_account() -> None:
    assert {each.related_model._meta.label for each in services.own_relations()} == OWN
    of_teams = [each for each in services.relations() if each.on_delete is not models.CASCADE]
    assert len(of_teams) > 15 and {each.on_delete for each in of_teams} == {models.SET_NULL}


def test_both_ask_for_a_proof_and_a_tick(bob: User) -> None:
    for name in ("close_account", "deactivate", "delete_account"):
        client = signed_in(bob)
        response = (
            client.get(reverse(f"accounts:{name}"))
            if "close" in name
            else client.post(reverse(f"accounts:{name}"), {"sure": "yes"})
        )
        assert "/confirm/" in response["Location"]
    for name in ("deactivate", "delete_account"):
        assert proved(bob).post(reverse(f"accounts:{name}")).status_code == 303
    bob.refresh_from_db()
    assert bob.is_active and bob.deleted_at is None
    assert "Delete account" in page(bob, "accounts:close_account")


def test_the_last_owner_is_told_which_teams_need_another(team: Team, alice: User, bob: User) -> None:
    lonely = make_team("Archive")
    Membership.objects.create(team=lonely, user=alice, role=Role.OWNER)
    deactivated = make_user(team=team, role=Role.OWNER)
    User.objects.filter(pk=deactivated.pk).update(is_active=False)
    html = page(alice, "accounts:close_account")
    assert [each.team.name for each in queries.owned_alone(alice)] == ["Archive", "Newsroom"]
    assert "Newsroom" in html and "Nobody else is in it" in html and "Delete account" not in html
    for act in (services.deactivate, services.delete):
        with pytest.raises(services.OwnsTeams):
            act(User.objects.get(pk=alice.pk))
    assert delete(alice).status_code == deactivate(alice).status_code == 303
    alice.refresh_from_db()
    assert alice.is_active and can_sign_in(alice.email)
    Membership.objects.filter(team__in=[team, lonely], user=bob).delete()
    for each in (team, lonely):
        Membership.objects.create(team=each, user=bob, role=Role.OWNER)
    assert "Delete account" in page(alice, "accounts:close_account")
    assert delete(alice)["Location"] == reverse("accounts:login")


def test_a_deactivated_account_ends_everywhere_and_comes_back_by_who_manages_it(
    team: Team, alice: User, bob: User, vera: User
) -> None:
    elsewhere = signed_in(bob)
    password_services.make_link_by_command(bob, command="manage.py")
    assert deactivate(bob)["Location"] == reverse("accounts:login")
    assert elsewhere.get(reverse("accounts:profile")).status_code == 302
    assert not can_sign_in(bob.email) and not PasswordLink.objects.exists()
    assert ["deactivated" in said_at_sign_in(bob, password) for password in (PASSWORD, "a guess")] == [True, False]
    assert said_at_sign_in(bob, "a guess") == said_at_sign_in(make_user(), "a guess")
    member = Membership.objects.get(user=bob)
    address = reverse("accounts:reactivate", args=[member.pk])
    assert "Deactivated" in page(vera, "accounts:team") and address not in page(vera, "accounts:team")
    assert signed_in(vera).post(address).status_code == 404
    assert address in page(alice, "accounts:team")
    assert signed_in(alice).post(address).status_code == 303
    assert can_sign_in(bob.email) and elsewhere.get(reverse("accounts:profile")).status_code == 302
    acts = list(AuditEntry.objects.filter(action__startswith="account_").values_list("action", "user_name"))
    assert acts == [("account_deactivated", "Bob"), ("account_reactivated", "Alice")]
    assert signed_in(alice).post(address).status_code == 404
    with pytest.raises(services.MayNotReactivate):
        services.reactivate(bob, by=alice)


@pytest.mark.parametrize("act", [services.deactivate, services.delete])
def test_an_account_ends_once_however_often_that_is_asked(act: Any, bob: User) -> None:
    act(User.objects.get(pk=bob.pk))
    with pytest.raises(services.AlreadyEnded):
        act(bob)
    assert AuditEntry.objects.filter(action__startswith="account_de", subject_id=str(bob.pk)).count() == 1


def test_who_is_in_a_team_that_nobody_here_manages_comes_back_by_the_operator(alice: User, bob: User) -> None:
    Membership.objects.create(team=make_team("Elsewhere"), user=bob, role=Role.VIEWER)
    deactivate(bob)
    with pytest.raises(services.MayNotReactivate):
        services.reactivate(bob, by=alice)
    call_command("reactivate_account", "BOB@example.org", stdout=StringIO())
    assert can_sign_in(bob.email)
    for email, words in ((bob.email, "not deactivated"), ("nobody@example.org", "no account")):
        with pytest.raises(CommandError, match=words):
            call_command("reactivate_account", email)


def test_a_deleted_account_leaves_nothing_personal_and_frees_its_address(team: Team, alice: User, bob: User) -> None:
    client = signed_in(bob)
    storage.put_bytes(f"accounts/{bob.pk}/picture.jpg", b"picture")
    User.objects.filter(pk=bob.pk).update(picture_key=f"accounts/{bob.pk}/picture.jpg", last_team=team, theme="dark")
    open_one = make_invitation(team, created_by=bob)
    used = make_invitation(
        team, used_by=bob, used_at=timezone.now(), email=bob.email, note="Bob", is_for_email_only=True
    )
    delete(bob)
    row: Any = User.objects.values().get(pk=bob.pk)
    assert "bob" not in str({name: value for name, value in row.items() if name != "id"}).lower()
    assert not row["is_active"] and not storage.exists(f"accounts/{bob.pk}/picture.jpg")
    assert client.get(reverse("accounts:profile")).status_code == 302
    assert not Membership.objects.filter(user=bob).exists()
    open_one.refresh_from_db()
    used.refresh_from_db()
    assert open_one.revoked_at and (used.email, used.note) == ("", "")
    assert not Invitation.objects.filter(email=bob.email).exists()
    again = User.objects.create_user("BOB@example.org", PASSWORD, name="Bob")
    assert again.pk != bob.pk and can_sign_in("bob@example.org")
    with pytest.raises(services.MayNotReactivate):
        services.reactivate_by_command(User.objects.get(pk=bob.pk), command="manage.py")


def test_what_a_team_owns_stays_and_its_history_names_no_one(team: Team, alice: User, bob: User) -> None:
    video = make_video(team=team, uploaded_by=bob)
    person = Person.objects.create(team=team, number=1, hue=0)
    people_acts.name_person(person, name="Tom", user=bob)
    dataset = make_dataset(team, created_by=bob)
    delete(bob)
    assert Video.objects.get(pk=video.pk).uploaded_by_id == bob.pk
    dataset.refresh_from_db()
    assert str(dataset.created_by) == "A deleted account" == str(Event.objects.get().made_by)
    html = signed_in(alice).get(reverse("people:person", args=[person.pk])).content.decode()
    assert "A deleted account" in html and "Bob" not in html


@pytest.mark.django_db(transaction=True)
def test_uploads_end_and_files_that_have_arrived_stay_the_teams(team: Team, alice: User) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    uploading = make_upload(admin, team=team)
    others = make_upload(alice, team=team)
    partial_files.path_of(uploading.pk).parent.mkdir(parents=True, exist_ok=True)
    partial_files.path_of(uploading.pk).write_bytes(b"half")
    of_import = make_import(make_dataset(team))
    Import.objects.filter(pk=of_import.pk).update(job=None, items_total=2)
    fields = {"of_import": of_import, "user": admin, "size_bytes": 10, "expires_at": timezone.now()}
    arrived = ImportUpload.objects.create(**fields, offset_bytes=10, is_stored=True)
    arriving = ImportUpload.objects.create(**fields)
    delete(admin)
    assert set(Upload.objects.values_list("pk", flat=True)) == {others.pk}
    assert not Video.objects.filter(pk=uploading.pk).exists() and not partial_files.path_of(uploading.pk).exists()
    assert ImportUpload.objects.filter(pk=arrived.pk).exists()
    assert not ImportUpload.objects.filter(pk=arriving.pk).exists()


def test_sockets_of_an_ended_account_hold_no_longer(team: Team, bob: User) -> None:
    client = signed_in(bob)
    session = Session.objects.get(session_key=client.session.session_key)
    auth_hash = session.get_decoded()["_auth_user_hash"]
    sign_in = open_socket_services.SignIn(session.session_key, bob.pk, auth_hash)
    permit = open_socket_services.Permit(sign_in, UUID(str(team.pk)))
    assert open_socket_services.valid_permits([permit]) == {permit}
    services.deactivate(bob)
    assert open_socket_services.valid_permits([permit]) == set()


def test_the_audit_log_still_verifies_and_shows_no_name(team: Team, alice: User, bob: User) -> None:
    can_sign_in(bob.email)
    Client().post(reverse("accounts:login"), {"username": bob.email, "password": "wrong"})
    delete(bob)
    out = StringIO()
    call_command("verify_audit", stdout=out)
    last = AuditEntry.objects.get(action="account_deleted")
    assert (last.user_id, last.user_name, last.subject_label) == (bob.pk, "A deleted account", "A deleted account")
    shown = page(alice, "audit:list")
    assert "A deleted account" in shown and "Bob" not in shown and bob.email not in shown


def test_entries_about_other_things_name_no_one_either(team: Team, alice: User) -> None:
    invitee = invitations.Invitee(note="Carla of the archive", email="carla@example.org")
    invitation, _ = invitations.invite(team, Role.EDITOR, by=alice, invitee=invitee)
    carla = invitations.join_as_new_person(invitation, name="Carla", email="carla@example.org", password=PASSWORD)
    token, _ = tokens.make_token(team, TokenScope.READ, name="script", days=30, by=carla)
    tokens.revoke(token, by=alice)
    assert "Carla" in page(alice, "audit:list")
    delete(carla)
    shown = page(alice, "audit:list")
    assert "script" in shown and "arla" not in shown
