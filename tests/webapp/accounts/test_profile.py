"""One's own account: name, password, signing out everywhere."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import PASSWORD, make_token
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp.accounts import throttle_services
from webapp.accounts.models import AccessToken, Team, User
from webapp.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

NEW = "another long enough phrase"


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("accounts:profile")).status_code == 200


def change_password(client: Client, old: str = PASSWORD, new: str = NEW, again: str = "") -> Response:
    fields = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post(reverse("accounts:change_password"), fields)


def test_the_page_shows_the_address_that_one_signs_in_with(vera: User) -> None:
    html = signed_in(vera).get(reverse("accounts:profile")).content.decode()
    assert faults_of(html) == []
    assert vera.email in html


def test_a_name_is_changed_and_never_empty(vera: User) -> None:
    client = signed_in(vera)
    assert client.post(reverse("accounts:rename"), {"name": " "}).status_code == 422
    assert client.post(reverse("accounts:rename"), {"name": "Vera W."}).status_code == 303
    vera.refresh_from_db()
    assert vera.name == "Vera W."


def test_a_new_password_signs_out_all_other_browsers_and_keeps_this_one(vera: User) -> None:
    here, elsewhere = signed_in(vera), signed_in(vera)
    before = here.session.session_key
    assert change_password(here).status_code == 303
    assert here.session.session_key != before
    assert (is_signed_in(here), is_signed_in(elsewhere)) == (True, False)
    vera.refresh_from_db()
    assert vera.check_password(NEW)


@pytest.mark.parametrize(("ticked", "works"), [({"revokes_tokens": "on"}, False), ({}, True)])
def test_who_changes_the_password_chooses_whether_access_tokens_end(
    ticked: dict[str, str], works: bool, team: Team, vera: User
) -> None:
    client = signed_in(vera)
    assert "revokes_tokens" not in client.get(reverse("accounts:profile")).content.decode()
    make_token(vera, team)
    html = client.get(reverse("accounts:profile")).content.decode()
    assert "checked" in re.findall('<input[^>]*name="revokes_tokens"[^>]*>', html)[0]
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW, **ticked}
    assert client.post(reverse("accounts:change_password"), fields).status_code == 303
    assert AccessToken.objects.filter(revoked_at=None).exists() is works
    assert AuditEntry.objects.filter(action="revoked_token", user_id=vera.pk).exists() is not works


@pytest.mark.parametrize("wrong", [{"old": "not it"}, {"new": "short"}, {"again": "something else"}])
def test_a_password_stays_unless_the_old_one_and_two_equal_new_ones_are_given(
    wrong: dict[str, str], vera: User
) -> None:
    response = change_password(signed_in(vera), **wrong)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    vera.refresh_from_db()
    assert vera.check_password(PASSWORD)


def test_the_old_password_is_not_guessed_in_a_stolen_session(vera: User) -> None:
    client = signed_in(vera)
    for _ in range(throttle_services.PER_ACCOUNT_AND_NETWORK):
        assert change_password(client, old="a guess").status_code == 422
    assert change_password(client).status_code == 303
    assert "Too many attempts" in client.get(reverse("accounts:profile")).content.decode()
    vera.refresh_from_db()
    assert vera.check_password(PASSWORD)


def test_signing_out_everywhere_ends_every_session_of_this_person_only(vera: User, bob: User) -> None:
    here, elsewhere, others = signed_in(vera), signed_in(vera), signed_in(bob)
    assert here.post(reverse("accounts:sign_out_everywhere")).status_code == 303
    assert [is_signed_in(client) for client in (here, elsewhere, others)] == [False, False, True]
    assert is_signed_in(signed_in(User.objects.get(pk=vera.pk)))
    again = Client()
    again.post(reverse("accounts:login"), {"username": vera.email, "password": PASSWORD})
    assert is_signed_in(again)


def test_all_of_it_takes_a_post_of_somebody_signed_in(vera: User) -> None:
    for name in ("rename", "change_password", "sign_out_everywhere"):
        assert signed_in(vera).get(reverse(f"accounts:{name}")).status_code == 405
        assert Client().post(reverse(f"accounts:{name}")).status_code == 302
