"""The label grid's reads and requests: filters, runs of numbers, rows, counts, acts as JSON."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, make_import, make_label, make_sample, make_samples, seen
from tests.factories_videos import make_video
from tests.webapp.page_checks import faults_of
from webapp.accounts.models import Team, User
from webapp.datasets.labelling import queries as labelling_queries
from webapp.datasets.models import Dataset, DatasetKind, Label, LabellingAct, Sample

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = '<script>alert("x")</script> 微笑'


@pytest.fixture
def dataset(team: Team) -> Dataset:
    return make_dataset(team=team, name=HOSTILE)


@pytest.fixture
def smile(dataset: Dataset) -> Label:
    return make_label(dataset, "smile")


def address(name: str, dataset: Dataset, *more: Any) -> str:
    return reverse(f"datasets:{name}", args=[dataset.pk, *more])


def send(client: Client, dataset: Dataset, body: Any) -> Any:
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    headers = {"accept": "application/json"}
    return client.post(address("act", dataset), body, content_type="application/json", headers=headers)


def act_body(do: str, label: Label | None, samples: dict[int, int]) -> dict[str, Any]:
    return {"do": do, "groups": [[label and label.pk, labelling_queries.runs_of(sorted(samples.items()))]]}


async def whole(response: Any) -> bytes:
    return b"".join([block async for block in response.streaming_content])


def numbers(client: Client, dataset: Dataset, query: str = "") -> list[int]:
    runs = client.get(address("grid_numbers", dataset) + query).json()["runs"]
    return [number for first, last, _revision in runs for number in range(first, last + 1)]


# Runs of numbers


@pytest.mark.parametrize(
    ("pairs", "runs"),
    [
        ([], []),
        ([(7, 0)], [[7, 7, 0]]),
        ([(1, 0), (2, 0), (3, 1), (4, 1), (6, 1)], [[1, 2, 0], [3, 4, 1], [6, 6, 1]]),
        ([(9, 0), (3, 0), (4, 0)], [[9, 9, 0], [3, 4, 0]]),
    ],
)
def test_runs_keep_order_and_revision(pairs: list[tuple[int, int]], runs: list[list[int]]) -> None:
    assert labelling_queries.runs_of(pairs) == runs
    assert list(labelling_queries.seen_in(runs).items()) == pairs


@pytest.mark.parametrize(
    "runs",
    [
        None,
        5,
        [5],
        [[1, 2]],
        [[2, 1, 0]],
        [[-1, 2, 0]],
        [["1", 2, 0]],
        [[True, 2, 0]],
        [[0, 2**31 - 1, 0]],
        [[1, 2**40, 0]],
    ],
)
def test_what_are_no_runs_is_refused(runs: Any) -> None:
    with pytest.raises(ValueError, match=r"run|many"):
        labelling_queries.seen_in(runs)


@pytest.mark.parametrize("text", ["", "x", "5-3", "-3", "1-2-3", "1-9999", "99999999999"])
def test_what_are_no_numbers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid|many"):
        labelling_queries.read_numbers(text)
    assert labelling_queries.read_numbers("3-5.9") == [3, 4, 5, 9]


# Filters


def test_filters_from_the_address_ignore_what_is_odd() -> None:
    video = uuid4()
    assert labelling_queries.read_filters(
        QueryDict(f"label=4&video={video}&show=unlabelled")
    ) == labelling_queries.Filters(4, "unlabelled", video)
    odd = QueryDict("label=x&label=99999999999999999999&video=1&import=&show=everything")
    assert labelling_queries.read_filters(odd) == labelling_queries.Filters()


def test_each_filter_shows_what_it_says(dataset: Dataset, smile: Label, team: Team, vera: User) -> None:
    video = make_video(team=team)
    make_samples(dataset, 2, label=smile)
    filling = make_import(dataset)
    make_sample(dataset, is_left_out=True)
    make_sample(dataset, video=video, suggested=smile, certainty=0.9)
    make_sample(dataset, came_with=filling, suggested=smile, certainty=0.6)
    make_sample(dataset, suggested=smile, label=smile, certainty=0.1)
    client = signed_in(vera)
    assert numbers(client, dataset) == [1, 2, 3, 4, 5, 6]
    assert numbers(client, dataset, f"?label={smile.pk}") == [1, 2, 6]
    assert numbers(client, dataset, "?show=unlabelled") == [4, 5]
    assert numbers(client, dataset, "?show=left_out") == [3]
    assert numbers(client, dataset, "?show=doubtful") == [5, 4], "the least certain comes first"
    assert numbers(client, dataset, f"?video={video.pk}") == [4]
    assert numbers(client, dataset, f"?import={filling.pk}") == [5]
    assert numbers(client, dataset, f"?video={video.pk}&show=left_out") == []
    told = client.get(address("grid_counts", dataset) + "?show=unlabelled").json()
    assert told == {
        "all": 6, "labelled": 3, "unlabelled": 2, "excluded": 1, "uncertain": 2, "labels": {str(smile.pk): 3},
        "fits": 2, "arrived": 2,
    }  # fmt: skip


def test_rows_tell_what_tiles_show(dataset: Dataset, smile: Label, team: Team, vera: User) -> None:
    video = make_video(team=team, title="Opening night")
    make_sample(dataset, label=smile, video=video, time_s=12.5, sequence="3")
    make_sample(dataset, suggested=smile, certainty=0.7, is_left_out=True)
    rows = signed_in(vera).get(address("grid_rows", dataset) + "?numbers=1-2.77").json()["rows"]
    first, second = rows
    assert (first["number"], first["label"], first["title"], first["time"]) == (1, smile.pk, "Opening night", 12.5)
    assert (first["video"], first["sequence"], first["out"]) == (str(video.pk), True, False)
    assert (second["suggested"], second["certainty"], second["out"]) == (smile.pk, 0.7, True)
    assert (second["video"], second["title"]) == (None, "holiday.zip")
    assert signed_in(vera).get(address("grid_rows", dataset) + "?numbers=all").status_code == 400


def test_the_search_for_a_video_finds_those_that_have_samples(dataset: Dataset, team: Team, vera: User) -> None:
    opening, _empty = make_video(team=team, title="Opening <b>night</b>"), make_video(team=team, title="Opening again")
    make_samples(dataset, 3, video=opening)
    found = signed_in(vera).get(address("grid_videos", dataset) + "?words=OPENING").content.decode()
    assert str(opening.pk) in found and "&lt;b&gt;" in found
    assert "again" not in found
    assert opening.title not in signed_in(vera).get(address("grid_videos", dataset) + "?words=zoo").content.decode()


# Pages


@pytest.mark.parametrize("name", ["alice", "bob", "vera"])
def test_the_page_renders_for_every_member_and_filter(
    name: str, dataset: Dataset, team: Team, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(name))
    empty = client.get(address("grid", dataset)).content.decode()
    assert faults_of(empty) == [] and "Nothing to label yet" in empty
    label, video = make_label(dataset, HOSTILE), make_video(team=team, title=HOSTILE)
    make_samples(dataset, 3, video=video)
    queries = [f"show={show}" for show in labelling_queries.SHOWS] + [
        f"label={label.pk}",
        f"video={video.pk}",
        f"video={uuid4()}",
    ]
    for query in ("", "?label=x&at=y", f"?import={dataset.imports.get().pk}", *(f"?{query}" for query in queries)):
        html = client.get(address("grid", dataset) + query).content.decode()
        assert faults_of(html) == [], query
        assert "<script>alert" not in html
    bar = client.get(address("grid_labels", dataset)).content.decode()
    assert faults_of(bar) == [] and "<html" not in bar


def test_a_viewer_is_offered_nothing_that_changes_things(dataset: Dataset, smile: Label, vera: User, bob: User) -> None:
    make_samples(dataset, 2)
    for words in (address("act", dataset), address("add_label", dataset), "data-needs", 'id="label-dialog"'):
        assert words not in signed_in(vera).get(address("grid", dataset)).content.decode()
        assert words in signed_in(bob).get(address("grid", dataset)).content.decode()


def test_what_came_since_is_counted_and_listed(dataset: Dataset, smile: Label, vera: User) -> None:
    make_samples(dataset, 3)
    client = signed_in(vera)
    first = client.get(address("grid_numbers", dataset)).json()
    assert (first["runs"], first["last"]) == ([[1, 3, 0]], 3)
    make_samples(dataset, 2, label=smile)
    make_samples(dataset, 1)
    for query, fits, arrived, runs in (
        ("?since=3", 6, 3, [[4, 6, 0]]),
        ("?since=3&show=unlabelled", 4, 1, [[6, 6, 0]]),
        (f"?since=3&label={smile.pk}", 2, 2, [[4, 5, 0]]),
        ("?since=6", 6, 0, []),
        ("?since=nonsense", 6, 6, [[1, 6, 0]]),
    ):
        counts = client.get(address("grid_counts", dataset) + query).json()
        assert (counts["fits"], counts["arrived"]) == (fits, arrived), query
        later = client.get(address("grid_numbers", dataset) + query).json()
        assert (later["runs"], later["last"]) == (runs, 6), query


def test_queries_do_not_grow_with_samples_or_labels(
    dataset: Dataset, vera: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in(vera)
    pages = [address(name, dataset) for name in ("grid", "grid_labels", "grid_numbers", "grid_counts", "grid_videos")]
    pages.append(address("grid_rows", dataset) + "?numbers=1-40")
    make_sample(dataset, label=make_label(dataset))
    for page in pages:
        client.get(page)
    few = {}
    for page in pages:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(page)
        few[page] = len(caught)
    for _ in range(5):
        make_samples(dataset, 8, label=make_label(dataset), video=make_video(team=dataset.team))
    for page in pages:
        with django_assert_num_queries(few[page]):
            client.get(page)
    assert max(few.values()) <= 18


# Acts over HTTP


def test_an_act_is_answered_with_what_changed_and_can_be_undone(dataset: Dataset, smile: Label, bob: User) -> None:
    make_samples(dataset, 3)
    client = signed_in(bob)
    answer = send(client, dataset, act_body("label", smile, {1: 0, 2: 0})).json()
    assert "2 samples" in answer["toast"] and "smile" in answer["toast"]
    assert (answer["changed"], answer["refused"]) == ([[1, 2, 1]], [])
    undone = client.post(answer["undo"]["url"], headers={"accept": "application/json"}).json()
    assert "2 samples" in undone["toast"] and undone["changed"] == [[1, 2, 2]]
    assert not Sample.objects.filter(label=smile).exists()
    again = client.post(answer["undo"]["url"], headers={"accept": "application/json"}).json()
    assert "lready" in again["toast"] and again["changed"] == []
    assert client.post(answer["undo"]["url"]).status_code == 303, "without JavaScript: back to the page"


def test_who_was_quicker_is_named(dataset: Dataset, smile: Label, alice: User, bob: User) -> None:
    make_samples(dataset, 4)
    other = make_label(dataset, "frown")
    send(signed_in(bob), dataset, act_body("label", other, {1: 0, 2: 0, 3: 0}))
    answer = send(signed_in(alice), dataset, act_body("label", smile, dict.fromkeys(range(1, 5), 0))).json()
    assert "1 sample " in answer["toast"] and "Bob labelled 3 of these" in answer["toast"]
    assert (answer["refused"], answer["changed"]) == ([1, 2, 3], [[4, 4, 1]])
    send(signed_in(bob), dataset, act_body("leave_out", None, {1: 1}))
    alone = send(signed_in(alice), dataset, act_body("label", smile, {1: 1})).json()
    assert "Bob changed 1 of these" in alone["toast"]
    assert alone["undo"] is None


def test_every_kind_of_act(dataset: Dataset, smile: Label, bob: User) -> None:
    make_samples(dataset, 3, suggested=smile, sequence="1")
    client = signed_in(bob)
    toasts = [
        send(client, dataset, act_body(kind, label, seen(*Sample.objects.filter(number__in=which)))).json()["toast"]
        for kind, label, which in [
            ("accept", smile, [1]),
            ("sequence", None, [1]),
            ("leave_out", None, [1, 2]),
            ("take_in", None, [1]),
            ("label", None, [3]),
            ("label", None, [3]),
        ]
    ]
    told = ["1 suggestion.", "2 more samples of the track", "out 2 samples", "Included 1 sample", "from 1 sample", ""]
    assert all(words in toast for words, toast in zip(told, toasts, strict=True)) and not toasts[-1]
    assert list(Sample.objects.order_by("number").values_list("label", "is_left_out")) == [
        (smile.pk, False), (smile.pk, True), (None, False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        *("", "null", "[]", "{}", '{"do": "label"}', "[" * 100_000, b"\xff\xfe"),
        *('{"do": "destroy", "groups": [[null, []]]}', '{"do": "label", "groups": []}'),
        *('{"do": "label", "groups": [[null]]}', '{"do": "label", "groups": [["1", []]]}'),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(body: str | bytes, dataset: Dataset, bob: User) -> None:
    make_samples(dataset, 1)
    response = send(signed_in(bob), dataset, body)
    assert response.status_code == 400
    assert response.json()["error"]
    assert not LabellingAct.objects.exists()


def test_a_label_of_another_dataset_is_refused(dataset: Dataset, team: Team, bob: User) -> None:
    make_samples(dataset, 1)
    foreign = make_label(make_dataset(team=team), "foreign")
    assert send(signed_in(bob), dataset, act_body("label", foreign, {1: 0})).status_code == 400


def test_more_bytes_than_django_allows_by_itself_are_fine(dataset: Dataset, smile: Label, bob: User) -> None:
    """100,000 samples picked one by one take some megabytes."""
    make_samples(dataset, 2)
    runs = [[1, 1, 0], *([n * 2, n * 2, 100] for n in range(10**6, 10**6 + 150_000))]
    body = json.dumps({"do": "label", "groups": [[smile.pk, runs]]})
    assert len(body) > 3_000_000
    assert send(signed_in(bob), dataset, body).json()["changed"] == [[1, 1, 1]]


# Files and access


def test_a_thumbnail_and_the_file_itself(dataset: Dataset, vera: User) -> None:
    make_sample(dataset)
    for name in ("thumbnail", "sample"):
        response = signed_in(vera).get(address(name, dataset, 1))
        assert response.status_code == 200
        assert response["Content-Type"] == "image/jpeg"
        assert response["Cache-Control"].startswith("private")
        assert asyncio.run(whole(response))[:2] == b"\xff\xd8"
        assert signed_in(vera).get(address(name, dataset, 2)).status_code == 404
    Sample.objects.update(thumbnail_key="", key="gone.jpg")
    assert {signed_in(vera).get(address(name, dataset, 1)).status_code for name in ("thumbnail", "sample")} == {404}


def test_an_act_of_another_dataset_cannot_be_undone_here(dataset: Dataset, smile: Label, team: Team, bob: User) -> None:
    make_sample(dataset)
    send(signed_in(bob), dataset, act_body("label", smile, {1: 0}))
    other = make_dataset(team=team)
    url = address("undo_act", other, LabellingAct.objects.get().pk)
    assert signed_in(bob).post(url).status_code == 404


def test_clips_are_served_as_clips(team: Team, vera: User) -> None:
    dataset = make_dataset(team=team, kind=DatasetKind.CLIPS)
    make_sample(dataset, media_type="video/mp4", duration_s=2.0)
    assert signed_in(vera).get(address("sample", dataset, 1))["Content-Type"] == "video/mp4"
