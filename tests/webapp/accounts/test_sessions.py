"""Where a person is signed in: the list, and signing out one device or all others."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import PASSWORD
from tests.webapp.page_checks import faults_of
from webapp.accounts import session_queries
from webapp.accounts.idle_middleware import SEEN
from webapp.accounts.models import User
from webapp.accounts.sessions import services
from webapp.accounts.sessions.queries import devices_of
from webapp.accounts.sessions.words import device_of
from webapp.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E Safari/604.1"
)
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0"


def browser(user: User, agent: str = FIREFOX, address: str = "198.51.100.7") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    client.post(reverse("accounts:login"), {"username": user.email, "password": PASSWORD})
    return client


def devices(client: Client, user: User) -> list[tuple[str, str, bool]]:
    found = devices_of(User.objects.get(pk=user.pk), client.session.session_key)
    return [(each.name, each.address, each.is_this) for each in found]


def is_in(client: Client) -> bool:
    return client.get(reverse("accounts:profile")).status_code == 200


def id_of(client: Client) -> int:
    return UserSession.objects.get(session_key=client.session.session_key).pk


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8", "Unknown device"),
    ],
)
def test_devices_are_said_in_plain_words(agent: str, words: str) -> None:
    assert device_of(agent) == words


def test_the_list_shows_this_device_first_and_no_others_people(vera: User, bob: User) -> None:
    here, phone = browser(vera), browser(vera, IPHONE, "2001:db8::1")
    browser(bob)
    assert devices(here, vera) == [
        ("Firefox on Windows", "198.51.100.7", True),
        ("Safari on iPhone", "2001:db8::1", False),
    ]
    assert devices(phone, vera)[0][0] == "Safari on iPhone"
    assert faults_of(here.get(reverse("accounts:profile")).content.decode()) == []


def test_one_device_is_signed_out_with_all_that_it_has_open(vera: User) -> None:
    here, phone = browser(vera), browser(vera, IPHONE)
    socket = session_queries.sign_in_of(phone.session, vera.pk)
    assert session_queries.standing([socket])
    response = here.post(reverse("accounts:sign_out_device", args=[id_of(phone)]))
    assert response.status_code == 303
    assert (is_in(here), is_in(phone)) == (True, False)
    assert not session_queries.standing([socket]), "its sockets are closed at the next look"
    assert AuditEntry.objects.get(action="signed_out_device").before == '{"device":"Safari on iPhone"}'


def test_nobody_signs_out_a_device_of_somebody_else(vera: User, bob: User) -> None:
    here, other = browser(vera), browser(bob)
    assert here.post(reverse("accounts:sign_out_device", args=[id_of(other)])).status_code == 404
    assert is_in(other)


def test_signing_out_this_device_is_signing_out(vera: User) -> None:
    here = browser(vera)
    assert here.post(reverse("accounts:sign_out_device", args=[id_of(here)]))["Location"] == "/sign-in/"
    assert not is_in(here)


def test_all_others_are_signed_out_listed_or_not(vera: User) -> None:
    here, phone, unlisted = browser(vera), browser(vera, IPHONE), signed_in(vera)
    assert here.post(reverse("accounts:sign_out_others")).status_code == 303
    assert [is_in(client) for client in (here, phone, unlisted)] == [True, False, False]
    assert devices(here, vera) == [("Firefox on Windows", "198.51.100.7", True)]


def test_a_session_whose_key_is_rotated_stays_one_and_keeps_its_beginning(vera: User) -> None:
    here = browser(vera)
    row = UserSession.objects.get()
    session = here.session
    session.cycle_key()
    here.cookies["sessionid"] = str(session.session_key)
    assert is_in(here)
    rotated = UserSession.objects.get()
    assert (rotated.pk, rotated.session_key, rotated.created_at) == (row.pk, session.session_key, row.created_at)


def test_last_use_is_noted_every_few_minutes(vera: User) -> None:
    here = browser(vera)
    long_ago = timezone.now() - timedelta(hours=1)
    UserSession.objects.update(last_seen_at=long_ago)
    is_in(here)
    assert UserSession.objects.get().last_seen_at == long_ago
    session = here.session
    session[SEEN] -= 3600
    session.save()
    is_in(here)
    assert UserSession.objects.get().last_seen_at > long_ago


def test_ended_sessions_are_neither_shown_nor_kept(vera: User) -> None:
    here, phone = browser(vera), browser(vera, IPHONE)
    Session.objects.filter(pk=phone.session.session_key).delete()
    assert len(devices(here, vera)) == 1
    services.clean_up()
    assert UserSession.objects.count() == 2, "it may have been begun a moment ago"
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=2))
    services.clean_up()
    assert UserSession.objects.get().session_key == here.session.session_key
