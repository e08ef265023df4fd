"""A forgotten password: links by mail, from an owner or admin, and from the operator."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_team, make_token, make_user
from tests.smtp import SmtpServer, link_in, text_of
from tests.webapp.accounts.proofs import proved
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts import throttle_services
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.mail import services as mail_services
from webapp.accounts.models import AccessToken, Membership, PasswordLink, Role, Team, User
from webapp.accounts.passwords import services
from webapp.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

NEW = "another long enough phrase"


def ask(email: str) -> Response:
    return Client().post(reverse("accounts:forgotten_password"), {"email": email})


def set_password(link: str, new: str = NEW, again: str = "") -> Response:
    return Client().post(link, {"new_password1": new, "new_password2": again or new})


def sign_in(user: User, password: str) -> bool:
    return Client().post(reverse("accounts:login"), {"username": user.email, "password": password}).status_code == 302


def acts(user: User) -> list[tuple[str, str]]:
    rows = AuditEntry.objects.filter(subject_id=str(user.pk), subject_kind="account").order_by("number")
    return [(row.action, row.user_name) for row in rows]


def test_a_mailed_link_sets_a_password_once_and_ends_all_sessions(team: Team, vera: User, postbox: SmtpServer) -> None:
    elsewhere = signed_in(vera)
    make_token(vera, team)
    assert "Forgot your password?" in Client().get(reverse("accounts:login")).content.decode()
    assert ask("Vera@Example.org").status_code == 200
    link = link_in(postbox.mails[0])
    assert link.split("/")[-2] not in str(PasswordLink.objects.values())
    page = Client().get(link)
    assert page.status_code == 200 and faults_of(page.content.decode()) == []
    response = set_password(link)
    assert (response.status_code, response["Location"]) == (303, reverse("accounts:login"))
    assert elsewhere.get(reverse("accounts:profile")).status_code == 302
    assert ("password_reset", "Vera") in acts(vera)
    assert not AccessToken.objects.filter(revoked_at=None).exists()
    assert AuditEntry.objects.filter(action="revoked_token", user_id=vera.pk).count() == 1
    assert (sign_in(vera, PASSWORD), sign_in(vera, NEW)) == (False, True)
    assert set_password(link, "yet another long phrase").status_code == 410
    assert sign_in(vera, NEW)


def test_nobody_learns_whether_there_is_an_account(vera: User, bob: User, postbox: SmtpServer) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = [ask(email) for email in (vera.email, "nobody@example.org", bob.email)]
    assert {answer.status_code for answer in answers} == {200}
    pages = [answer.content.decode() for answer in answers]
    assert faults_of(pages[0]) == []
    bodies = [re.sub(r'(?<=csrfmiddlewaretoken" value=")\w+', "", page.partition("<body>")[2]) for page in pages]
    assert bodies[1].replace("nobody@", "vera@") == bodies[2].replace("bob@", "vera@") == bodies[0]
    assert [mail["To"] for mail in postbox.mails] == [vera.email]


def test_asking_is_throttled_alike_for_every_address(vera: User, postbox: SmtpServer) -> None:
    for email in (vera.email, "nobody@example.org"):
        statuses = [ask(email).status_code for _ in range(throttle_services.MAILS_PER_ACCOUNT + 1)]
        assert statuses == [200] * throttle_services.MAILS_PER_ACCOUNT + [429]
    assert len(postbox.mails) == throttle_services.MAILS_PER_ACCOUNT
    further = [ask(f"{number}@example.org").status_code for number in range(throttle_services.MAILS_PER_NETWORK)]
    assert 429 in further


def test_too_much_mail_is_an_answer_and_no_error(vera: User, postbox: SmtpServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(mail_services, "send_later", lambda write: False)
    response = ask(vera.email)
    assert response.status_code == 422 and "No mail can be sent" in response.content.decode()
    assert ask("no address").status_code == 422


@pytest.mark.expects_errors
def test_a_mail_server_that_refuses_changes_nothing_for_who_asks(vera: User, postbox: SmtpServer) -> None:
    postbox.refuses = True
    assert "on its way" in ask(vera.email).content.decode()


def test_without_mail_the_page_says_who_can_help(vera: User) -> None:
    html = Client().get(reverse("accounts:forgotten_password")).content.decode()
    assert faults_of(html) == []
    assert "owner or admin of your team" in html and "manage.py reset_password_link" in html
    assert ask(vera.email).status_code == 200
    assert not PasswordLink.objects.exists()


@pytest.mark.parametrize("wrong", [{"new": "short"}, {"new": "vera@example.org"}, {"again": "something else"}])
def test_a_password_that_is_refused_leaves_the_link(wrong: dict[str, str], vera: User) -> None:
    link = services.path_of(services.make_link_by_command(vera, command="manage.py"))
    response = set_password(link, **wrong)
    assert response.status_code == 422 and "errorlist" in response.content.decode()
    assert set_password(link).status_code == 303


def test_too_many_passwords_at_once_leave_the_link(vera: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(*_: object, **__: object) -> str:
        raise TooBusyToHash

    link = services.path_of(services.make_link_by_command(vera, command="manage.py"))
    with monkeypatch.context() as busy:
        busy.setattr(MD5PasswordHasher, "encode", encode)
        assert set_password(link).status_code == 422
    assert set_password(link).status_code == 303


def test_a_link_does_not_work_later_or_for_the_deactivated(vera: User, bob: User, postbox: SmtpServer) -> None:
    ask(vera.email)
    [row] = PasswordLink.objects.all()
    assert row.expires_at - row.created_at <= timedelta(hours=1)
    PasswordLink.objects.update(expires_at=timezone.now())
    of_bob = services.path_of(services.make_link_by_command(bob, command="manage.py"))
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for link in (link_in(postbox.mails[0]), of_bob, services.path_of("never-made")):
        page = Client().get(link)
        assert page.status_code == 410 and faults_of(page.content.decode()) == []
        assert set_password(link).status_code == 410
    services.clean_up()
    assert [each.user for each in PasswordLink.objects.all()] == [bob]


def test_using_one_link_ends_the_others(vera: User) -> None:
    first, second = (services.path_of(services.make_link_by_command(vera, command="manage.py")) for _ in range(2))
    assert (set_password(second).status_code, set_password(first).status_code) == (303, 410)


def make_link(by: User, user: User, team: Team) -> Response:
    member = Membership.objects.get(team=team, user=user)
    return proved(by).post(reverse("accounts:password_link", args=[member.pk]))


def test_an_admin_makes_a_link_for_a_member_whom_they_manage(team: Team, vera: User) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    member = Membership.objects.get(user=vera)
    client = proved(admin)
    address = reverse("accounts:password_link", args=[member.pk])
    assert "/confirm" in signed_in(admin).post(address)["Location"]
    assert address in client.get(reverse("accounts:team")).content.decode()
    page = client.get(address).content.decode()
    assert faults_of(page) == [] and vera.email in page
    form = page.partition('<form class="surface')[2].partition(">")[0]
    assert 'data-turbo="false"' in form, "Turbo shows no page in answer to a form"
    assert not PasswordLink.objects.exists()
    made = client.post(address)
    assert faults_of(made.content.decode()) == [] and "no-store" in made["Cache-Control"]
    assert acts(vera) == [("password_link_made", str(admin))]
    assert set_password(made.context["link"].removeprefix("http://testserver")).status_code == 303
    assert sign_in(vera, NEW)


def test_nobody_makes_a_link_into_more_than_they_manage(team: Team, alice: User, bob: User, charlie: User) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    for by, user in ((admin, alice), (bob, admin), (charlie, bob), (bob, bob), (admin, admin), (alice, alice)):
        assert make_link(by, user, team).status_code == 404, (by, user)
    Membership.objects.create(team=make_team("Elsewhere"), user=bob, role=Role.VIEWER)
    assert make_link(alice, bob, team).status_code == 404
    with pytest.raises(services.MayNotMakeLink):
        services.make_link_for(bob, by=alice)
    page = signed_in(alice).get(reverse("accounts:team")).content.decode()
    member = Membership.objects.get(team=team, user=bob)
    assert reverse("accounts:password_link", args=[member.pk]) not in page
    assert not PasswordLink.objects.exists()


@pytest.mark.parametrize("change", ["promoted", "elsewhere", "maker removed", "maker deactivated"])
def test_a_link_opens_no_more_than_its_maker_manages(change: str, team: Team, vera: User) -> None:
    admin = make_user(team=team, role=Role.ADMIN)
    link = services.path_of(services.make_link_for(vera, by=admin))
    assert Client().get(link).status_code == 200
    if change == "promoted":
        Membership.objects.filter(user=vera).update(role=Role.OWNER)
    elif change == "elsewhere":
        Membership.objects.create(team=make_team("Elsewhere"), user=vera, role=Role.VIEWER)
    elif change == "maker removed":
        Membership.objects.filter(user=admin).delete()
    else:
        User.objects.filter(pk=admin.pk).update(is_active=False)
    assert (Client().get(link).status_code, set_password(link).status_code) == (410, 410)
    assert sign_in(vera, PASSWORD) and not sign_in(vera, NEW)


def test_the_operator_makes_a_link_by_a_command(vera: User) -> None:
    out = StringIO()
    call_command("reset_password_link", " Vera@Example.ORG ", stdout=out)
    assert set_password(out.getvalue().strip()).status_code == 303
    assert ("password_link_made", "manage.py") in acts(vera)
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_password_link", "nobody@example.org")
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        call_command("reset_password_link", vera.email)


def test_the_mail_speaks_of_its_hour(vera: User, postbox: SmtpServer) -> None:
    ask(vera.email)
    assert "for one hour" in text_of(postbox.mails[0]) and "Hello Vera" in text_of(postbox.mails[0])
