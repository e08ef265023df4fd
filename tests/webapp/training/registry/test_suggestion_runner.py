"""Suggestions in the grid come from the model at work, where one is: for its own dataset, the doubtful first."""

import pytest

from tests.analysis.training.pictures import stripes
from tests.factories_datasets import make_dataset, make_sample
from tests.factories_recognition import make_promoted
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets.measuring import runner as measuring_runner
from webapp.datasets.measuring import services as measuring_services
from webapp.datasets.models import Dataset, Sample
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind
from webapp.training.models import TrainingRun
from webapp.training.registry import services as registry

pytestmark = pytest.mark.django_db
ASKED = 12


def unlabelled(team: Team) -> Dataset:
    """Stripes that stand and lie in turn; nobody has labelled any, so no neighbour can say anything."""
    dataset = make_dataset(team=team, labels=("Lie", "stand"))
    for n in range(ASKED):
        make_sample(dataset, image=stripes(bool(n % 2), 500 + n))
    return dataset


def measure(dataset: Dataset) -> None:
    job = measuring_services.request_measuring(dataset)
    assert job is not None
    with lifecycle.working(job.pk) as claimed:
        assert claimed is not None
        measuring_runner.measure_samples(claimed)


def suggested(dataset: Dataset) -> list[str | None]:
    rows = Sample.objects.filter(dataset=dataset).order_by("number")
    return list(rows.values_list("suggested__name", flat=True))


def test_the_model_at_work_suggests_labels_with_its_certainty(team: Team) -> None:
    dataset = unlabelled(team)
    measure(dataset)
    assert set(suggested(dataset)) == {None}
    make_promoted(dataset=dataset)
    measure(dataset)
    right = [label == ("Lie", "stand")[n % 2] for n, label in enumerate(suggested(dataset))]
    assert sum(right) >= ASKED - 1
    certainties = Sample.objects.filter(dataset=dataset).values_list("certainty", flat=True)
    assert all(certainty is not None and 0.5 <= certainty <= 1 for certainty in certainties)


def test_labels_that_are_gone_are_not_suggested_and_labelled_samples_are_left_alone(team: Team) -> None:
    dataset = unlabelled(team)
    make_promoted(dataset=dataset)
    dataset.labels.filter(name="stand").update(name="upright")
    first = Sample.objects.filter(dataset=dataset).order_by("number")[0]
    Sample.objects.filter(pk=first.pk).update(label=dataset.labels.get(name="Lie"))
    measure(dataset)
    found = suggested(dataset)
    assert found[0] is None
    assert set(found) == {"Lie", None}


def test_a_model_whose_file_was_changed_says_nothing(team: Team) -> None:
    dataset = unlabelled(team)
    run = make_promoted(dataset=dataset)
    storage.put_bytes(f"{run.files_prefix}/run.json", b"{}")
    measure(dataset)
    assert set(suggested(dataset)) == {None}


def test_promoting_and_withdrawing_have_the_samples_looked_at_again(team: Team, alice: User) -> None:
    dataset = unlabelled(team)
    run: TrainingRun = make_promoted(dataset=dataset)
    for move in (
        lambda: registry.withdraw(dataset.pk, team, alice),
        lambda: registry.promote(run, alice, is_confirmed=True),
    ):
        Job.objects.filter(kind=JobKind.MEASURE).delete()
        move()
        assert Job.objects.filter(kind=JobKind.MEASURE, subject_id=dataset.pk).exists()
