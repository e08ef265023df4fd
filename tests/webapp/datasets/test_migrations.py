"""Labelling acts and doctor's fixes survive the way to their new names and back."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories_datasets import make_dataset, make_label, make_sample, seen
from webapp.accounts.models import Team, User
from webapp.datasets.labelling import services as labelling
from webapp.datasets.models import Checkup, Finding, FindingKind, LabelChange, LabellingAct

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
