"""A full disk is said in words and with 507 by whatever a person asks for, and pages go on being served."""

import errno
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIHandler
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import make_video
from tests.full_disk import of_sqlite, of_the_database
from tests.webapp.http.test_body_limit_middleware import ask
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.accounts.sessions import services as session_services
from webapp.http.streaming_middleware import StreamingHandler
from webapp.videos import services as video_services
from webapp.videos.models import Video

WORDS = "The server is out of disk space"
BANNER = "Nothing new can be stored"


class PostgresqlSaysFull(Exception):
    """As psycopg's own, without a server."""

    sqlstate = "53100"


FULL: list[Exception] = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    of_sqlite(),
    of_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE),
    of_the_database(PostgresqlSaysFull()),
]


def raising(error: Exception) -> Callable[..., Any]:
    def raises(*_: object, **__: object) -> None:
        raise error

    return raises


@pytest.fixture
def video(team: Team) -> Video:
    return make_video(team=team, title="Old")


@pytest.fixture
def client(alice: User) -> Client:
    client = signed_in(alice)
    client.raise_request_exception = False
    return client


@pytest.mark.django_db
@pytest.mark.expects_errors  # Django logs every status from 500 on
@pytest.mark.parametrize("error", FULL, ids=lambda error: repr(error.__cause__ or error))
def test_a_form_and_a_script_read_that_the_disk_is_full(
    client: Client, video: Video, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_services, "record_all", raising(error))
    address = reverse("videos:delete", args=[video.pk])
    page = client.post(address)
    assert page.status_code == 507
    assert WORDS in page.content.decode() and "Nothing was changed" in page.content.decode()
    answer = client.post(address, headers={"Accept": "application/json"})
    assert answer.status_code == 507
    assert WORDS in answer.json()["error"] and answer.json()["toast"] == answer.json()["error"]
    video.refresh_from_db()
    assert video.deleted_at is None, "what cannot be recorded is not done"


@pytest.mark.django_db
@pytest.mark.expects_errors
def test_what_else_goes_wrong_is_no_full_disk(client: Client, video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_services, "record_all", raising(OSError(errno.EIO, "Input/output error")))
    assert client.post(reverse("videos:delete", args=[video.pk])).status_code == 500


@pytest.mark.django_db
@pytest.mark.expects_errors
def test_without_room_for_the_session_one_reads_on_and_signing_in_says_why(
    alice: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    newcomer = Client(raise_request_exception=False)
    newcomer.get(reverse("accounts:login"))
    Client.force_login(client, alice)  # nothing of it is noted yet, so the next page would
    monkeypatch.setattr(SessionStore, "save", raising(of_sqlite()))
    assert client.get(reverse("videos:library")).status_code == 200
    monkeypatch.setattr(session_services, "list_session", raising(of_sqlite()))
    assert client.get(reverse("videos:library")).status_code == 200
    answer = newcomer.post(reverse("accounts:login"), {"username": alice.email, "password": "a long enough phrase"})
    assert answer.status_code == 507


@pytest.mark.django_db
@pytest.mark.expects_errors
def test_a_page_that_cannot_even_read_who_asks_is_plain_words(
    client: Client, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_services, "record_all", raising(of_sqlite()))
    monkeypatch.setattr("webapp.http.error_views.render", raising(of_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE)))
    answer = client.post(reverse("videos:delete", args=[video.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (507, "text/plain; charset=utf-8")
    assert WORDS in answer.content.decode()


@pytest.mark.django_db
def test_pages_say_that_the_disk_is_full_to_whoever_is_signed_in(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BANNER not in client.get(reverse("videos:library")).content.decode()
    monkeypatch.setattr(storage, "free_bytes", lambda: storage.FULL_BYTES - 1)
    page = client.get(reverse("videos:library")).content.decode()
    assert BANNER in page and "What is deleted can be restored for 10 minutes. Its space is free after that." in page
    assert BANNER not in Client().get(reverse("accounts:login")).content.decode()


async def test_a_body_that_finds_no_room_to_be_spooled_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """`TMPDIR` is full."""
    monkeypatch.setattr(ASGIHandler, "read_body", raising(OSError(errno.ENOSPC, "No space left on device")))
    assert await ask([b"x" * 60], application=StreamingHandler()) == (507, 0)
