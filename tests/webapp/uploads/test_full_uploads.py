"""Uploads to a disk that is full: told in words, and nothing of what has arrived is lost."""

import pytest

from tests.conftest import signed_in
from tests.full_disk import of_sqlite
from tests.webapp.uploads.test_tus_responses import CONTENT, create, offset_of, patch
from webapp import storage
from webapp.accounts.models import User
from webapp.videos import upload_services

pytestmark = pytest.mark.django_db


@pytest.mark.expects_errors  # Django logs every status from 500 on
def test_the_last_room_is_the_database_s_and_the_upload_goes_on_when_there_is_more(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(alice)
    url = create(client, len(CONTENT))["Location"]
    assert patch(client, url, CONTENT[:10], 0).status_code == 204
    with monkeypatch.context() as full:
        full.setattr(storage, "FULL_BYTES", 1 << 60)
        answer = patch(client, url, CONTENT[10:], 10)
        assert answer.status_code == 507
        assert answer.content.decode() == "The server is out of disk space. Delete videos, then try again."
        assert offset_of(client, url) == 10
    assert patch(client, url, CONTENT[10:], 10).status_code == 204


@pytest.mark.expects_errors
def test_an_upload_that_the_database_cannot_note_is_told_of_the_full_disk(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(alice)

    def is_full(**_: object) -> None:
        raise of_sqlite()

    monkeypatch.setattr(upload_services, "start_upload", is_full)
    answer = create(client)
    assert (answer.status_code, answer["Tus-Resumable"]) == (507, "1.0.0")
    assert answer.content.decode() == "The server is out of disk space. Delete videos, then try again."
