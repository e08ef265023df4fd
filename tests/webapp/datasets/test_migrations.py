"""Labelling acts, doctor's fixes and labels survive the way to their new names and back."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories_datasets import make_dataset, make_label, make_sample, seen
from webapp.accounts.models import Team, User
from webapp.datasets.labelling import services as labelling
from webapp.datasets.models import Checkup, Finding, FindingKind, Label, LabelChange, LabellingAct
from webapp.name_folding import fold

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(*targets: tuple[str, str]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())


@pytest.fixture(autouse=True)
def newest_again() -> Iterator[None]:
    yield
    migrate()


def test_acts_and_what_they_changed_keep_their_rows(team: Team, alice: User) -> None:
    dataset = make_dataset(team)
    sample = make_sample(dataset)
    done = labelling.label_samples(dataset, user=alice, label=make_label(dataset, "smile"), seen=seen(sample))
    assert done.act is not None
    finding = Finding.objects.create(
        checkup=Checkup.objects.create(dataset=dataset), kind=FindingKind.WRONG_LABEL, samples=[]
    )
    finding.acts.add(done.act)
    migrate(("datasets", "0004_drawn_sample"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM datasets_change JOIN datasets_act ON act_id = datasets_act.id")
        assert cursor.fetchone() == (1,)
    migrate()
    assert LabellingAct.objects.get() == done.act == finding.acts.get()
    sample.refresh_from_db()
    assert sample.last_act == done.act
    assert LabelChange.objects.get().sample == sample
    assert labelling.undo(done.act, user=alice).changed == {sample.number: 2}


def test_labels_that_fold_alike_are_numbered_and_kept(team: Team) -> None:
    dataset, other = make_dataset(team), make_dataset(team)
    migrate(("datasets", "0010_stopped_uploads"))
    names = ["Café", "cafe", "CAFE (2)", "O’Brien", "O'Brien", "x" * 79 + "é", "x" * 79 + "e"]
    Label.objects.bulk_create([Label(dataset=dataset, name=name, position=n) for n, name in enumerate(names)])
    Label.objects.filter(name="O’Brien").update(folded_name="o’brien")  # as it was folded before
    Label.objects.create(dataset=other, name="CAFÉ")
    migrate()
    expected = ["Café", "cafe (3)", "CAFE (2)", "O’Brien", "O'Brien (2)", "x" * 79 + "é", "x" * 74 + " (2)"]
    assert list(dataset.labels.values_list("name", flat=True)) == expected
    assert list(other.labels.values_list("name", flat=True)) == ["CAFÉ"]
    assert [label.folded_name for label in dataset.labels.all()] == [fold(name) for name in expected]
