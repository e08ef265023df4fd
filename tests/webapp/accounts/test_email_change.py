"""Another e-mail address: confirmed by a link where there is mail, else changed after a proof."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD
from tests.smtp import SmtpServer, link_in, text_of
from tests.webapp.accounts.proofs import proved
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts import throttle_services
from webapp.accounts.email_change import services
from webapp.accounts.mail import services as mail_services
from webapp.accounts.models import EmailChange, PasswordLink, User
from webapp.accounts.passwords import services as password_services
from webapp.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

NEW = "vera.new@example.org"


def change(client: Client, email: str = NEW) -> Response:
    return client.post(reverse("accounts:change_email"), {"email": email})


def email_of(user: User) -> str:
    return str(User.objects.values_list("email", flat=True).get(pk=user.pk))


def test_without_mail_it_changes_at_once_after_a_proof(vera: User) -> None:
    assert "/confirm/" in change(signed_in(vera))["Location"] and email_of(vera) == "vera@example.org"
    client = proved(vera)
    assert faults_of(client.get(reverse("accounts:change_email")).content.decode()) == []
    password_services.make_link_by_command(vera, command="manage.py")
    assert change(client, "Vera.New@Example.org").status_code == 303
    assert email_of(vera) == NEW and not PasswordLink.objects.exists()
    entry = AuditEntry.objects.get(action="email_changed", subject_id=str(vera.pk))
    assert (entry.before, entry.after) == ('{"email":"vera@example.org"}', f'{{"email":"{NEW}"}}')
    signing_in = Client().post(reverse("accounts:login"), {"username": NEW, "password": PASSWORD})
    assert signing_in.status_code == 302
    assert client.get(reverse("accounts:profile")).status_code == 200


@pytest.mark.parametrize("email", ["Bob@Example.org", "ｂob@example.org", "no address"])
def test_an_address_that_is_taken_in_any_form_is_refused(email: str, vera: User, bob: User) -> None:
    assert change(proved(vera), email).status_code == 422
    assert email_of(vera) == "vera@example.org"


def test_with_mail_the_new_address_is_confirmed_and_the_old_one_told(vera: User, postbox: SmtpServer) -> None:
    client = proved(vera)
    assert faults_of(client.get(reverse("accounts:change_email")).content.decode()) == []
    assert change(client).status_code == 303
    assert email_of(vera) == "vera@example.org" and [mail["To"] for mail in postbox.mails] == [NEW]
    link = link_in(postbox.mails[0])
    assert link.split("/")[-2] not in str(EmailChange.objects.values())
    page = signed_in(vera).get(link).content.decode()
    assert faults_of(page) == [] and NEW in page and email_of(vera) == "vera@example.org"
    assert signed_in(vera).post(link).status_code == 303
    assert email_of(vera) == NEW
    assert postbox.mails[1]["To"] == "vera@example.org" and NEW in text_of(postbox.mails[1])
    assert signed_in(vera).post(link).status_code == 410, "used twice"


def test_a_link_is_of_one_account_and_one_day(vera: User, bob: User, postbox: SmtpServer) -> None:
    change(proved(vera))
    change(proved(vera), "vera.newer@example.org")
    first, second = map(link_in, postbox.mails)
    assert Client().get(second).status_code == 302
    assert signed_in(bob).post(second).status_code == 410
    assert signed_in(vera).post(first).status_code == 410, "a newer one replaces it"
    page = signed_in(vera).get(first)
    assert page.status_code == 410 and faults_of(page.content.decode()) == []
    EmailChange.objects.update(expires_at=timezone.now())
    assert signed_in(vera).post(second).status_code == 410
    services.clean_up()
    assert not EmailChange.objects.exists() and email_of(vera) == "vera@example.org"


def test_of_two_accounts_that_confirm_one_address_the_first_has_it(vera: User, bob: User, postbox: SmtpServer) -> None:
    change(proved(vera))
    change(proved(bob))
    assert signed_in(bob).post(link_in(postbox.mails[1])).status_code == 303
    assert signed_in(vera).post(link_in(postbox.mails[0])).status_code == 410
    assert (email_of(bob), email_of(vera)) == (NEW, "vera@example.org")


def test_asking_is_throttled_and_mail_may_be_busy(
    vera: User, postbox: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_services, "send_later", lambda write: False)
    assert "No mail can be sent" in change(proved(vera)).content.decode()
    statuses = [change(proved(vera)).status_code for _ in range(throttle_services.MAILS_PER_ACCOUNT)]
    assert statuses[-1] == 422 and "Too many attempts" in change(proved(vera)).content.decode()
