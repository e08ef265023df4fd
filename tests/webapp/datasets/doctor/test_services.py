"""The doctor on real small pictures with planted defects: finds them, mends them, takes the mending back."""

import re
from dataclasses import asdict

import cv2
import numpy as np
import pytest
from django.urls import reverse

from analysis.doctor.measures import MEASURES_VERSION
from analysis.training.config import Augmentation
from analysis.training.data.augmentation_strengths import TRAINED_WITH
from analysis.types import Image
from tests.conftest import signed_in
from tests.factories_datasets import a_picture, make_dataset, make_sample
from webapp.accounts.models import Team, User
from webapp.datasets import services
from webapp.datasets.doctor import runner as doctor_runner
from webapp.datasets.doctor import services as doctor_services
from webapp.datasets.labelling import services as labelling
from webapp.datasets.measuring import runner as measuring_runner
from webapp.datasets.measuring import services as measuring_services
from webapp.datasets.models import Checkup, Dataset, Finding, FindingKind, Measured, Sample
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status

pytestmark = pytest.mark.django_db(transaction=True)


def run(dataset: Dataset, kind: str) -> Job:
    """As the worker does it, in this process."""
    job = lifecycle.create(kind, team=dataset.team, subject_id=dataset.pk)
    if kind == JobKind.CHECKUP:
        Checkup.objects.create(dataset=dataset, job=job)
    with lifecycle.working(job.pk) as claimed:
        assert claimed is not None
        {JobKind.MEASURE: measuring_runner.measure_samples, JobKind.CHECKUP: doctor_runner.scan_dataset}[JobKind(kind)](
            claimed
        )
    job.refresh_from_db()
    return job


def tinted(seed: int, warm: bool) -> Image:
    """Red and yellow, or blue and green: two labels that any network tells apart."""
    picture = a_picture(seed, (96, 96)).astype(np.float32)
    picture *= np.array([0.2, 0.5, 1.2] if warm else [1.2, 0.7, 0.2], np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def fill(dataset: Dataset, count: int = 40) -> list[Sample]:
    return [
        make_sample(
            dataset,
            label=("cold", "warm")[number % 2],
            image=tinted(number, warm=bool(number % 2)),
            source=f"video {number // 2}",
        )
        for number in range(count)
    ]


def found(dataset: Dataset, kind: FindingKind) -> Finding:
    scan = doctor_services.latest_scan(dataset)
    assert scan is not None
    return scan.findings.get(kind=kind)


def numbers(finding: Finding) -> set[int]:
    return {item[0] for item in finding.samples}


def test_each_sample_is_measured_once_and_a_repeat_goes_on(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset, 6)
    assert run(dataset, JobKind.MEASURE).status == Status.DONE
    first = set(Measured.objects.values_list("pk", flat=True))
    make_sample(dataset)
    run(dataset, JobKind.MEASURE)
    assert len(first) == 6
    assert Measured.objects.count() == 7


def test_what_an_older_measure_made_is_measured_again_when_the_doctor_looks(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset, 4)
    run(dataset, JobKind.MEASURE)
    right = dict(Measured.objects.values_list("sample__number", "blur"))
    rows = Measured.objects.filter(sample__in=[sample.pk for sample in samples[:2]])
    rows.filter(sample=samples[0].pk).update(version=0, blur=99, signature=b"of another length")
    rows.filter(sample=samples[1].pk).update(embedder="another", embedding=b"12", blur=99)
    Measured.objects.filter(sample=samples[2].pk).update(blur=77)
    assert run(dataset, JobKind.CHECKUP).status == Status.DONE
    assert dict(Measured.objects.values_list("sample__number", "blur")) == right | {samples[2].number: 77}
    assert set(Measured.objects.values_list("version", flat=True)) == {MEASURES_VERSION}


def test_old_measures_of_a_file_that_is_gone_are_not_compared(team: Team, caplog: pytest.LogCaptureFixture) -> None:
    dataset = make_dataset(team)
    [lost, *_others] = fill(dataset, 6)
    run(dataset, JobKind.MEASURE)
    Measured.objects.filter(sample=lost.pk).update(version=0, embedding=b"12", signature=b"1")
    Sample.objects.filter(pk=lost.pk).update(key="teams/nowhere.jpg", label=None)
    assert run(dataset, JobKind.CHECKUP).status == Status.DONE
    scan = doctor_services.latest_scan(dataset)
    assert scan is not None
    assert scan.samples_seen == 5


def test_a_sample_whose_file_is_gone_stops_nothing(team: Team, caplog: pytest.LogCaptureFixture) -> None:
    dataset = make_dataset(team)
    fill(dataset, 3)
    Sample.objects.filter(number=2).update(key="teams/nowhere.jpg")
    assert run(dataset, JobKind.MEASURE).status == Status.DONE
    assert Measured.objects.count() == 2


def test_planted_defects_are_found(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    blurred = make_sample(dataset, image=a_picture(900, (96, 96), blur=5))
    dark = make_sample(dataset, image=a_picture(901, (96, 96), light=0.06))
    tiny = make_sample(dataset, image=np.asarray(cv2.resize(a_picture(902, (96, 96)), (14, 14)), np.uint8))
    bigger = cv2.resize(tinted(0, warm=False), (144, 144))
    copy = make_sample(dataset, image=np.asarray(bigger, np.uint8), source="another video")
    assert run(dataset, JobKind.CHECKUP).status == Status.DONE
    assert blurred.number in numbers(found(dataset, FindingKind.BLURRED))
    assert numbers(found(dataset, FindingKind.DARK)) == {dark.number}
    assert tiny.number in numbers(found(dataset, FindingKind.TINY))
    duplicates = found(dataset, FindingKind.DUPLICATES)
    pairs = {frozenset((number, other)) for number, _likeness, other in duplicates.samples}
    assert pairs == {frozenset((copy.number, samples[0].number))}
    assert duplicates.facts == {"groups": 1, "across_sources": 1}


def test_swapped_labels_are_doubted_and_relabelled_and_taken_back(team: Team, bob: User) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    wrong = samples[3]
    cold = services.label_called(dataset, "cold")
    labelling.label_samples(dataset, user=None, label=cold, seen={wrong.number: 0})
    run(dataset, JobKind.CHECKUP)
    finding = found(dataset, FindingKind.WRONG_LABEL)
    assert numbers(finding) == {wrong.number}
    client = signed_in(bob)
    client.post(reverse("datasets:mend", args=[dataset.pk, finding.pk]), {"act": "relabel"})
    wrong.refresh_from_db()
    assert wrong.label is not None
    assert wrong.label.name == "warm"
    assert doctor_services.still_open(finding) == []
    client.post(reverse("datasets:take_back", args=[dataset.pk, finding.pk]))
    wrong.refresh_from_db()
    assert wrong.label == cold
    assert len(doctor_services.still_open(finding)) == 1


def test_patterns_are_made_once_and_only_of_labelled_samples(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset, 14)
    unlabelled = make_sample(dataset)
    Sample.objects.filter(pk=samples[0].pk).update(key="teams/nowhere.jpg")
    run(dataset, JobKind.MEASURE)
    assert not Measured.objects.exclude(patterns=None).exists()
    Sample.objects.filter(pk=samples[1].pk).update(key="teams/nowhere.jpg")
    run(dataset, JobKind.CHECKUP)
    made = dict(Measured.objects.exclude(patterns=None).values_list("sample", "patterns"))
    assert set(made) == {sample.pk for sample in samples[2:]}
    assert unlabelled.pk not in made
    Measured.objects.filter(sample=samples[2].pk).update(patterns=made[samples[3].pk])
    run(dataset, JobKind.CHECKUP)
    assert Measured.objects.get(sample=samples[2].pk).patterns == made[samples[3].pk]


def test_leaving_out_only_the_ticked_ones(team: Team, bob: User) -> None:
    dataset = make_dataset(team)
    fill(dataset, 10)
    dark = [make_sample(dataset, image=a_picture(700 + n, (96, 96), light=0.05)) for n in range(3)]
    run(dataset, JobKind.CHECKUP)
    finding = found(dataset, FindingKind.DARK)
    address = reverse("datasets:mend", args=[dataset.pk, finding.pk])
    signed_in(bob).post(address, {"act": "leave_out", "only": "1", "number": [str(dark[0].number)]})
    assert list(Sample.objects.filter(is_left_out=True).values_list("number", flat=True)) == [dark[0].number]
    assert {item[0] for item in doctor_services.still_open(finding)} == {dark[1].number, dark[2].number}


def test_what_others_changed_since_is_not_taken_back(team: Team, bob: User) -> None:
    dataset = make_dataset(team)
    fill(dataset, 10)
    dark = make_sample(dataset, image=a_picture(700, (96, 96), light=0.05))
    run(dataset, JobKind.CHECKUP)
    finding = found(dataset, FindingKind.DARK)
    assert doctor_services.fix(finding, user=bob) == 1
    labelling.exclude_samples(dataset, user=None, seen={dark.number: 1}, excluded=False)
    labelling.exclude_samples(dataset, user=None, seen={dark.number: 2}, excluded=True)
    assert doctor_services.undo_fix(finding, user=bob) == 0
    dark.refresh_from_db()
    assert dark.is_left_out


def test_thin_and_unbalanced_labels_are_told_in_numbers(team: Team) -> None:
    dataset = make_dataset(team)
    for number in range(40):
        make_sample(dataset, label="usual", source=f"video {number}")
    for _ in range(4):
        make_sample(dataset, label="rare", source="one video")
    services.label_called(dataset, "never given")
    run(dataset, JobKind.CHECKUP)
    unbalanced = found(dataset, FindingKind.UNBALANCED)
    assert unbalanced.facts["labels"][0]["label"] == "rare"
    assert len(unbalanced.samples) == 40 - 3 * 4, "three times the rarest stay"
    thin = {each["label"]: each for each in found(dataset, FindingKind.THIN).facts["labels"]}
    assert thin["never given"]["count"] == 0
    assert thin["rare"]["sources"] == 1


def test_the_unlabelled_get_suggestions_with_certainty(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset, 20)
    warm = make_sample(dataset, image=tinted(501, warm=True))
    cold = make_sample(dataset, image=tinted(502, warm=False))
    run(dataset, JobKind.MEASURE)
    for sample, name in ((warm, "warm"), (cold, "cold")):
        sample.refresh_from_db()
        assert sample.suggested is not None
        assert sample.suggested.name == name
        assert 0.5 < (sample.certainty or 0) <= 1
    assert not Sample.objects.filter(label__isnull=False, suggested__isnull=False).exists()


def test_suggestions_are_asked_for_again_once_enough_was_labelled(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset, 9)
    measuring_services.request_suggestions(dataset)
    assert not Job.objects.filter(kind=JobKind.MEASURE).exists()
    make_sample(dataset, label="warm")
    measuring_services.request_suggestions(dataset)
    measuring_services.request_suggestions(dataset)
    assert Job.objects.filter(kind=JobKind.MEASURE).count() == 1, "one is enough"


def test_a_checkup_of_a_deleted_dataset_ends_quietly(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset, 2)
    services.delete_dataset(dataset)
    assert run(dataset, JobKind.CHECKUP).status == Status.CANCELLED


def test_a_finding_can_be_dismissed_and_counts_again(team: Team, bob: User) -> None:
    dataset = make_dataset(team)
    fill(dataset, 4)
    run(dataset, JobKind.CHECKUP)
    finding = found(dataset, FindingKind.THIN)
    client, address = signed_in(bob), reverse("datasets:dismiss", args=[dataset.pk, finding.pk])
    client.post(address)
    finding.refresh_from_db()
    assert finding.dismissed_at is not None
    client.post(address, {"back": "1"})
    finding.refresh_from_db()
    assert finding.dismissed_at is None


def test_who_may_ask_the_doctor(team: Team, vera: User, charlie: User, bob: User) -> None:
    dataset = make_dataset(team)
    fill(dataset, 4)
    run(dataset, JobKind.CHECKUP)
    finding = found(dataset, FindingKind.THIN)
    looks = [
        reverse("datasets:doctor", args=[dataset.pk]),
        reverse("datasets:finding", args=[dataset.pk, finding.pk]),
        reverse("datasets:preview", args=[dataset.pk]),
        reverse("datasets:preview_picture", args=[dataset.pk, 1]),
    ]
    assert [signed_in(vera).get(address).status_code for address in looks] == [200] * 4
    assert [signed_in(charlie).get(address).status_code for address in looks] == [404] * 4
    changes = [
        reverse("datasets:examine", args=[dataset.pk]),
        reverse("datasets:mend", args=[dataset.pk, finding.pk]),
        reverse("datasets:take_back", args=[dataset.pk, finding.pk]),
        reverse("datasets:dismiss", args=[dataset.pk, finding.pk]),
    ]
    for user in (vera, charlie):
        assert [signed_in(user).post(address).status_code for address in changes] == [404] * 4
    assert signed_in(bob).post(changes[0])["Location"] == looks[0]


def test_the_preview_draws_six_looks_of_the_chosen_size(team: Team, vera: User) -> None:
    dataset = make_dataset(team)
    make_sample(dataset)
    address = reverse("datasets:preview_picture", args=[dataset.pk, 1])
    client = signed_in(vera)
    still = {"side": "64", "flip": "0", "move": "0", "colour": "0", "cover": "0"}
    picture = cv2.imdecode(np.frombuffer(client.get(address, still).content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (64, 6 * 64, 3)
    assert (picture[:, :64] == picture[:, 64:128]).all(), "without strength every look is the same"
    strong = client.get(address, still | {"colour": "1"}).content
    assert strong != client.get(address, still).content
    assert strong == client.get(address, still | {"colour": "1"}).content, "drawn with the same number"


def test_the_preview_begins_as_training_does_and_offers_its_other_ways(team: Team, vera: User) -> None:
    dataset = make_dataset(team)
    make_sample(dataset)
    page = signed_in(vera).get(reverse("datasets:preview", args=[dataset.pk])).content.decode()
    for kind, words in (("none", "None"), ("mirror", "Mirrored"), ("light", "Light"), ("strong", "Strong")):
        of_kind = asdict(TRAINED_WITH[Augmentation(kind)])
        query = "&amp;".join(f"{name}={value:g}" for name, value in of_kind.items())
        assert f'<a href="?side=112&amp;seed=0&amp;{query}">{words}</a>' in page
    for name, value in asdict(TRAINED_WITH[Augmentation.LIGHT]).items():
        assert re.search(rf'name="{name}"\s+type="range"\s[^>]*value="{value:g}', page), name
