"""The page of a finished run: honest figures in words, cells that open samples, thresholds, relabelling with undo."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, make_label, make_samples
from tests.factories_training import make_figures, make_predictions, make_result, make_run
from tests.factories_videos import make_video
from tests.present import present
from tests.webapp.page_checks import faults_of
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset, Label, LabellingAct, Part, Sample
from webapp.jobs.models import Status
from webapp.training import caveat_words
from webapp.training.evaluation import queries as evaluation_queries
from webapp.training.models import HeldOutPrediction, TrainingRun

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert("x")</script> & 笑'


def checked(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    html = response.content.decode()
    assert faults_of(html) == [], address
    assert "<script>alert" not in html
    return html


@pytest.fixture
def dataset(team: Team) -> Dataset:
    dataset = make_dataset(team=team, name=HOSTILE, kind="faces")
    for name in ("none", "glasses"):
        make_label(dataset, name)
    return dataset


def fill(dataset: Dataset, count: int = 12, **fields: Any) -> list[Sample]:
    """Of two videos, labelled in turn."""
    labels = list(dataset.labels.all())
    videos = [make_video(team=dataset.team, title=f"Film {n}", playback_offset_s=1.0) for n in range(2)]

    def each(n: int) -> dict[str, Any]:
        video = videos[n // 2 % 2]
        return {"label": labels[n % 2], "video": video, "time_s": n + 1.0, "source": str(video.pk)}

    return make_samples(dataset, count, each=each, **fields)


@pytest.fixture
def run(dataset: Dataset) -> TrainingRun:
    """12 of the test with mistakes at 2 and 5, and 4 of the validation."""
    run = make_run(dataset=dataset, result=make_result(test=make_figures(10, 12, 2), threshold=0.4))
    make_predictions(run, fill(dataset), wrong=(2, 5))
    make_predictions(run, fill(dataset, 4), part=Part.VALIDATION, wrong=(0,))
    return run


def page_of(run: TrainingRun, query: str = "") -> str:
    return reverse("training:run", args=[run.pk]) + query


@pytest.mark.parametrize("name", ["alice", "bob", "vera"])
def test_every_page_renders_for_members(name: str, run: TrainingRun, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(name))
    for query in ("", "?part=validation", "?label=none&at=90", "?label=x&at=x&part=x", "?at=99999999999999999999"):
        checked(client, page_of(run, query))
    for query in ("", "?truth=glasses&said=none", "?wrong=1&page=9", "?truth=nothing"):
        checked(client, reverse("training:predictions", args=[run.pk]) + query)
    for view in ("promotions", "threshold"):
        assert client.get(reverse(f"training:{view}", args=[run.pk])).status_code == 200
    checked(client, reverse("training:compare") + f"?line={run.line}")
    checked(client, reverse("training:explain", args=[run.pk]) + "?sample=1")


@pytest.mark.parametrize("kind", ["faces", "frames", "clips"])
def test_the_figure_is_said_in_words(team: Team, alice: User, kind: str) -> None:
    dataset = make_dataset(team=team, kind=kind)
    for name in ("none", "glasses"):
        make_label(dataset, name)
    run = make_run(dataset=dataset, result=make_result(test=make_figures(180, 200)))
    html = checked(signed_in(alice), page_of(run))
    assert re.search(r"about 90 of 100 \w+ right \(likely 86 to 94\)", html)
    assert re.search(r"180 of 200 \w+ right, from 14 sources", html)


def test_sources_that_are_videos_are_called_so(run: TrainingRun, alice: User) -> None:
    assert "10 of 12 faces right, from 2 videos" in checked(signed_in(alice), page_of(run))


def test_without_a_test_it_says_so(dataset: Dataset, alice: User) -> None:
    run = make_run(dataset=dataset, result=make_result(test=None))
    html = checked(signed_in(alice), page_of(run))
    assert str(caveat_words.WORDS[caveat_words.NOT_TESTED][0]) in html
    assert "used to choose its settings." in html


@pytest.mark.parametrize(
    ("result", "code", "is_grave"),
    [
        ({"warnings": [{"code": "leak", "text": "", "files": []}]}, caveat_words.LEAK, True),
        ({"test": make_figures(19, 20)}, caveat_words.TINY, True),
        ({"test": make_figures(sources=1)}, caveat_words.ONE_SOURCE, True),
        ({"test": make_figures(sources=3)}, caveat_words.FEW, False),
    ],
)
def test_caveats_are_shown(dataset: Dataset, alice: User, result: dict[str, Any], code: str, is_grave: bool) -> None:
    html = checked(signed_in(alice), page_of(make_run(dataset=dataset, result=make_result(**result))))
    assert str(caveat_words.WORDS[code][0]) in html
    assert ("notice-bad" in html) == is_grave


def test_good_figures_have_no_note(dataset: Dataset, alice: User) -> None:
    html = checked(signed_in(alice), page_of(make_run(dataset=dataset)))
    assert "notice" not in html


def test_a_cell_opens_exactly_its_samples(run: TrainingRun, vera: User) -> None:
    HeldOutPrediction.objects.filter(run=run, part=Part.TEST, truth="glasses", said="none").update(certainty=0.9)
    client = signed_in(vera)
    assert f"{reverse('training:predictions', args=[run.pk])}?part=test&amp;truth=glasses&amp;said=none" in checked(
        client, page_of(run)
    )
    html = checked(client, reverse("training:predictions", args=[run.pk]) + "?part=test&truth=glasses&said=none")
    assert re.findall(r'id="sample-(\d+)"', html) == ["6"]
    sample = Sample.objects.get(dataset=run.dataset_id, number=6)
    assert f"{reverse('videos:detail', args=[sample.video_id])}?t=5" in html, "the second as the player counts it"


def test_the_surest_mistake_comes_first(run: TrainingRun, vera: User) -> None:
    HeldOutPrediction.objects.filter(run=run, sample__number=6).update(certainty=0.99)
    html = checked(signed_in(vera), page_of(run))
    assert re.findall(r'id="sample-(\d+)"', html) == ["6", "3"]


def test_what_another_threshold_changes(run: TrainingRun, vera: User) -> None:
    run.held_out_predictions.all().delete()
    samples = list(Sample.objects.filter(dataset=run.dataset_id).order_by("number"))[:4]
    for sample, score in zip(samples, (0.1, 0.35, 0.45, 0.9), strict=True):
        said = "glasses" if score >= 0.4 else "none"
        fields = {"truth": sample.label.name, "said": said, "certainty": max(score, 1 - score)}  # type: ignore[union-attr]
        HeldOutPrediction.objects.create(run=run, sample=sample, part=Part.TEST, scores=[1 - score, score], **fields)
    client, address = signed_in(vera), reverse("training:threshold", args=[run.pk])
    usual = client.get(address, {"label": "glasses"}).content.decode()
    assert "Finds 1 of 2 “glasses” samples and misses 1." in usual
    assert "Same result" in usual
    lower = client.get(address, {"label": "glasses", "at": "30"}).content.decode()
    assert "Finds 2 of 2 “glasses” samples and misses 0." in lower
    assert "1 more sample becomes “glasses”: 1 right, 0 wrong." in lower
    assert re.findall(r"\?sample=(\d+)", lower) == [str(samples[1].number)]
    higher = client.get(address, {"label": "glasses", "at": "50"}).content.decode()
    assert "1 sample is no longer “glasses”: 1 right, 0 wrong." in higher
    other = evaluation_queries.OneVsRest(run, evaluation_queries.predictions_of(run, Part.TEST), "none")
    assert other.default_threshold == pytest.approx(0.6), "of two labels the thresholds mirror each other"


def relabel(
    client: Client, run: TrainingRun, sample: Sample, label: Label | None = None, label_id: Any = None, **fields: Any
) -> Any:
    wish = {"revision": sample.revision, "label": label.pk if label else label_id or ""} | fields
    address = reverse("training:relabel", args=[run.pk, sample.number])
    return client.post(address, wish, headers={"accept": "application/json"})


def test_a_mistake_is_relabelled_and_that_undone(run: TrainingRun, bob: User) -> None:
    client, dataset = signed_in(bob), run.dataset
    assert dataset is not None
    sample = Sample.objects.get(dataset=dataset, number=6)
    label = dataset.labels.get(name="none")
    answer = relabel(client, run, sample, label).json()
    sample.refresh_from_db()
    assert sample.label == label
    assert "Sample 6 is now “none”" in answer["toast"]
    assert "now “none”" in checked(client, page_of(run))
    client.post(answer["undo"]["url"], answer["undo"]["fields"])
    sample.refresh_from_db()
    assert sample.label is not None
    assert sample.label.name == "glasses"
    assert run.held_out_predictions.get(sample=sample).truth == "glasses", "what was measured stays"


def test_leaving_out_is_an_act_too(run: TrainingRun, bob: User) -> None:
    sample = Sample.objects.get(dataset=run.dataset_id, number=6)
    assert relabel(signed_in(bob), run, sample, leave_out="1").status_code == 200
    sample.refresh_from_db()
    assert sample.is_left_out


def test_what_somebody_changed_meanwhile_stays(run: TrainingRun, bob: User) -> None:
    sample = Sample.objects.get(dataset=run.dataset_id, number=6)
    Sample.objects.filter(pk=sample.pk).update(revision=5)
    answer = relabel(signed_in(bob), run, sample, Label.objects.get(dataset=run.dataset_id, name="none"))
    assert answer.status_code == 409
    sample.refresh_from_db()
    assert sample.label is not None
    assert sample.label.name == "glasses"


def test_labels_renamed_since_are_offered_by_their_new_names(run: TrainingRun, bob: User) -> None:
    Label.objects.filter(dataset=run.dataset_id, name="none").update(name="no glasses")
    html = checked(signed_in(bob), page_of(run))
    options = re.findall(r"<option value=\"\d+\"[^>]*>\s*([^<]+?)\s*</option>", html)
    assert set(options) == {"no glasses", "glasses"}
    gone = Label.objects.get(dataset=run.dataset_id, name="glasses")
    sample = Sample.objects.get(dataset=run.dataset_id, number=1)
    Sample.objects.filter(label=gone).update(label=None)
    pk = gone.pk
    gone.delete()
    assert relabel(signed_in(bob), run, sample, label_id=pk).status_code == 400
    assert relabel(signed_in(bob), run, sample, label_id="x").status_code == 400


@pytest.mark.parametrize(("name", "status"), [("vera", 404), ("charlie", 404), ("bob", 303), ("alice", 303)])
def test_who_may_relabel(name: str, status: int, run: TrainingRun, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(name))
    sample = Sample.objects.get(dataset=run.dataset_id, number=6)
    fields = {"revision": 0, "label": Label.objects.get(dataset=run.dataset_id, name="none").pk}
    assert client.post(reverse("training:relabel", args=[run.pk, sample.number]), fields).status_code == status
    assert LabellingAct.objects.count() == (1 if status == 303 else 0)


@pytest.mark.parametrize("status", [Status.RUNNING, Status.FAILED])
def test_an_unfinished_or_deleted_run_has_no_result(team: Team, alice: User, run: TrainingRun, status: str) -> None:
    client = signed_in(alice)
    assert client.get(reverse("training:predictions", args=[make_run(team=team, status=status).pk])).status_code == 404
    TrainingRun.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
    assert client.get(page_of(run)).status_code == 404


def test_it_outlives_its_dataset(run: TrainingRun, alice: User) -> None:
    client = signed_in(alice)
    Dataset.objects.filter(pk=present(run.dataset_id)).update(deleted_at=timezone.now())
    assert "Relabel" not in checked(client, page_of(run))
    sample = Sample.objects.get(dataset=run.dataset_id, number=6)
    assert relabel(client, run, sample, leave_out="1").status_code == 404
    TrainingRun.objects.filter(pk=run.pk).update(dataset=None)
    run.held_out_predictions.update(sample=None)
    assert "This sample was deleted." in checked(client, page_of(run))
    assert "Same result" in checked(client, reverse("training:run", args=[run.pk]))


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_more_samples_cost_no_more_queries(run: TrainingRun, bob: User) -> None:
    client = signed_in(bob)
    make_run(dataset=run.dataset)
    addresses = [page_of(run), page_of(run, "?at=5"), reverse("training:predictions", args=[run.pk])]
    addresses.append(reverse("training:compare") + f"?line={run.line}")
    before = [queries(client, address) for address in addresses]
    assert run.dataset is not None
    make_predictions(run, fill(run.dataset, 30), wrong=range(0, 30, 3))
    for _ in range(4):
        make_run(dataset=run.dataset)
    assert [queries(client, address) for address in addresses] == before


def test_many_labels_choose_the_weakest(dataset: Dataset, alice: User) -> None:
    labels = ("cap", "hat", "hood")
    for name in labels:
        make_label(dataset, name)
    figures = make_figures(labels=labels)
    figures["per_label"] = figures["per_label"] | {"hat": figures["per_label"]["hood"] | {"f1": 0.2}}
    run = make_run(dataset=dataset, result=make_result(labels, test=figures, validation=figures))
    make_predictions(run, make_samples(dataset, 6))
    client = signed_in(alice)
    assert evaluation_queries.chosen_label(run, {}, Part.TEST) == "hat"
    html = checked(client, page_of(run, "?label=hood"))
    assert "Say “hood” when" in html
    assert html.count('class="cell shade-') == 9
