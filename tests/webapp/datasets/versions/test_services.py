"""Versions: frozen for good, split by source or person, honest about what a score will be worth, comparable."""

from collections import defaultdict

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job
from tests.factories_datasets import make_dataset, make_sample
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets import cleanup as datasets_cleanup
from webapp.datasets import services
from webapp.datasets.labelling import services as labelling
from webapp.datasets.models import (
    Checkup,
    Dataset,
    Finding,
    FindingKind,
    GroupBy,
    Part,
    Sample,
    Version,
    VersionSample,
)
from webapp.datasets.versions import queries as versions_queries
from webapp.datasets.versions import services as versions_services
from webapp.datasets.versions import split_rules
from webapp.jobs.models import JobKind, Status
from webapp.people.models import Person
from webapp.undo_period import UNDO_PERIOD

pytestmark = pytest.mark.django_db

SHARES = {Part.TRAIN.value: 0.7, Part.VALIDATION.value: 0.15, Part.TEST.value: 0.15}


def freeze(dataset: Dataset, **fields: object) -> Version:
    return versions_services.freeze(dataset, user=None, **({"shares": SHARES} | fields))  # type: ignore[arg-type]


def fill(dataset: Dataset, sources: int = 12, each: int = 4) -> list[Sample]:
    return [
        make_sample(
            dataset, label=("smile", "none")[number % 2], source=f"video {source}", identity=f"person {source // 2}"
        )
        for source in range(sources)
        for number in range(each)
    ]


def parts_of(version: Version, key: str) -> dict[str, set[str]]:
    parts: dict[str, set[str]] = defaultdict(set)
    for value, part in version.samples.values_list(key, "part"):
        parts[value].add(part)
    return parts


def test_samples_stay_in_the_part_that_they_came_with_unless_that_parts_a_source(team: Team) -> None:
    dataset = make_dataset(team=team)
    samples = fill(dataset)
    for sample in samples:
        source = int(sample.source.split()[1])
        sample.part = {0: "test", 1: "test", 2: "train", 3: ("train", "test")[sample.pk % 2]}.get(source, "")
    Sample.objects.bulk_update(samples, ["part"])
    version = freeze(dataset)
    parts = parts_of(version, "sample__source")
    assert all(len(found) == 1 for found in parts.values()), "also of what came in two"
    assert [parts[f"video {n}"] for n in range(3)] == [{"test"}, {"test"}, {"train"}]
    assert {part for found in parts.values() for part in found} == {"train", "validation", "test"}, "the rest is split"
    assert split_rules.GIVEN_APART in version.statistics["warnings"]
    assert versions_queries.given_parts(dataset) == {"test": 10, "train": 6}
    anew = freeze(dataset, keeps_given=False)
    assert split_rules.GIVEN_APART not in anew.statistics["warnings"]
    assert parts_of(anew, "sample__source") != parts


def test_no_video_is_parted(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset)
    version = freeze(dataset)
    assert all(len(parts) == 1 for parts in parts_of(version, "source").values())
    assert set(version.samples.values_list("part", flat=True)) == set(Part.values)


@pytest.mark.parametrize("keep", [GroupBy.PERSON, GroupBy.BOTH])
def test_no_person_is_parted_where_people_are_kept_together(team: Team, keep: GroupBy) -> None:
    dataset = make_dataset(team)
    fill(dataset)
    version = freeze(dataset, group_by=keep)
    assert all(len(parts) == 1 for parts in parts_of(version, "sample__identity").values())


def test_people_who_turned_out_to_be_one_are_not_parted(team: Team) -> None:
    dataset = make_dataset(team)
    people = [Person.objects.create(team=team, number=n, hue=0) for n in range(1, 13)]
    for number, person in enumerate(people):
        make_sample(dataset, label=("a", "b")[number % 2], identity=str(person.pk), person=person)
    for number in range(2, 12):
        Person.objects.filter(pk=people[number].pk).update(merged_into=people[number - 2])
    version = freeze(dataset, group_by=GroupBy.PERSON)
    parts = dict(version.samples.values_list("label", "part"))
    assert version.samples.values("label", "part").distinct().count() == len(parts) == 2


def test_what_has_no_label_or_is_left_out_stays_outside(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    make_sample(dataset)
    labelling.exclude_samples(dataset, user=None, seen={samples[0].number: 0}, excluded=True)
    version = freeze(dataset)
    assert version.samples.count() == version.statistics["samples"] == len(samples) - 1


def test_the_fingerprint_is_of_content_and_labels_alone(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    first, again = freeze(dataset), freeze(dataset, seed=5, note="drawn anew", group_by=GroupBy.BOTH)
    assert first.fingerprint == again.fingerprint
    assert [first.number, again.number] == [1, 2]
    other = services.label_called(dataset, "grin")
    labelling.label_samples(dataset, user=None, label=other, seen={samples[0].number: 0})
    assert freeze(dataset).fingerprint != first.fingerprint


def test_the_same_content_in_another_dataset_has_the_same_fingerprint(team: Team) -> None:
    first, second = make_dataset(team), make_dataset(team)
    for sample in fill(first):
        make_sample(second, label=sample.label.name if sample.label else None, sha256=sample.sha256, source="elsewhere")
    assert freeze(first).fingerprint == freeze(second).fingerprint


def test_the_same_seed_gives_the_same_split_and_another_one_another(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset, sources=30)
    first, again, other = freeze(dataset, seed=1), freeze(dataset, seed=1), freeze(dataset, seed=2)
    assert parts_of(first, "source") == parts_of(again, "source") != parts_of(other, "source")


def test_a_version_does_not_change_when_the_dataset_does(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    version = freeze(dataset)
    before = sorted(version.samples.values_list("sample", "label", "part"))
    label = samples[0].label
    assert label is not None
    services.edit_label(label, name="laugh", hue=3, key="")
    Sample.objects.filter(pk=samples[1].pk).update(removed_at=timezone.now() - 2 * UNDO_PERIOD)
    datasets_cleanup.clean_up()
    assert sorted(version.samples.values_list("sample", "label", "part")) == before
    assert storage.exists(samples[1].key), "a version holds it"


def test_removed_samples_go_once_no_version_holds_them(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    version = freeze(dataset)
    long_ago = timezone.now() - 2 * UNDO_PERIOD
    Sample.objects.filter(pk=samples[1].pk).update(removed_at=long_ago)
    versions_services.delete_version(version)
    Version.objects.filter(pk=version.pk).update(deleted_at=long_ago)
    datasets_cleanup.clean_up()
    assert not Version.objects.filter(pk=version.pk).exists()
    assert not Sample.objects.filter(pk=samples[1].pk).exists()
    assert not storage.exists(samples[1].key)
    assert storage.exists(samples[0].key)


def test_one_source_is_called_what_it_is(team: Team) -> None:
    dataset = make_dataset(team)
    for number in range(30):
        make_sample(dataset, label=("a", "b")[number % 2], source="the only video", sequence=f"track {number // 3}")
    version = freeze(dataset)
    assert split_rules.ONE_SOURCE in version.statistics["warnings"]
    assert all(len(parts) == 1 for parts in parts_of(version, "sample__sequence").values()), "not by single pictures"


def test_few_sources_and_thin_labels_are_told(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset, sources=4, each=2)
    warnings = freeze(dataset).statistics["warnings"]
    assert {split_rules.FEW_SOURCES, split_rules.THIN_LABEL} <= set(warnings)


def test_a_large_and_varied_dataset_has_nothing_to_be_told(team: Team) -> None:
    dataset = make_dataset(team)
    fill(dataset, sources=60, each=2)
    assert freeze(dataset).statistics["warnings"] == [split_rules.NOT_EXAMINED]
    examined(dataset)
    assert freeze(dataset).statistics["warnings"] == []


def examined(dataset: Dataset, *pairs: tuple[int, int]) -> None:
    """As if the doctor had been there and found that the first of each pair repeats the second."""
    job = make_job(team=dataset.team, kind=JobKind.CHECKUP, status=Status.DONE, finished_at=timezone.now())
    checkup = Checkup.objects.create(dataset=dataset, job=job)
    items = [[number, 0.99, kept] for number, kept in pairs]
    Finding.objects.create(checkup=checkup, kind=FindingKind.DUPLICATES, samples=items)


def test_near_copies_from_different_videos_stay_together(team: Team) -> None:
    dataset = make_dataset(team)
    numbers = [sample.number for sample in fill(dataset, sources=40, each=1)]
    pairs = list(zip(numbers[20:], numbers[:20], strict=True))
    examined(dataset, *pairs)
    for seed in range(3):
        part_of = dict(freeze(dataset, seed=seed).samples.values_list("sample__number", "part"))
        assert all(part_of[number] == part_of[kept] for number, kept in pairs)


def test_nothing_labelled_cannot_be_frozen(team: Team) -> None:
    dataset = make_dataset(team)
    make_sample(dataset)
    with pytest.raises(versions_services.NothingToFreeze):
        freeze(dataset)
    assert not Version.objects.exists()


def test_versions_are_compared_by_content(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    first = freeze(dataset)
    grin = services.label_called(dataset, "grin")
    labelling.label_samples(dataset, user=None, label=grin, seen={samples[0].number: 0})
    labelling.exclude_samples(dataset, user=None, seen={samples[1].number: 0}, excluded=True)
    added = make_sample(dataset, label="smile")
    difference = versions_queries.compare(first, freeze(dataset))
    assert difference.added == [added.pk]
    assert difference.removed == [samples[1].pk]
    assert difference.relabelled == [(samples[0].pk, "smile", "grin")]


def test_an_admin_freezes_in_the_browser_and_is_led_to_the_version(team: Team, alice: User) -> None:
    dataset = make_dataset(team)
    fill(dataset)
    form = {"group_by": "source", "shares": "80", "seed": "3", "note": "first"}
    answer = signed_in(alice).post(reverse("datasets:freeze", args=[dataset.pk]), form)
    version = dataset.versions.get()
    assert answer["Location"] == reverse("datasets:version", args=[dataset.pk, 1])
    assert (version.note, version.seed, version.shares["train"]) == ("first", 3, 0.8)
    assert version.created_by == alice


def test_only_admins_freeze_and_delete(team: Team, alice: User, bob: User, vera: User, charlie: User) -> None:
    dataset = make_dataset(team)
    fill(dataset)
    form = {"group_by": "source", "shares": "70", "seed": "0"}
    freeze(dataset)
    for user in (bob, vera, charlie):
        client = signed_in(user)
        assert client.post(reverse("datasets:freeze", args=[dataset.pk]), form).status_code == 404
        assert client.post(reverse("datasets:delete_version", args=[dataset.pk, 1])).status_code == 404
        assert client.post(reverse("datasets:restore_version", args=[dataset.pk, 1])).status_code == 404
    assert Client().post(reverse("datasets:freeze", args=[dataset.pk]), form).status_code == 302
    admin = signed_in(alice)
    admin.post(reverse("datasets:delete_version", args=[dataset.pk, 1]))
    assert admin.get(reverse("datasets:version", args=[dataset.pk, 1])).status_code == 404
    admin.post(reverse("datasets:restore_version", args=[dataset.pk, 1]))
    assert admin.get(reverse("datasets:version", args=[dataset.pk, 1])).status_code == 200


def test_a_deleted_dataset_takes_its_versions_with_it(team: Team) -> None:
    dataset = make_dataset(team)
    samples = fill(dataset)
    freeze(dataset)
    services.delete_dataset(dataset)
    Dataset.objects.filter(pk=dataset.pk).update(deleted_at=timezone.now() - 2 * UNDO_PERIOD)
    datasets_cleanup.clean_up()
    assert not VersionSample.objects.exists()
    assert not Dataset.objects.exists()
    assert not storage.exists(samples[0].key)
