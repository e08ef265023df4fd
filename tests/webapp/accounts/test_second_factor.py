"""Setting up an authenticator app, recovery codes, and removing factors; passkeys are tried in a browser."""

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import PASSWORD
from tests.webapp.accounts.factors import app_code, give_app, give_recovery_codes
from tests.webapp.accounts.proofs import proved
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts.models import User
from webapp.accounts.second_factor.queries import has_second_factor, security_of
from webapp.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

SECRET = re.compile(r'<code class="secret"[^>]*>([A-Z2-7 ]+)</code>')
CODE = re.compile(r"<code>(\d{4} \d{4})</code>")


def set_up_app(client: Client) -> Response:
    html = client.get(reverse("accounts:app_setup")).content.decode()
    found = SECRET.search(html)
    assert found and faults_of(html) == []
    return client.post(reverse("accounts:app_setup"), {"code": app_code(found[1].replace(" ", ""))})


def remove(client: Client, factor: Authenticator) -> Response:
    return client.post(reverse("accounts:remove_factor", args=[factor.pk]))


def test_an_app_is_set_up_with_a_code_of_it_and_recovery_codes_are_shown_once(vera: User) -> None:
    client, elsewhere = proved(vera), signed_in(vera)
    response = set_up_app(client)
    assert len(set(CODE.findall(response.content.decode()))) == 10
    assert "no-store" in response["Cache-Control"]
    html = client.get(reverse("accounts:profile")).content.decode()
    assert faults_of(html) == [] and "10 codes left" in " ".join(html.split())
    assert elsewhere.get(reverse("accounts:profile")).status_code == 302, "sessions without a second factor end"
    assert AuditEntry.objects.get(action="added_second_factor").after == '{"factor":"Authenticator app"}'


def test_without_a_right_code_nothing_is_set_up(vera: User) -> None:
    client = proved(vera)
    client.get(reverse("accounts:app_setup"))
    assert client.post(reverse("accounts:app_setup"), {"code": "000000"}).status_code == 422
    assert not has_second_factor(vera)


def test_the_code_that_set_it_up_opens_nothing(vera: User) -> None:
    client = proved(vera)
    found = SECRET.search(client.get(reverse("accounts:app_setup")).content.decode())
    assert found
    code = app_code(found[1].replace(" ", ""))
    client.post(reverse("accounts:app_setup"), {"code": code})
    stranger = Client()
    stranger.post(reverse("accounts:login"), {"username": vera.email, "password": PASSWORD})
    stranger.post(reverse("accounts:second_step"), {"code": code})
    assert "_auth_user_id" not in stranger.session


def test_all_of_it_asks_for_a_recent_proof(vera: User) -> None:
    app = give_app(vera)
    pages = [reverse(f"accounts:{name}") for name in ("app_setup", "add_passkey", "recovery_codes")]
    pages += [reverse("accounts:remove_factor", args=[app.pk]), reverse("accounts:rename_passkey", args=[app.pk])]
    for client in (signed_in(vera), proved(vera, by="password"), proved(vera, by="mfa", ago_s=400)):
        for page in pages:
            assert client.post(page)["Location"].startswith(reverse("accounts:reauthenticate"))
    assert Authenticator.objects.filter(pk=app.pk).exists()


def test_a_password_alone_neither_proves_it_nor_changes_the_password(vera: User) -> None:
    give_app(vera)
    client, page = signed_in(vera), reverse("accounts:reauthenticate")
    assert client.post(page, {"password": PASSWORD}).status_code == 422
    new = "another long enough phrase"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("accounts:change_password"), fields)["Location"].startswith(page)
    assert client.post(page, {"code": app_code(), "next": "/profile/"})["Location"] == "/profile/"
    assert client.post(reverse("accounts:change_password"), fields)["Location"] == "/profile/"


def test_new_recovery_codes_replace_those_before(vera: User) -> None:
    give_app(vera)
    before = give_recovery_codes(vera)
    client = proved(vera, by="mfa")
    assert client.get(reverse("accounts:recovery_codes")).status_code == 200
    html = client.post(reverse("accounts:recovery_codes")).content.decode()
    codes = CODE.findall(html)
    assert f'data-intro="Recovery codes of {vera.email} for Rollcall at testserver.' in html, "the file explains itself"
    assert len(codes) == 10 and not {code.replace(" ", "") for code in codes} & set(before)


def test_with_the_last_factor_the_recovery_codes_go(vera: User) -> None:
    app = give_app(vera)
    give_recovery_codes(vera)
    client = proved(vera, by="mfa")
    assert "last second factor" in client.get(reverse("accounts:remove_factor", args=[app.pk])).content.decode()
    assert remove(client, app).status_code == 303
    assert not Authenticator.objects.filter(user=vera).exists()
    assert AuditEntry.objects.get(action="removed_second_factor").before == '{"factor":"Authenticator app"}'


def test_the_factors_of_others_are_out_of_reach(vera: User, bob: User) -> None:
    give_app(vera)
    app = give_app(bob)
    client = proved(vera, by="mfa")
    assert remove(client, app).status_code == 404
    assert client.post(reverse("accounts:rename_passkey", args=[app.pk]), {"name": "x"}).status_code == 404
    assert security_of(bob).app == app


@pytest.mark.parametrize(
    "credential",
    ["", "no json", "[]", "{}", '{"id": 1, "response": []}', json.dumps({"response": {"userHandle": "_"}})],
)
def test_whatever_is_sent_in_place_of_a_passkey_is_refused(credential: str, vera: User) -> None:
    client = Client()
    options = client.get(reverse("accounts:passkey_sign_in"), headers={"Accept": "application/json"})
    assert options.json()["request_options"]["publicKey"]["userVerification"] == "required"
    response = client.post(reverse("accounts:passkey_sign_in"), {"credential": credential})
    assert (response.status_code, response["Location"]) == (303, "/sign-in/")
    assert proved(vera).post(reverse("accounts:add_passkey"), {"credential": credential}).status_code == 422
    give_app(vera)
    assert client.post(reverse("accounts:login"), {"username": vera.email, "password": PASSWORD}).status_code == 302
    assert client.post(reverse("accounts:second_step"), {"credential": credential}).status_code == 200
    assert "_auth_user_id" not in client.session
