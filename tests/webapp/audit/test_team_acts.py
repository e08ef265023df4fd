"""Invitations, roles and members stand in the audit log, written in the transaction of the act."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_team, make_user
from tests.webapp.audit.entries import breaks
from webapp.accounts.invitations import services as invitations
from webapp.accounts.members import services as members
from webapp.accounts.models import Membership, Role, Team, User
from webapp.audit.action_choices import Action
from webapp.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def told(*left_out: Action) -> list[tuple[str, str, str, str, str]]:
    """Returns who, action, subject, before and after of all entries but sign-ins."""
    columns = ("user_name", "action", "subject_label", "before", "after")
    rows = AuditEntry.objects.exclude(action__in=[Action.SIGNED_IN, *left_out]).order_by("pk")
    return list(rows.values_list(*columns))


def member(team: Team, user: User) -> Membership:
    return Membership.objects.get(team=team, user=user)


def role(value: str) -> str:
    return json.dumps({"role": value}, separators=(",", ":"))


def test_an_invitation_from_its_making_to_its_use(team: Team, alice: User, charlie: User) -> None:
    made, _token = invitations.invite(team, Role.EDITOR, invitee=invitations.Invitee("Nina"), by=alice)
    invitations.join(made, charlie)
    other, _token = invitations.invite(team, Role.VIEWER, by=alice)
    assert invitations.revoke(other, by=alice)
    assert not invitations.revoke(other, by=alice)
    assert told() == [
        ("Alice", "invited", "Nina", "", role("editor")),
        ("Charlie", "joined", "Charlie", "", role("editor")),
        ("Alice", "invited", "Viewer", "", role("viewer")),
        ("Alice", "revoked_invitation", "Viewer", role("viewer"), ""),
    ]
    assert breaks() == []


def test_roles_removal_and_leaving(team: Team, alice: User, bob: User, vera: User) -> None:
    members.change_role(member(team, bob), Role.ADMIN, by=alice)
    members.transfer_ownership(member(team, bob), by=alice)
    members.remove(member(team, vera), by=bob)
    members.leave(team, user=alice)
    assert told() == [
        ("Alice", "changed_role", "Bob", role("editor"), role("admin")),
        ("Alice", "changed_role", "Bob", role("admin"), role("owner")),
        ("Alice", "changed_role", "Alice", role("owner"), role("admin")),
        ("Bob", "removed_member", "Vera", role("viewer"), ""),
        ("Alice", "left", "Alice", role("admin"), ""),
    ]


def test_what_is_refused_is_not_recorded(team: Team, alice: User) -> None:
    with pytest.raises(members.LastOwner):
        members.leave(team, user=alice)
    assert told() == []


def test_settings_and_new_teams_from_their_pages(team: Team, alice: User) -> None:
    client = signed_in(alice)
    fields = {"team": str(team.pk), "name": "Archive", "photo_search_role": "viewer", "export_role": "editor"}
    fields["share_role"] = "admin"
    client.post(reverse("accounts:team_settings"), fields)
    client.post(reverse("accounts:new_team"), {"name": "Second"})
    before, after = (
        {"name": name, "photo_search_role": least, "export_role": exports, "share_role": shares}
        for name, least, exports, shares in (
            ("Newsroom", "editor", "viewer", "editor"),
            ("Archive", "viewer", "editor", "admin"),
        )
    )
    changed, joined = told()
    assert (changed[:2], [json.loads(text) for text in changed[3:]]) == (("Alice", "changed_setting"), [before, after])
    assert joined[1:3] == ("joined", "Alice")


def test_a_new_password_is_recorded_in_each_team_and_never_written(team: Team, alice: User) -> None:
    other = make_team("Another")
    Membership.objects.create(team=other, user=alice, role=Role.VIEWER)
    new = "another long enough phrase"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert signed_in(alice).post(reverse("accounts:change_password"), fields).status_code == 303
    changed = AuditEntry.objects.filter(action=Action.PASSWORD_CHANGED)
    assert set(changed.values_list("team_id", flat=True)) == {team.pk, other.pk}
    assert "phrase" not in str(list(AuditEntry.objects.values()))


def test_who_joins_as_a_new_person(team: Team, alice: User) -> None:
    _made, token = invitations.invite(team, Role.VIEWER, by=alice)
    fields = {"name": "Nina", "email": "nina@example.org", "password": "a phrase for Nina alone"}
    Client(REMOTE_ADDR="198.51.100.8").post(reverse("accounts:join", args=[token]), fields)
    entry = AuditEntry.objects.get(action=Action.JOINED)
    assert (entry.user_name, entry.address) == ("Nina", "198.51.100.8")


def test_an_admin_reads_what_a_removed_member_did(team: Team, alice: User) -> None:
    gone = make_user("gus", team=team)
    members.leave(team, user=gone)
    gone.delete()
    assert "Gus" in signed_in(alice).get("/audit/").content.decode()
