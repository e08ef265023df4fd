"""What a team and a person may store: counted truly, refused in words, and never passed by many at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_user
from tests.factories_videos import make_upload
from tests.webapp.uploads.test_tus_responses import CONTENT, create, patch
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.uploads import cleanup, quota_queries, quota_services, rules
from webapp.uploads.models import StorageAccount
from webapp.videos import cleanup as videos_cleanup
from webapp.videos.models import Upload, Video

SIZE = len(CONTENT)


@pytest.fixture(autouse=True)
def fresh_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup._Walk, "next_s", 0.0)
    monkeypatch.setattr(cleanup._Walk, "steps", None)


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Room for two and a half files."""
    settings.DISK_RESERVE_BYTES = 0
    monkeypatch.setattr(storage, "free_bytes", lambda: int(2.5 * SIZE))


@pytest.mark.django_db
class TestRoomOnTheDisk:
    """Announced bytes take no room from others until the first of them come."""

    @pytest.mark.usefixtures("small_disk")
    def test_empty_uploads_of_one_member_block_nobody(self, team: Team, bob: User, charlie: User) -> None:
        for _ in range(4):
            assert create(signed_in(bob), SIZE).status_code == 201
        assert rules.room_bytes() == int(2.5 * SIZE)
        assert create(signed_in(charlie), SIZE).status_code == 201

    @pytest.mark.expects_errors
    @pytest.mark.usefixtures("small_disk")
    def test_the_first_bytes_take_room_and_those_that_find_none_are_refused(self, team: Team, bob: User) -> None:
        client = signed_in(bob)
        urls = [create(client, SIZE)["Location"] for _ in range(3)]
        assert [patch(client, url, CONTENT[:10], 0).status_code for url in urls] == [204, 204, 507]
        assert rules.room_bytes() == int(2.5 * SIZE) - 2 * (SIZE - 10)

    @pytest.mark.usefixtures("small_disk")
    def test_one_that_sends_no_more_gives_its_room_back(self, team: Team, bob: User) -> None:
        client = signed_in(bob)
        patch(client, create(client, SIZE)["Location"], CONTENT[:10], 0)
        Upload.objects.update(updated_at=timezone.now() - rules.STILL_SENDING)
        assert rules.room_bytes() == int(2.5 * SIZE)


@pytest.mark.django_db
class TestUnfinishedUploads:
    """At most so many for a person."""

    def test_one_too_many_is_refused_in_words(self, team: Team, bob: User, settings: Any) -> None:
        settings.UNFINISHED_UPLOADS = 2
        client = signed_in(bob)
        answers = [create(client, SIZE) for _ in range(3)]
        assert [each.status_code for each in answers] == [201, 201, 422]
        assert answers[2].content.decode() == (
            "You have 2 unfinished uploads. Continue or cancel some of them, then try again."
        )
        client.delete(answers[0]["Location"], headers={"Tus-Resumable": "1.0.0"})
        assert create(client, SIZE).status_code == 201

    def test_those_of_others_do_not_count_and_stale_ones_go(self, team: Team, bob: User, settings: Any) -> None:
        settings.UNFINISHED_UPLOADS = 1
        assert create(signed_in(make_user(team=team)), SIZE).status_code == 201
        assert create(signed_in(bob), SIZE).status_code == 201
        assert create(signed_in(bob), SIZE).status_code == 422
        assert Upload.objects.filter(expires_at__lt=timezone.now() + timedelta(days=1)).count() == 2
        Upload.objects.update(expires_at=timezone.now())
        assert create(signed_in(bob), SIZE).status_code == 201
        videos_cleanup.give_up_expired()
        assert Upload.objects.count() == 1


def quota(whose: Team | User, size_bytes: int) -> None:
    quota_services.set_quota(whose, size_bytes)


@pytest.mark.django_db
class TestQuotas:
    """Of a team and of a person."""

    def test_without_one_nothing_is_refused(self, team: Team, bob: User) -> None:
        assert quota_queries.of_team(team).allowed_bytes is None
        assert create(signed_in(bob), 10**9).status_code == 201

    def test_what_is_too_much_for_the_team_is_refused_and_says_what_is_used(self, team: Team, bob: User) -> None:
        quota(team, 2 * SIZE)
        client = signed_in(bob)
        patch(client, create(client, SIZE)["Location"], CONTENT, 0)
        refused = create(client, SIZE + 1)
        assert refused.status_code == 413
        assert "is 1 KB, but your team has used 1 KB of its 2 KB. Delete videos" in refused.content.decode()
        body = {"files": [{"name": "b.mp4", "size": SIZE + 1}, {"name": "c.mp4", "size": SIZE}]}
        checked = client.post(reverse("videos:precheck"), body, "application/json").json()["files"]
        assert [each["ok"] for each in checked] == [False, True]
        assert "your team has used" in checked[0]["reason"]

    def test_a_person_has_one_over_all_teams(self, team: Team, bob: User, settings: Any) -> None:
        settings.PERSON_QUOTA_BYTES = 2 * SIZE
        client = signed_in(bob)
        patch(client, create(client, SIZE)["Location"], CONTENT, 0)
        assert create(client, SIZE).status_code == 201
        refused = create(client, 1)
        assert (refused.status_code, "you have used 2 KB of your 2 KB" in refused.content.decode()) == (413, True)
        assert create(signed_in(make_user(team=team)), SIZE).status_code == 201
        quota(bob, 0)
        assert create(client, SIZE).status_code == 201

    def test_empty_uploads_of_one_member_leave_the_quota_of_the_team_to_others(self, team: Team, bob: User) -> None:
        quota(team, 2 * SIZE)
        assert [create(signed_in(bob), SIZE).status_code for _ in range(3)] == [201, 201, 413]
        other = signed_in(make_user(team=team))
        url = create(other, 2 * SIZE)["Location"]
        assert patch(other, url, CONTENT, 0).status_code == 204
        late = signed_in(bob).generic(
            "PATCH",
            reverse("videos:tus_file", args=[Upload.objects.filter(user=bob).first().pk]),  # type: ignore[union-attr]
            CONTENT,
            "application/offset+octet-stream",
            headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
        )
        assert late.status_code == 413

    def test_all_files_count_once_and_deleted_ones_no_more(self, team: Team, alice: User) -> None:
        client = signed_in(alice)
        created = create(client, SIZE)
        patch(client, created["Location"], CONTENT, 0)
        assert quota_queries.of_team(team).used_bytes == SIZE
        video = Video.objects.get(pk=created["Rollcall-Video"])
        storage.put_bytes(f"{video.files_prefix}/faces/1.jpg", b"x" * 500)
        storage.put_bytes(f"teams/{team.pk}/datasets/1/sample.jpg", b"x" * 70)
        cleanup.clean_up()
        assert quota_queries.of_team(team).used_bytes == SIZE + 570
        storage.delete_prefix(video.files_prefix)
        cleanup.clean_up()
        assert quota_queries.of_team(team).used_bytes == SIZE + 570, "the next walk is not due"
        for _step in cleanup.measure_all():
            pass
        assert quota_queries.of_team(team).used_bytes == 70

    def test_what_comes_during_a_walk_is_not_lost(self, team: Team) -> None:
        storage.put_bytes(f"teams/{team.pk}/a", b"x" * 10)
        walk = cleanup.measure_all()
        next(walk)
        quota_services.note_stored(team, 7)
        assert list(walk) == []
        assert quota_queries.of_team(team).used_bytes == 17

    def test_the_page_of_the_team_says_how_much_is_used(self, team: Team, vera: User) -> None:
        quota_services.note_stored(team, 3 * 1024**3)
        address = reverse("accounts:team")
        assert "3.0 GB used" in signed_in(vera).get(address).content.decode()
        quota(team, 4 * 1024**3)
        page = signed_in(vera).get(address).content.decode()
        assert "3.0 GB of 4.0 GB used" in page


@pytest.mark.django_db
class TestCommand:
    """`manage.py set_quota`."""

    @pytest.fixture
    def said(self) -> Iterator[StringIO]:
        yield StringIO()

    def test_it_sets_and_tells(self, team: Team, bob: User, said: StringIO) -> None:
        call_command("set_quota", "team", "Newsroom", "1.5", stdout=said)
        call_command("set_quota", "person", "BOB@example.org", "10", stdout=said)
        call_command("set_quota", "team", str(team.pk), "none", stdout=said)
        assert said.getvalue().splitlines() == [
            "Newsroom: 0 B used, a quota of 1.5 GB.",
            "Bob: 0 B used, a quota of 10 GB.",
            "Newsroom: 0 B used, no quota.",
        ]
        assert StorageAccount.objects.get(team=team).quota_bytes == 0

    @pytest.mark.parametrize("words", [("team", "Nobody's", "1"), ("person", "x@y.z", "1"), ("team", "Newsroom", "-1")])
    def test_what_makes_no_sense_is_refused(self, team: Team, words: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            call_command("set_quota", *words)


@pytest.mark.django_db(transaction=True)
def test_ten_uploads_at_once_do_not_pass_the_quota(team: Team, bob: User) -> None:
    quota(team, 3 * SIZE)
    barrier, people = Barrier(5), [make_user(team=team) for _ in range(5)]

    def send(person: User) -> list[int]:
        client = signed_in(person)
        urls = [create(client, SIZE)["Location"] for _ in range(2)]
        barrier.wait()
        try:
            return [patch(client, url, CONTENT[:100], 0).status_code for url in urls]
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        answers = sorted(status for found in threads.map(send, people) for status in found)
    assert answers == [204] * 3 + [413] * 7


@pytest.mark.django_db
def test_files_for_datasets_count_as_well(team: Team, alice: User, client: Client) -> None:
    from tests.factories_datasets import make_dataset

    dataset = make_dataset(team)
    client = signed_in(alice)
    begun = client.post(reverse("datasets:begin_import", args=[dataset.pk]), {"from": "archive", "expected": "1"})
    quota(team, 2 * SIZE)
    sent = {"Tus-Resumable": "1.0.0", "Upload-Metadata": "filename YQ=="}
    answers = [client.post(begun.json()["create"], headers=sent | {"Upload-Length": n}) for n in ("1500", "900")]
    assert [each.status_code for each in answers] == [201, 413]
    assert make_upload(make_user(team=team), team=team, size_bytes=SIZE)
