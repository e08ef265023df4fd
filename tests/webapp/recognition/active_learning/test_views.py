"""Answers to uncertain moments become labelled samples, once, and can be undone."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, make_label, make_sample
from tests.factories_recognition import make_film, make_promoted, make_recognition, recognise, striped_track
from tests.factories_videos import make_analysed_video, make_video, work
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.datasets.importing.runner import run_import
from webapp.datasets.models import Dataset, Import, Sample
from webapp.jobs.models import Job, JobKind, Status
from webapp.recognition import runner
from webapp.recognition.active_learning import queries as active_learning_queries
from webapp.recognition.models import Observation, Recognition
from webapp.training.models import TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def everything_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LEAST_UNCERTAINTY", 0.0)


def line(team: Team, kind: str) -> tuple[Dataset, TrainingRun]:
    dataset = make_dataset(team=team, kind=kind)
    for name in ("lie", "stand"):
        make_label(dataset, name)
    return dataset, make_promoted(dataset=dataset)


def say(client: Client, run: TrainingRun, moment: Observation, answer: object) -> dict[str, Any]:
    fields = {"moment": moment.pk, "answer": str(answer)}
    address = reverse("recognition:answer", args=[run.pk])
    said: dict[str, Any] = client.post(address, fields, headers={"Accept": "application/json"}).json()
    return said


def work_imports(dataset: Dataset) -> None:
    for job in Job.objects.filter(kind=JobKind.IMPORT, subject_id=dataset.pk, status=Status.QUEUED):
        work(job.pk, run_import)


def test_an_answer_about_a_frame_becomes_a_sample_of_its_video_and_second(
    team: Team, bob: User, tmp_path: Path
) -> None:
    dataset, run = line(team, "frames")
    video = make_film(tmp_path, team=team)
    recognise(run, video)
    client, stand = signed_in(bob), dataset.labels.get(name="stand")
    before = active_learning_queries.queue([run]).count()
    first, second, *_rest = active_learning_queries.queue([run])
    assert client.get(reverse("recognition:uncertain", args=[run.pk])).context["moment"].observation == first
    assert "stand" in say(client, run, first, stand.pk)["toast"]
    say(client, run, second, stand.pk)
    assert "error" in say(client, run, first, stand.pk), "answered already"
    assert Import.objects.count() == 1, "answers ride together"
    work_imports(dataset)
    samples = Sample.objects.filter(dataset=dataset, removed_at=None)
    assert {(each.video, each.label, each.source) for each in samples} == {(video, stand, str(video.pk))}
    assert sorted(round(each.time_s or 0, 2) for each in samples) == sorted(
        round(each.time_s, 2) for each in (first, second)
    )
    assert samples[0].width == 96
    assert active_learning_queries.queue([run]).count() == before - 2
    # The next look is in doubt about the same moments, of which the dataset knows the answer.
    recognise(run, video)
    assert active_learning_queries.queue([run]).count() == before - 2


def test_an_answer_about_a_face_keeps_track_and_person(team: Team, bob: User) -> None:
    dataset, run = line(team, "faces")
    video = make_analysed_video(striped_track(True), team=team)
    work(Recognition.objects.get(run=run).job_id, runner.recognise_in_video)
    [moment] = active_learning_queries.queue([run])
    assert signed_in(bob).get(reverse("recognition:picture", args=[moment.pk])).status_code == 200
    say(signed_in(bob), run, moment, dataset.labels.get(name="lie").pk)
    work_imports(dataset)
    sample = Sample.objects.get(dataset=dataset)
    assert (sample.track, sample.person, sample.video) == (moment.track, present(moment.track).person, video)
    assert present(sample.label).name == "lie" and sample.identity == str(present(moment.track).person_id)
    assert not active_learning_queries.queue([run]).exists()


def test_an_answer_about_a_clip_is_cut_out_of_the_video(team: Team, bob: User, tmp_path: Path) -> None:
    dataset, run = line(team, "clips")
    recognise(run, make_film(tmp_path, team=team, shots=["lie"]))
    [moment] = active_learning_queries.queue([run])
    say(signed_in(bob), run, moment, dataset.labels.get(name="lie").pk)
    work_imports(dataset)
    sample = Sample.objects.get(dataset=dataset)
    assert sample.media_type == "video/mp4" and sample.duration_s == pytest.approx(3, abs=0.2)


def test_what_is_there_already_gets_the_label_instead_of_a_duplicate(team: Team, bob: User) -> None:
    dataset, run = line(team, "frames")
    made = make_recognition(run, make_video(team=team), uncertain=[2.0])
    moment = made.observations.get()
    sample = make_sample(dataset, video=made.video, time_s=2.001, source=str(made.video_id))
    answer = say(signed_in(bob), run, moment, dataset.labels.get(name="stand").pk)
    sample.refresh_from_db()
    assert (
        present(sample.label).name == "stand"
        and Sample.objects.count() == 1
        and not Import.objects.filter(options__how="chosen")
    )
    signed_in(bob).post(answer["undo"]["url"], answer["undo"]["fields"])
    sample.refresh_from_db()
    moment.refresh_from_db()
    assert sample.label is None and moment.answered_at is None


@pytest.mark.parametrize("is_imported", [False, True])
def test_an_answer_can_be_undone_before_and_after_it_was_added(
    team: Team, bob: User, tmp_path: Path, is_imported: bool
) -> None:
    dataset, run = line(team, "frames")
    recognise(run, make_film(tmp_path, team=team))
    first, second, *_rest = active_learning_queries.queue([run])
    client, label = signed_in(bob), dataset.labels.get(name="lie").pk
    answer = say(client, run, first, label)
    say(client, run, second, label)
    if is_imported:
        work_imports(dataset)
    back = client.post(answer["undo"]["url"], answer["undo"]["fields"], headers={"Accept": "application/json"})
    assert back.status_code == 200
    work_imports(dataset)
    left = Sample.objects.filter(dataset=dataset, removed_at=None)
    assert [round(each.time_s or 0, 2) for each in left] == [round(second.time_s, 2)]
    assert first in active_learning_queries.queue([run])


def test_undoing_the_only_answer_leaves_no_import(team: Team, bob: User) -> None:
    dataset, run = line(team, "frames")
    moment = make_recognition(run, make_video(team=team), uncertain=[2.0]).observations.get()
    answer = say(signed_in(bob), run, moment, dataset.labels.get(name="lie").pk)
    signed_in(bob).post(answer["undo"]["url"], answer["undo"]["fields"])
    assert not Import.objects.exists()
    assert Job.objects.get(kind=JobKind.IMPORT).status == Status.CANCELLED


def test_skipped_ones_come_last(team: Team, bob: User) -> None:
    _dataset, run = line(team, "frames")
    made = make_recognition(run, make_video(team=team), uncertain=[1, 5, 9])
    first, second, third = made.observations.order_by("-doubt")
    say(signed_in(bob), run, first, "skip")
    assert list(active_learning_queries.queue([run])) == [second, third, first]


def test_without_the_dataset_it_says_so(team: Team, bob: User) -> None:
    dataset, run = line(team, "frames")
    moment = make_recognition(run, make_video(team=team), uncertain=[1]).observations.get()
    label = dataset.labels.get(name="lie").pk
    for answer in ("x", "999999", ""):
        assert "Choose a label" in say(signed_in(bob), run, moment, answer)["error"]
    from django.utils import timezone

    Dataset.objects.update(deleted_at=timezone.now())
    assert "was deleted" in say(signed_in(bob), run, moment, label)["error"]
    moment.refresh_from_db()
    assert moment.answered_at is None
