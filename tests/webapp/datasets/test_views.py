"""Making, changing, deleting datasets and their labels; who may; every page in every state."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, make_sample
from tests.factories_videos import make_video
from tests.webapp.page_checks import faults_of
from webapp import access, storage
from webapp.accounts.models import Team, User
from webapp.datasets import cleanup as datasets_cleanup
from webapp.datasets import services
from webapp.datasets.models import Dataset, DatasetKind, Label, Part, Sample
from webapp.datasets.versions import services as versions_services
from webapp.undo_period import UNDO_PERIOD
from webapp.videos import cleanup as videos_cleanup

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Smiles",
    "purpose": "Who is happy?",
    "kind": "faces",
    "labels": "smile, no smile",
    "keeps_samples": "yes",
}


def test_an_admin_makes_a_dataset_with_labels_and_keys(team: Team, alice: User) -> None:
    answer = signed_in(alice).post(reverse("datasets:create"), FORM)
    dataset = Dataset.objects.get()
    assert answer["Location"] == reverse("datasets:fill", args=[dataset.pk])
    assert (dataset.team, dataset.name, dataset.kind, dataset.keeps_samples) == (
        team,
        "Smiles",
        DatasetKind.FACES,
        True,
    )
    assert list(dataset.labels.values_list("name", "key")) == [("smile", "1"), ("no smile", "2")]


def test_labels_that_differ_in_case_or_spaces_are_one(team: Team, alice: User) -> None:
    labels = "Smile,  smile , SMILE,, 微笑\n微笑，严肃、 "
    signed_in(alice).post(reverse("datasets:create"), FORM | {"labels": labels})
    assert list(Dataset.objects.get().labels.values_list("name", flat=True)) == ["Smile", "微笑", "严肃"]


@pytest.mark.parametrize("wrong", [{"name": " "}, {"kind": "songs"}, {"labels": ",".join(map(str, range(300)))}])
def test_what_cannot_be_made_is_said_and_nothing_is_lost(team: Team, alice: User, wrong: dict[str, str]) -> None:
    answer = signed_in(alice).post(reverse("datasets:create"), FORM | wrong)
    assert answer.status_code == 400
    assert b"Who is happy?" in answer.content, "what was typed stays"
    assert not Dataset.objects.exists()


def test_only_admins_make_change_and_delete(team: Team, alice: User, bob: User, vera: User, charlie: User) -> None:
    dataset = make_dataset(team)
    addresses = [reverse(f"datasets:{name}", args=[dataset.pk]) for name in ("edit", "delete", "restore")]
    for user in (bob, vera):
        assert [signed_in(user).post(address).status_code for address in addresses] == [404] * 3
        assert signed_in(user).post(reverse("datasets:create"), FORM).status_code == 404
    assert [signed_in(charlie).post(address).status_code for address in addresses] == [404] * 3
    assert [Client().post(address).status_code for address in addresses] == [302] * 3
    assert signed_in(alice).post(addresses[0], FORM | {"name": "Moods"}).status_code == 303
    dataset.refresh_from_db()
    assert dataset.name == "Moods"


def test_a_deleted_dataset_is_out_of_sight_and_comes_back(team: Team, alice: User) -> None:
    dataset = make_dataset(team)
    sample = make_sample(dataset, label="a")
    admin = signed_in(alice)
    admin.post(reverse("datasets:delete", args=[dataset.pk]))
    assert admin.get(reverse("datasets:edit", args=[dataset.pk])).status_code == 404
    assert not access.visible_samples(alice).exists()
    datasets_cleanup.clean_up()
    admin.post(reverse("datasets:restore", args=[dataset.pk]))
    assert admin.get(reverse("datasets:edit", args=[dataset.pk])).status_code == 200
    assert storage.exists(sample.key)


def test_editors_make_and_change_labels_and_viewers_do_not(team: Team, bob: User, vera: User, charlie: User) -> None:
    dataset = make_dataset(team, labels=("cat",))
    label = dataset.labels.get()
    add = reverse("datasets:add_label", args=[dataset.pk])
    change = reverse("datasets:edit_label", args=[dataset.pk, label.pk])
    remove = reverse("datasets:remove_label", args=[dataset.pk, label.pk])
    for user in (vera, charlie):
        assert [signed_in(user).post(address, {"name": "dog"}).status_code for address in (add, change, remove)] == [
            404
        ] * 3
    editor = signed_in(bob)
    editor.post(add, {"name": "dog"})
    editor.post(change, {"name": "Tomcat", "hue": "5", "key": "c"})
    assert list(dataset.labels.values_list("name", "hue", "key")) == [("Tomcat", 5, "c"), ("dog", 1, "2")]


def test_a_key_moves_to_the_label_that_asks_for_it(team: Team) -> None:
    dataset = make_dataset(team, labels=("cat", "dog"))
    cat, dog = dataset.labels.all()
    services.edit_label(dog, name="dog", hue=2, key="1")
    cat.refresh_from_db()
    assert cat.key == ""


def test_a_name_that_another_label_has_is_refused(team: Team, bob: User) -> None:
    dataset = make_dataset(team, labels=("cat", "dog"))
    dog = dataset.labels.last()
    assert dog is not None
    answer = signed_in(bob).post(reverse("datasets:edit_label", args=[dataset.pk, dog.pk]), {"name": "CAT"})
    assert answer.status_code == 303
    dog.refresh_from_db()
    assert dog.name == "dog"


def test_a_label_in_use_stays(team: Team, bob: User) -> None:
    dataset = make_dataset(team)
    make_sample(dataset, label="cat")
    label = dataset.labels.get()
    signed_in(bob).post(reverse("datasets:remove_label", args=[dataset.pk, label.pk]))
    assert Label.objects.filter(pk=label.pk).exists()
    Sample.objects.update(label=None)
    signed_in(bob).post(reverse("datasets:remove_label", args=[dataset.pk, label.pk]))
    assert not Label.objects.filter(pk=label.pk).exists()


@pytest.mark.parametrize(("keeps", "left"), [(True, 1), (False, 0)])
def test_samples_stay_or_go_with_their_video_as_the_admin_chose(team: Team, keeps: bool, left: int) -> None:
    dataset = make_dataset(team, keeps_samples=keeps)
    video = make_video(team=team)
    sample = make_sample(dataset, video=video)
    videos_cleanup.purge(video)
    sample.refresh_from_db()
    assert sample.video is None
    assert Sample.objects.filter(removed_at=None).count() == left


def test_the_list_takes_as_many_queries_for_many_as_for_few(team: Team, vera: User) -> None:
    client = signed_in(vera)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(reverse("datasets:list")).status_code == 200
        return len(captured)

    make_sample(make_dataset(team), label="a")
    few = queries()
    for _ in range(6):
        dataset = make_dataset(team)
        make_sample(dataset, label="a")
        make_sample(dataset)
    assert queries() == few


@pytest.mark.parametrize("name", ["alice", "bob", "vera"])
def test_every_page_renders_for_a_member(team: Team, name: str, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(name))
    hostile = "<script>alert(1)</script> 家庭聚会 and on and on"
    empty, full = make_dataset(team), make_dataset(team, name=hostile, labels=(hostile, "b"))
    for number in range(8):
        make_sample(full, label=(hostile, "b")[number % 2], source=f"video {number // 2}")
    versions_services.freeze(full, user=None, shares=dict.fromkeys(Part.values, 1 / 3))
    addresses = [reverse("datasets:list")]
    for dataset in (empty, full):
        for page in ("grid", "fill", "doctor", "preview", "versions"):
            addresses.append(reverse(f"datasets:{page}", args=[dataset.pk]))
    addresses.append(reverse("datasets:version", args=[full.pk, 1]))
    if name == "alice":
        addresses += [reverse("datasets:create"), reverse("datasets:edit", args=[full.pk])]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        html = answer.content.decode()
        assert faults_of(html) == [], address
        assert "<script>alert" not in html


def test_a_viewer_is_offered_nothing_that_changes_things(team: Team, vera: User) -> None:
    dataset = make_dataset(team)
    make_sample(dataset, label="a")
    for page in ("doctor", "versions", "preview"):
        html = signed_in(vera).get(reverse(f"datasets:{page}", args=[dataset.pk])).content.decode()
        assert 'method="post"' not in html.replace(f'method="post" action="{reverse("accounts:logout")}"', "")


def test_deleted_datasets_keep_their_files_until_the_undo_period_is_over(team: Team) -> None:
    dataset = make_dataset(team)
    sample = make_sample(dataset)
    services.delete_dataset(dataset)
    datasets_cleanup.clean_up()
    assert storage.exists(sample.key)
    Dataset.objects.filter(pk=dataset.pk).update(deleted_at=timezone.now() - 2 * UNDO_PERIOD)
    datasets_cleanup.clean_up()
    assert not storage.exists(sample.key)
