"""Filling in the browser: who may do what, batches of pictures, resumable files, the page in every state."""

import base64
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, picture
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.webapp.datasets.importing.fillings import (
    fill_from_zip,
    job_of,
    labels_of,
    prepare_pictures,
    run,
    samples_of,
    zipped,
)
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets import cleanup as datasets_cleanup
from webapp.datasets.importing import inbox
from webapp.datasets.importing import services as importing
from webapp.datasets.importing.option_types import ImportOptions
from webapp.datasets.models import Dataset, DatasetKind, Import, ImportUpload, Source
from webapp.jobs import lifecycle
from webapp.jobs.models import Status
from webapp.uploads import partial_files

pytestmark = pytest.mark.django_db(transaction=True)
TUS = {"Tus-Resumable": "1.0.0"}
JSON = {"accept": "application/json"}


@pytest.fixture
def dataset(team: Team) -> Dataset:
    return make_dataset(team=team)


def url(name: str, of_import: Import, *more: Any) -> str:
    return reverse(f"datasets:{name}", args=[of_import.dataset_id, of_import.pk, *more])


def begin(client: Client, dataset: Dataset, **fields: Any) -> Response:
    return client.post(reverse("datasets:begin_import", args=[dataset.pk]), fields, headers=JSON)


def opened(user: User, dataset: Dataset, source: Source = Source.PICTURES, expected: int = 3) -> Import:
    options = ImportOptions(expected=expected)
    return importing.begin(dataset=dataset, user=user, source=source, options=options, title="files")


def send(client: Client, of_import: Import, number: int, *pictures: bytes) -> Response:
    files = [SimpleUploadedFile(f"{number}-{n}.jpg", content) for n, content in enumerate(pictures)]
    return client.post(url("import_batch", of_import, number), {"pictures": files})


# Who may do what


def addresses(dataset: Dataset, of_import: Import) -> dict[str, str]:
    """Everything that changes something."""
    names = ["start_import", "go_on_import", "discard_import", "undo_import"]
    return {
        "begin": reverse("datasets:begin_import", args=[dataset.pk]),
        "batch": url("import_batch", of_import, 0),
        **{name: url(name, of_import) for name in names},
    }


@pytest.mark.parametrize(("name", "status"), [("bob", 404), ("vera", 404), ("charlie", 404)])
def test_only_admins_fill(name: str, status: int, dataset: Dataset, alice: User, request: Any) -> None:
    client = signed_in(request.getfixturevalue(name))
    of_import = opened(alice, dataset)
    for address in addresses(dataset, of_import).values():
        assert client.post(address).status_code == status, address
    headers = TUS | {"Upload-Length": "10"}
    assert client.post(url("import_files", of_import), headers=headers).status_code == 404
    of_import.refresh_from_db()
    assert of_import.job_id is None and of_import.undone_at is None


def test_a_viewer_is_offered_nothing_that_changes_things(dataset: Dataset, alice: User, vera: User) -> None:
    fill_from_zip(dataset, alice, {"a/1.jpg": picture(1)})
    html = signed_in(vera).get(reverse("datasets:fill", args=[dataset.pk])).content.decode()
    assert "1 added" in html
    assert "undo" not in "".join(re.findall(r'action="([^"]*)"', html))
    assert 'type="file"' not in html


def test_somebody_elses_file_cannot_be_continued(dataset: Dataset, team: Team, alice: User, bob: User) -> None:
    of_import = opened(alice, dataset, Source.ARCHIVE, 1)
    upload = importing.start_upload(of_import, user=alice, name="a.zip", size_bytes=10)
    address = url("import_file", of_import, upload.pk)
    assert signed_in(alice).head(address, headers=TUS).status_code == 200
    assert signed_in(bob).head(address, headers=TUS).status_code == 404
    assert Client().head(address, headers=TUS).status_code == 401


# Pictures in batches


def test_pictures_arrive_in_batches_and_are_added(dataset: Dataset, alice: User) -> None:
    client = signed_in(alice)
    answer = begin(client, dataset, **{"from": "pictures"}, expected=3, label="smile")
    assert answer.status_code == 201
    of_import = Import.objects.get(pk=answer.json()["id"])
    assert send(client, of_import, 1, picture(3)).json() == {"arrived": 1}
    assert send(client, of_import, 0, picture(1), picture(2)).json() == {"arrived": 3}
    assert client.post(answer.json()["start"], headers=JSON).status_code == 200
    assert run(of_import).counts == {"added": 3}
    assert [row.name for row in samples_of(dataset)] == ["0-0.jpg", "0-1.jpg", "1-0.jpg"]
    assert set(labels_of(dataset).values()) == {"smile"}


def test_a_batch_sent_again_replaces_itself(dataset: Dataset, alice: User) -> None:
    client, of_import = signed_in(alice), opened(alice, dataset)
    for _again in range(3):
        assert send(client, of_import, 0, picture(1), picture(2)).json() == {"arrived": 2}
    assert send(client, of_import, 0, picture(1)).json() == {"arrived": 1}
    assert send(client, of_import, 1, picture(5)).json() == {"arrived": 2}


def test_a_batch_that_broke_off_does_not_count(dataset: Dataset, alice: User) -> None:
    of_import = opened(alice, dataset)
    storage.put_bytes(f"{of_import.inbox_prefix}/batches/000000/000", picture(1))
    assert inbox.arrived_pictures(of_import) == []
    assert inbox.count_pictures(of_import) == 0


def test_after_a_reload_one_adds_what_arrived_or_discards_it(dataset: Dataset, alice: User) -> None:
    client = signed_in(alice)
    kept, dropped = opened(alice, dataset, expected=1000), opened(alice, dataset, expected=10)
    send(client, kept, 0, picture(1), picture(2))
    send(client, dropped, 0, picture(3))
    html = client.get(reverse("datasets:fill", args=[dataset.pk])).content.decode()
    assert "2 of 1000 uploaded" in html or "2 of 1,000 uploaded" in html
    client.post(url("discard_import", dropped))
    assert not Import.objects.filter(pk=dropped.pk).exists()
    assert storage.names(dropped.inbox_prefix) == []
    client.post(url("start_import", kept))
    assert run(kept).counts == {"added": 2}


def test_a_started_import_takes_nothing_more(dataset: Dataset, alice: User) -> None:
    client, of_import = signed_in(alice), opened(alice, dataset)
    send(client, of_import, 0, picture(1))
    for _twice in range(2):
        client.post(url("start_import", of_import))
    of_import.refresh_from_db()
    first = of_import.job_id
    assert send(client, of_import, 1, picture(2)).status_code == 409
    assert client.post(url("discard_import", of_import), headers=JSON).status_code == 409
    of_import.refresh_from_db()
    assert of_import.job_id == first


def test_nothing_can_be_started_before_anything_arrived(dataset: Dataset, alice: User) -> None:
    of_import = opened(alice, dataset)
    assert signed_in(alice).post(url("start_import", of_import), headers=JSON).status_code == 409


def test_too_many_pictures_in_one_batch_are_refused(dataset: Dataset, alice: User) -> None:
    client, of_import = signed_in(alice), opened(alice, dataset)
    assert send(client, of_import, 0).status_code == 400
    assert send(client, of_import, 0, *[b"x"] * (inbox.MOST_IN_A_BATCH + 1)).status_code == 400
    assert send(client, of_import, inbox.MOST_BATCHES, b"x").status_code == 400


# Files by tus


def test_a_zip_arrives_in_pieces_and_starts_by_itself(dataset: Dataset, alice: User) -> None:
    client, content = signed_in(alice), zipped({"a/1.jpg": picture(1), "b/2.jpg": picture(2)})
    answer = begin(client, dataset, **{"from": "archive"}, expected=1, title="pictures.zip")
    of_import = Import.objects.get(pk=answer.json()["id"])
    metadata = f"filename {base64.b64encode('../päck.zip'.encode()).decode()}"
    headers = TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    created = client.post(answer.json()["create"], headers=headers)
    assert created.status_code == 201
    where = created["Location"]
    for start in range(0, len(content), 500):
        sent = TUS | {"Upload-Offset": str(start)}
        piece = content[start : start + 500]
        assert client.generic("PATCH", where, piece, "application/offset+octet-stream", headers=sent).status_code == 204
    assert client.head(where, headers=TUS)["Upload-Offset"] == str(len(content))
    assert ImportUpload.objects.get().name == "päck.zip"
    assert run(of_import).counts == {"added": 2}
    assert labels_of(dataset) == {"1.jpg": "a", "2.jpg": "b"}
    assert list(partial_files.every_file()) == []


def test_a_file_that_arrived_though_nobody_could_say_so_is_found(dataset: Dataset, alice: User) -> None:
    content = zipped({"a/1.jpg": picture(1)})
    of_import = opened(alice, dataset, Source.ARCHIVE, 1)
    upload = importing.start_upload(of_import, user=alice, name="a.zip", size_bytes=len(content))
    partial_files.path_of(upload.pk).parent.mkdir(parents=True, exist_ok=True)
    partial_files.path_of(upload.pk).write_bytes(content)
    ImportUpload.objects.filter(pk=upload.pk).update(offset_bytes=len(content))
    for _twice in range(2):
        datasets_cleanup.clean_up()
    assert run(of_import).counts == {"added": 1}


def test_an_upload_given_up_leaves_nothing(dataset: Dataset, alice: User) -> None:
    client, of_import = signed_in(alice), opened(alice, dataset, Source.VIDEOS, 2)
    upload = importing.start_upload(of_import, user=alice, name="a.mp4", size_bytes=10)
    address = url("import_file", of_import, upload.pk)
    sent = TUS | {"Upload-Offset": "0"}
    client.generic("PATCH", address, b"12345", "application/offset+octet-stream", headers=sent)
    assert client.delete(address, headers=TUS).status_code == 204
    assert list(partial_files.every_file()) == []
    assert client.head(address, headers=TUS).status_code == 404
    assert not Import.objects.exists()


# The page


def page(client: Client, dataset: Dataset, query: str = "") -> str:
    answer = client.get(reverse("datasets:fill", args=[dataset.pk]) + query)
    html: str = answer.content.decode()
    assert answer.status_code == 200
    assert faults_of(html) == []
    return html


def test_the_page_in_every_state(team: Team, alice: User) -> None:
    client = signed_in(alice)
    video = make_analysed_video(found_track(1), found_track(2, box=(300, 10, 360, 70)), team=team, title="<b>Party")
    person = people_of(video)[0]
    for kind in DatasetKind:
        dataset = make_dataset(team=team, kind=kind)
        for source in Source:
            for query in (
                "",
                f"&people={person.pk}&videos={video.pk}&how=every",
                "&who=x&which=y&how=scenes&faces=with",
            ):
                page(client, dataset, f"?from={source}{query}")
    dataset = make_dataset(team=team)
    opened(alice, dataset)
    importing.undo(fill_from_zip(dataset, alice, {"A/1.jpg": picture(1), "a/2.jpg": picture(2), "a/<i>.txt": b"x"}))
    lifecycle.cancel(prepare_pictures(dataset, alice, {"a.jpg": picture(3)}).job_id)  # type: ignore[arg-type]
    fill_from_zip(dataset, alice, {"list.csv": "file,label\n,\n"})
    of_import = fill_from_zip(dataset, alice, {f"{n}<b>.txt": b"x" for n in range(8)})
    html = page(client, dataset)
    for words in ("Its samples were removed", "one label", "from line 2", "and 3 more", "Stopped before"):
        assert words in html
    assert faults_of(client.get(url("import_problems", of_import)).content.decode()) == []


def test_the_number_of_queries_does_not_grow_with_imports(
    team: Team, alice: User, django_assert_max_num_queries: Any
) -> None:
    dataset, client = make_dataset(team=team), signed_in(alice)
    counts = []
    for _round in range(2):
        for seed in range(3):
            fill_from_zip(dataset, alice, {f"a/{seed}.jpg": picture(seed), "b.txt": b"x"})
        with django_assert_max_num_queries(60) as asked:
            page(client, dataset)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"from": "people", "how": "views"}, "Choose people or videos"),
        ({"from": "people", "step_s": "-3"}, "greater than"),
        ({"from": "pictures"}, "Choose files first"),
    ],
)
def test_what_cannot_be_begun_is_refused_in_words(
    fields: dict[str, str], said: str, dataset: Dataset, alice: User
) -> None:
    answer = begin(signed_in(alice), dataset, **fields)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert not Import.objects.exists()


def test_people_are_added_from_the_page(team: Team, alice: User) -> None:
    client = signed_in(alice)
    video = make_analysed_video(found_track(1), team=team, title="Party")
    person = people_of(video)[0]
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    chosen = f"?from=people&people={person.pk}&how=views"
    assert "2 samples · 1 person · 1 video" in page(client, dataset, chosen)
    answer = begin(client, dataset, **{"from": "people"}, people=str(person.pk), how="views")
    assert answer.status_code == 200
    of_import = Import.objects.get()
    assert of_import.title == str(person)
    assert job_of(of_import).status == Status.QUEUED
    assert run(of_import).counts == {"unreadable": 2}  # the factory's faces are no real pictures


def test_undo_and_go_on_from_the_page(dataset: Dataset, alice: User) -> None:
    client = signed_in(alice)
    of_import = prepare_pictures(dataset, alice, {"a.jpg": picture(1)})
    lifecycle.cancel(of_import.job_id)  # type: ignore[arg-type]
    assert url("go_on_import", of_import) in page(client, dataset)
    client.post(url("go_on_import", of_import))
    run(of_import)
    assert len(samples_of(dataset)) == 1
    answer = client.post(url("undo_import", of_import), headers=JSON)
    assert "1 sample" in answer.json()["toast"]
    assert samples_of(dataset) == []
    assert client.post(url("go_on_import", of_import), headers=JSON).status_code == 409


def test_a_page_that_pretends_to_be_a_picture_is_not_stored(dataset: Dataset, alice: User) -> None:
    of_import = fill_from_zip(dataset, alice, {"a/x.jpg": b"<html><script>alert(1)</script></html>"})
    assert of_import.counts == {"unreadable": 1}
    assert storage.names(dataset.files_prefix) == []
