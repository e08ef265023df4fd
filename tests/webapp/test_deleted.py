"""What was deleted recently is listed for those who may restore it, also after they left the page."""

import re
from datetime import timedelta

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset
from tests.factories_videos import make_video
from tests.webapp.page_checks import faults_of
from tests.webapp.training.trainings import make_version, start_run
from webapp.accounts.models import Team, User
from webapp.deleted import deleted_things
from webapp.library.tagging import queries as tagging
from webapp.library.tagging import services as tags
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
LISTS = ("videos:library", "datasets:list", "training:list", "videos:tags")


def delete(thing: Model, minutes_ago: float = 1.0) -> None:
    moment = timezone.now() - timedelta(minutes=minutes_ago)
    type(thing)._default_manager.filter(pk=thing.pk).update(deleted_at=moment)


def page(client: Client) -> str:
    html = client.get(reverse("deleted")).content.decode()
    assert faults_of(html) == []
    return html


def test_each_kind_is_listed_and_comes_back_from_the_page(team: Team, alice: User) -> None:
    video, dataset, version = (
        make_video(team=team, title="Fair <b>"),
        make_dataset(team, name="Smiles"),
        make_version(team),
    )
    run = start_run(version, alice)
    for thing in (video, dataset, version, run):
        delete(thing)
    client = signed_in(alice)
    html = page(client)
    addresses = [
        reverse("videos:restore", args=[video.pk]),
        reverse("datasets:restore", args=[dataset.pk]),
        reverse("datasets:restore_version", args=[version.dataset_id, version.number]),
        reverse("training:restore", args=[run.pk]),
    ]
    names = ("Fair &lt;b&gt;", "Smiles", "Stripes, version 1", "Stripes, run 1")
    for name, address in zip(names, addresses, strict=True):
        assert name in html
        assert address in html
        assert client.post(address).status_code == 303
    assert not deleted_things(alice, team)
    assert "deleted-row" not in page(client)


def test_a_merged_tag_comes_back_with_its_videos_after_the_message_is_gone(team: Team, bob: User, vera: User) -> None:
    video = make_video(team=team)
    wrong, right = tags.tag_called(team, "Studoi"), tags.tag_called(team, "Studio")
    tags.put_on(wrong, [video.pk])
    tags.merge_tag(wrong, into=right, user=bob)
    assert not deleted_things(vera, team)
    client, address = signed_in(bob), reverse("videos:restore_tag", args=[wrong.pk])
    assert "Studoi" in (html := page(client)) and address in html
    assert client.post(address).status_code == 303
    assert tagging.of_videos([video.pk])[video.pk] == [wrong] and not deleted_things(bob, team)


def test_many_videos_come_back_at_once(team: Team, bob: User) -> None:
    for n in range(3):
        delete(make_video(team=team, title=f"Clip {n}"), minutes_ago=n)
    client = signed_in(bob)
    html = page(client)
    offered = re.search('name="videos" value="([^"]+)"', html)
    assert html.index("Clip 0") < html.index("Clip 1") < html.index("Clip 2"), "the latest first"
    assert "in 10 minutes" in html
    assert "in 8 minutes" in html
    assert offered is not None
    client.post(reverse("videos:restore_many"), {"videos": offered[1]})
    assert not Video.objects.filter(deleted_at__isnull=False).exists()


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_lead_to_it_as_long_as_something_can_come_back(name: str, team: Team, alice: User) -> None:
    client, address = signed_in(alice), reverse(name)
    assert reverse("deleted") not in client.get(address).content.decode()
    delete(make_video(team=team))
    html = client.get(address).content.decode()
    assert reverse("deleted") in html
    assert "1 recently deleted" in html


def test_only_those_who_may_bring_it_back_see_it(team: Team, alice: User, bob: User, vera: User, charlie: User) -> None:
    delete(make_video(team=team, title="Fair"))
    delete(make_dataset(team, name="Smiles"))
    assert [each.name for each in deleted_things(alice, team)] == ["Smiles", "Fair"]
    assert [each.name for each in deleted_things(bob, team)] == ["Fair"], "datasets are for those who manage"
    assert not deleted_things(vera, team)
    assert not deleted_things(charlie, team)
    assert "Fair" not in page(signed_in(charlie))
