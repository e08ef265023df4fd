"""Invitations that are mailed, and those that one e-mail address alone can use."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_invitation, make_user
from tests.smtp import SmtpServer, link_in, text_of
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts import throttle_services
from webapp.accounts.invitations import services
from webapp.accounts.mail import services as mail_services
from webapp.accounts.models import Invitation, MailState, Membership, Role, Team, User

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-43-letters"
EMAIL = "nina@example.org"
DECOMPOSED, COMPOSED = "nina@bu\u0308cher.example", "nina@b\u00fccher.example"
NEW_PERSON = {"name": "Nina", "password": PASSWORD}


def invite(by: User, team: Team, email: str = EMAIL, **fields: str) -> Response:
    given = {"team": str(team.pk), "role": Role.VIEWER, "email": email, "is_for_email_only": "on", "send": "yes"}
    return signed_in(by).post(reverse("accounts:invite"), given | fields)


def send_again(by: User, invitation: Invitation) -> Response:
    return signed_in(by).post(reverse("accounts:send_again", args=[invitation.pk]))


def join(client: Client, link: str, **fields: str) -> int:
    return client.post(link, fields).status_code


def team_page(user: User) -> str:
    html = signed_in(user).get(reverse("accounts:team")).content.decode()
    assert faults_of(html) == []
    return html


def bound(team: Team, email: str = EMAIL) -> str:
    make_invitation(team, TOKEN, email=email, is_for_email_only=True)
    return reverse("accounts:join", args=[TOKEN])


def test_the_mail_holds_the_link_and_nobody_else_sees_it(team: Team, alice: User, postbox: SmtpServer) -> None:
    assert "Send by e-mail" in team_page(alice)
    assert invite(alice, team, "Nina@Example.org")["Location"] == reverse("accounts:team")
    [mail] = postbox.mails
    assert mail["To"] == EMAIL and "Alice invites you" in text_of(mail) and "Newsroom" in mail["Subject"]
    link = link_in(mail)
    assert "Sent · from Alice" in " ".join(team_page(alice).split()) and link not in team_page(alice)
    client = Client()
    page = client.get(link).content.decode()
    assert faults_of(page) == [] and f'value="{EMAIL}"' in page
    assert join(client, link, email=EMAIL, **NEW_PERSON) == 303
    assert Membership.objects.get(user__email=EMAIL).role == Role.VIEWER
    assert join(Client(), link, email=EMAIL, **NEW_PERSON) == 410, "used twice"


@pytest.mark.parametrize("email", [EMAIL, "NINA@Example.ORG", " nina@example.org "])
def test_the_address_in_another_case_is_the_one_invited(email: str, team: Team) -> None:
    assert join(Client(), bound(team), email=email, **NEW_PERSON) == 303


@pytest.mark.parametrize(
    ("invited", "has"), [(DECOMPOSED, COMPOSED), (COMPOSED, DECOMPOSED), ("NINA@EXAMPLE.ORG", EMAIL)]
)
def test_an_account_is_compared_canonically(invited: str, has: str, team: Team, alice: User) -> None:
    nina = User.objects.create_user(has, PASSWORD, name="Nina")
    invitee = services.Invitee(email=invited, is_for_email_only=True)
    invitation, token = services.invite(team, Role.VIEWER, by=alice, invitee=invitee)
    assert join(signed_in(nina), reverse("accounts:join", args=[token])) == 303
    invitation.refresh_from_db()
    assert invitation.used_by == nina


def test_another_account_is_not_let_in_and_does_not_use_it_up(team: Team, charlie: User) -> None:
    link = bound(team)
    page = signed_in(charlie).get(link)
    html = page.content.decode()
    assert page.status_code == 403 and faults_of(html) == [] and EMAIL not in html
    assert join(signed_in(charlie), link) == 403
    assert join(Client(), link, email="other@example.org", **NEW_PERSON) == 422
    with pytest.raises(services.WrongAccount):
        services.join(Invitation.objects.get(), charlie)
    with pytest.raises(services.WrongAccount):
        services.join_as_new_person(Invitation.objects.get(), email="other@example.org", **NEW_PERSON)
    assert not User.objects.filter(email="other@example.org").exists()
    assert join(Client(), link, email=EMAIL, **NEW_PERSON) == 303


def test_a_mailed_link_that_is_not_bound_lets_anybody_in(team: Team, alice: User, postbox: SmtpServer) -> None:
    assert invite(alice, team, is_for_email_only="").status_code == 303
    assert join(Client(), link_in(postbox.mails[0]), email="other@example.org", **NEW_PERSON) == 303


@pytest.mark.parametrize("how", ["revoked", "expired", "inviter removed"])
def test_a_mailed_link_ends_like_any_other(how: str, team: Team, postbox: SmtpServer) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    invite(admin, team)
    link = link_in(postbox.mails[0])
    acts: dict[str, Callable[[], Any]] = {
        "revoked": lambda: services.revoke(Invitation.objects.get(), by=admin),
        "expired": lambda: Invitation.objects.update(expires_at=timezone.now()),
        "inviter removed": lambda: Membership.objects.filter(user=admin).delete(),
    }
    acts[how]()
    assert join(Client(), link, email=EMAIL, **NEW_PERSON) == 410
    Invitation.objects.update(mail_state=MailState.WAITING)
    services.mail(Invitation.objects.get().pk, origin="http://testserver", language="en")
    assert len(postbox.mails) == 1, "what lets nobody in is not mailed"


@pytest.mark.expects_errors
def test_what_could_not_be_sent_is_said_and_sent_again(team: Team, alice: User, postbox: SmtpServer) -> None:
    postbox.refuses = True
    invite(alice, team)
    assert "Could not be sent" in team_page(alice)
    postbox.refuses = False
    invitation = Invitation.objects.get()
    assert send_again(alice, invitation).status_code == 303
    assert "Could not be sent" not in team_page(alice)
    first = link_in(postbox.mails[0])
    assert send_again(alice, invitation).status_code == 303
    assert (Client().get(first).status_code, Client().get(link_in(postbox.mails[1])).status_code) == (410, 200)


def test_who_may_not_invite_sends_nothing(
    team: Team, alice: User, bob: User, charlie: User, postbox: SmtpServer
) -> None:
    for_admin = make_invitation(team, role=Role.ADMIN, email=EMAIL)
    admin = make_user(team=team, role=Role.ADMIN)
    assert [send_again(user, for_admin).status_code for user in (admin, bob, charlie)] == [404] * 3
    assert send_again(alice, make_invitation(team)).status_code == 404
    assert invite(bob, team).status_code == 404
    for wrong in ({"email": ""}, {"email": "nina"}, {"role": "emperor"}):
        invite(alice, team, **wrong)
    assert postbox.mails == [] and Invitation.objects.filter(created_by=alice).count() == 0


def test_mail_to_one_address_is_throttled(team: Team, alice: User, postbox: SmtpServer) -> None:
    client = signed_in(alice)
    fields = {"team": str(team.pk), "role": Role.VIEWER, "email": EMAIL, "send": "yes"}
    for _ in range(throttle_services.MAILS_PER_ACCOUNT + 1):
        client.post(reverse("accounts:invite"), fields)
    assert len(postbox.mails) == Invitation.objects.count() == throttle_services.MAILS_PER_ACCOUNT
    assert "Try again in 15 minutes" in client.get(reverse("accounts:team")).content.decode()


def test_mail_that_cannot_wait_is_said_not_to_be_sent(
    team: Team, alice: User, postbox: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_services, "send_later", lambda write: False)
    invite(alice, team)
    assert Invitation.objects.get().mail_state == MailState.FAILED


def test_without_mail_a_link_is_shown_and_may_be_bound(team: Team, alice: User) -> None:
    assert "Send by e-mail" not in team_page(alice)
    made = invite(alice, team)
    assert made.status_code == 200 and Invitation.objects.get().is_for_email_only
    assert send_again(alice, Invitation.objects.get()).status_code == 303
    assert Invitation.objects.get().mail_state == MailState.NONE
