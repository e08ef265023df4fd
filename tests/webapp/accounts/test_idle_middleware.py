"""A session ends 12 hours after the last thing that a person did."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from webapp.accounts import idle_middleware
from webapp.accounts.models import User

pytestmark = pytest.mark.django_db
HERE = "videos:library"


def hours_left() -> float:
    return (Session.objects.get().expire_date - timezone.now()).total_seconds() / 3600


def wait(client: Client, hours: float) -> None:
    """As if nobody had done anything for so long."""
    session = client.session
    if idle_middleware.SEEN in session:
        session[idle_middleware.SEEN] -= hours * 3600
        session.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=settings.SESSION_COOKIE_AGE / 3600 - hours))


def test_whoever_does_nothing_for_twelve_hours_is_signed_out(alice: User) -> None:
    client = signed_in(alice)
    assert client.get(reverse(HERE)).status_code == 200
    assert hours_left() == pytest.approx(12, abs=0.01)
    wait(client, 11)
    assert client.get(reverse(HERE)).status_code == 200
    assert hours_left() == pytest.approx(12, abs=0.01), "from now on anew"
    wait(client, 12.01)
    assert client.get(reverse(HERE)).status_code == 302


def test_what_an_open_page_fetches_by_itself_keeps_no_session_alive(alice: User) -> None:
    client = signed_in(alice)
    client.get(reverse(HERE))
    wait(client, 11)
    client.get(reverse(HERE), headers={"Sec-Fetch-Dest": "empty"})
    assert hours_left() == pytest.approx(1, abs=0.01)
    client.get(reverse(HERE), headers={"Sec-Fetch-Dest": "empty", "X-Turbo-Request-Id": "1"})
    assert hours_left() == pytest.approx(12, abs=0.01), "a link that Turbo follows is followed by a person"


def test_a_session_is_not_written_with_each_request(alice: User, django_assert_num_queries: Any) -> None:
    client = signed_in(alice)
    client.get(reverse(HERE))
    before = Session.objects.get().session_data
    client.get(reverse(HERE))
    assert Session.objects.get().session_data == before


def test_strangers_get_no_session() -> None:
    Client().get(reverse("accounts:login"))
    assert not Session.objects.exists()
