"""The sample dataset: one button, filled by the worker, one for each team."""

import pytest
from django.urls import reverse

from analysis.samples.drawings import DRAWINGS
from tests.conftest import signed_in
from tests.webapp.datasets.importing.fillings import run
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset, Import, Label, Sample, Source
from webapp.folded_fields import with_folded

pytestmark = pytest.mark.django_db


def pressed(user: User) -> Dataset:
    answer = signed_in(user).post(reverse("datasets:sample"))
    dataset = Dataset.objects.get(deleted_at=None)
    assert answer["Location"] == reverse("datasets:grid", args=[dataset.pk])
    return dataset


def test_the_worker_paints_it_and_every_picture_has_a_label(team: Team, alice: User) -> None:
    dataset = pressed(alice)
    of_import = run(Import.objects.get(dataset=dataset))
    assert of_import.counts == {"added": DRAWINGS}
    labels = Sample.objects.filter(dataset=dataset).values_list("label__name", flat=True)
    assert set(labels) == {"smiling", "not smiling"} and len(labels) == DRAWINGS
    sources = set(Sample.objects.filter(dataset=dataset).values_list("source", flat=True))
    assert len(sources) == DRAWINGS, "each is an occasion of its own, so that a version can be split"


def test_a_label_that_is_renamed_meanwhile_keeps_its_new_name(team: Team, alice: User) -> None:
    dataset = pressed(alice)
    dataset.labels.filter(name="smiling").update(**with_folded(Label, name="happy"))
    run(Import.objects.get(dataset=dataset))
    assert set(dataset.labels.values_list("name", flat=True)) == {"happy", "not smiling"}
    assert Sample.objects.filter(dataset=dataset, label__name="happy").exists()


def test_pressed_twice_there_is_one_and_after_deletion_a_new_one(team: Team, alice: User) -> None:
    dataset = pressed(alice)
    assert pressed(alice) == dataset
    signed_in(alice).post(reverse("datasets:delete", args=[dataset.pk]))
    assert pressed(alice) != dataset


def test_only_admins_are_offered_it_and_may_have_it(team: Team, alice: User, bob: User, vera: User) -> None:
    address = reverse("datasets:sample")
    assert address in signed_in(alice).get(reverse("datasets:list")).content.decode()
    for user in (bob, vera):
        assert address not in signed_in(user).get(reverse("datasets:list")).content.decode()
        assert signed_in(user).post(address).status_code == 404
    assert not Dataset.objects.exists()


def test_a_form_cannot_ask_for_drawings_in_another_dataset(team: Team, alice: User) -> None:
    dataset = pressed(alice)
    signed_in(alice).post(reverse("datasets:fill", args=[dataset.pk]), {"from": "drawn"})
    assert Import.objects.filter(source=Source.SYNTHETIC).count() == 1
