"""Each thing that the audit log promises to tell of is in it after a member has done it through the pages."""

import hashlib
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from analysis.samples.video import sample_pictures
from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, make_sample
from tests.factories_training import make_run
from tests.factories_videos import found_track, make_analysed_video, make_video, people_of
from tests.webapp.audit.entries import breaks
from tests.webapp.training.trainings import make_version, start_run
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.audit import sighting_services
from webapp.audit.action_choices import Action
from webapp.audit.models import AuditEntry
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)


def told(*actions: Action) -> list[tuple[str, str, str]]:
    """Returns who, kind and label of the entries of these actions."""
    rows = AuditEntry.objects.filter(action__in=actions).order_by("pk")
    return list(rows.values_list("user_name", "subject_kind", "subject_label"))


class OneSession:
    """Asks for files as a browser does, in one session."""

    def __init__(self, user: User) -> None:
        self.client = AsyncClient()
        async_to_sync(self.client.aforce_login)(user)

    def ask(self, address: str, method: str = "get", **headers: str) -> int:
        async def sent() -> int:
            response: Any = await getattr(self.client, method)(address, headers=headers)
            if response.streaming:
                assert [part async for part in response]
            return int(response.status_code)

        return async_to_sync(sent)()


@pytest.fixture
def video(team: Team) -> Video:
    return make_video(team=team, title="Interview", content=b"0123456789")


def test_a_video_counts_as_played_once_a_session(video: Video, vera: User, bob: User) -> None:
    address = reverse("videos:play", args=[video.pk])
    visitor = OneSession(vera)
    assert visitor.ask(address, "head") == 200
    assert told(Action.PLAYED) == []
    for first in (0, 5, 7):
        assert visitor.ask(address, Range=f"bytes={first}-") == 206
    assert visitor.ask(address, Range="bytes=99-") == 416
    assert told(Action.PLAYED) == [("Vera", "video", "Interview")]
    OneSession(bob).ask(address)
    assert len(told(Action.PLAYED)) == 2


def test_every_whole_download_counts(video: Video, vera: User) -> None:
    address, visitor = reverse("videos:download", args=[video.pk]), OneSession(vera)
    assert [visitor.ask(address), visitor.ask(address)] == [200, 200]
    visitor.ask(address, Range="bytes=1-")
    visitor.ask(address, Range="bytes=5-")
    assert told(Action.DOWNLOADED) == [("Vera", "video", "Interview")] * 3


def test_a_persons_page_counts_again_after_a_while(team: Team, vera: User, monkeypatch: pytest.MonkeyPatch) -> None:
    person = people_of(make_analysed_video(found_track(1), team=team))[0]
    client, address = signed_in(vera), reverse("people:person", args=[person.pk])
    for _ in range(3):
        assert client.get(address).status_code == 200
    assert told(Action.SEEN) == [("Vera", "person", str(person))]
    monkeypatch.setattr(sighting_services, "SEEN_WITHIN_S", 0)
    client.get(address)
    assert len(told(Action.SEEN)) == 2


def test_nobody_leaves_an_entry_where_they_may_not_look(team: Team, video: Video, charlie: User) -> None:
    person = people_of(make_analysed_video(found_track(1), team=team))[0]
    assert OneSession(charlie).ask(reverse("videos:play", args=[video.pk])) == 404
    assert signed_in(charlie).get(reverse("people:person", args=[person.pk])).status_code == 404
    assert told(Action.PLAYED, Action.SEEN) == []


def test_a_session_remembers_only_so_much(team: Team, vera: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sighting_services, "MOST_REMEMBERED", 2)
    visitor = OneSession(vera)
    addresses = [reverse("videos:play", args=[make_video(team=team).pk]) for _ in range(3)]
    for address in (*addresses, addresses[2]):
        visitor.ask(address)
    assert len(told(Action.PLAYED)) == 3


def test_a_search_by_photo_says_whom_it_found(team: Team, bob: User) -> None:
    with next(iter(sample_pictures().values())).open("rb") as picture:
        assert signed_in(bob).post(reverse("people:photo"), {"photo": picture}).status_code == 200
    assert told(Action.SEARCHED_BY_PHOTO) == [("Bob", "team", "Newsroom")]
    after = json.loads(AuditEntry.objects.get(action=Action.SEARCHED_BY_PHOTO).after)
    assert after["faces"] >= 1 and after["found"] == [] and after["picture"]


def test_videos_deleted_and_restored(team: Team, video: Video, bob: User) -> None:
    client, other = signed_in(bob), make_video(team=team, title="Parade")
    client.post(reverse("videos:delete", args=[video.pk]))
    client.post(reverse("videos:delete", args=[video.pk]))
    client.post(reverse("videos:restore", args=[video.pk]))
    one = ("Bob", "video", "Interview")
    assert [told(action) for action in (Action.DELETED, Action.RESTORED)] == [[one], [one]]
    both = {"video": [str(video.pk), str(other.pk)], "action": "delete"}
    client.post(reverse("videos:bulk"), both)
    client.post(reverse("videos:restore_many"), {"videos": ",".join(both["video"])})
    for action in (Action.DELETED, Action.RESTORED):
        assert sorted(told(action)) == [one, one, ("Bob", "video", "Parade")]
    assert breaks() == []


def test_datasets_and_versions(team: Team, alice: User) -> None:
    dataset = make_dataset(team, name="Glasses")
    make_sample(dataset, label="yes")
    client = signed_in(alice)
    client.post(reverse("datasets:freeze", args=[dataset.pk]), {"group_by": "source", "shares": "70", "seed": "0"})
    assert told(Action.FROZE) == [("Alice", "version", "Glasses, version 1")]
    visitor = OneSession(alice)
    assert visitor.ask(reverse("datasets:export", args=[dataset.pk]) + "?form=csv") == 200
    assert visitor.ask(reverse("datasets:export_version", args=[dataset.pk, 1])) == 200
    assert told(Action.EXPORTED) == [("Alice", "dataset", "Glasses"), ("Alice", "version", "Glasses v1")]
    for name, args in (("_version", [dataset.pk, 1]), ("", [dataset.pk])):
        for verb in ("delete", "restore"):
            client.post(reverse(f"datasets:{verb}{name}", args=args))
    expected = [("Alice", "version", "Glasses, version 1"), ("Alice", "dataset", "Glasses")]
    assert told(Action.DELETED) == told(Action.RESTORED) == expected


def test_trainings_and_models(team: Team, alice: User) -> None:
    begun = start_run(make_version(team), alice)
    assert told(Action.STARTED_TRAINING) == [("Alice", "run", f"{begun.dataset_name}, run 1")]
    runs = [make_run(team=team, line=begun.line) for _ in range(2)]
    client = signed_in(alice)
    for run in runs:
        client.post(reverse("training:promote", args=[run.pk]), {"sure": "yes"})
    entry = AuditEntry.objects.filter(action=Action.DEPLOYED).order_by("pk")[1]
    assert (entry.before, entry.after) == ('{"run":2}', '{"run":3}')
    client.post(reverse("training:withdraw", args=[runs[1].pk]))
    assert told(Action.WITHDREW) == [("Alice", "model", "Glasses, run 3")]
    client.post(reverse("training:delete", args=[runs[0].pk]))
    client.post(reverse("training:restore", args=[runs[0].pk]))
    assert told(Action.DELETED) == told(Action.RESTORED) == [("Alice", "run", "Glasses, run 2")]
    assert breaks() == []


def test_models_that_are_downloaded(team: Team, vera: User) -> None:
    run = make_run(team=team)
    names = ("run.json", "model.pt", "model.onnx", "model_card.md")
    for name in names:
        storage.put_bytes(f"{run.files_prefix}/{name}", b"weights")
        run.files[name] = hashlib.sha256(b"weights").hexdigest()
    run.save()
    visitor = OneSession(vera)
    assert visitor.ask(reverse("training:download", args=[run.pk, "model.onnx"])) == 200
    assert visitor.ask(reverse("training:download_all", args=[run.pk])) == 200
    expected = [("Vera", "model", "Glasses run 1 model.onnx"), ("Vera", "model", "Glasses run 1")]
    assert told(Action.DOWNLOADED) == expected


def test_an_unknown_visitor_leaves_nothing(video: Video) -> None:
    Client().get(reverse("videos:download", args=[video.pk]))
    assert not AuditEntry.objects.exists()
