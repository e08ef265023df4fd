"""Labelling acts: two people at once, undo in any order, tracks, suggestions, and many samples."""

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.factories_datasets import make_dataset, make_label, make_sample, make_samples, seen
from webapp.accounts.models import Team, User
from webapp.datasets.labelling import services as labelling
from webapp.datasets.labelling.services import ActResult
from webapp.datasets.models import Dataset, Label, LabelChange, LabellingAct, Sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(team: Team) -> Dataset:
    return make_dataset(team=team)


@pytest.fixture
def smile(dataset: Dataset) -> Label:
    return make_label(dataset, "smile")


@pytest.fixture
def frown(dataset: Dataset) -> Label:
    return make_label(dataset, "frown")


def states(dataset: Dataset) -> list[tuple[int, str | None, bool]]:
    fields = ("number", "label__name", "is_left_out")
    return list(Sample.objects.filter(dataset=dataset).order_by("number").values_list(*fields))


def test_a_label_is_given_and_taken_back(dataset: Dataset, smile: Label, alice: User) -> None:
    samples = make_samples(dataset, 3)
    done = labelling.label_samples(dataset, user=alice, label=smile, seen=seen(*samples[:2]))
    assert done.changed == {1: 1, 2: 1}
    assert done.refused == []
    assert states(dataset) == [(1, "smile", False), (2, "smile", False), (3, None, False)]
    assert done.act is not None and done.act.user == alice
    assert labelling.undo(done.act, user=alice).changed == {1: 2, 2: 2}
    assert states(dataset) == [(1, None, False), (2, None, False), (3, None, False)]


def test_what_is_as_wished_already_is_neither_changed_nor_refused(dataset: Dataset, smile: Label, alice: User) -> None:
    sample = make_sample(dataset, label=smile)
    done = labelling.label_samples(dataset, user=alice, label=smile, seen=seen(sample))
    assert done == ActResult(None, {}, [])
    assert not LabellingAct.objects.exists()
    assert labelling.label_samples(dataset, user=alice, label=None, seen={}) == ActResult(None, {}, [])


def test_who_comes_second_changes_nothing(dataset: Dataset, smile: Label, frown: Label, alice: User, bob: User) -> None:
    samples = make_samples(dataset, 3)
    both_saw = seen(*samples)
    labelling.label_samples(dataset, user=bob, label=frown, seen={1: 0, 2: 0})
    done = labelling.label_samples(dataset, user=alice, label=smile, seen=both_saw)
    assert (done.changed, done.refused) == ({3: 1}, [1, 2])
    assert states(dataset) == [(1, "frown", False), (2, "frown", False), (3, "smile", False)]


def test_two_people_who_mean_the_same_do_not_quarrel(dataset: Dataset, smile: Label, alice: User, bob: User) -> None:
    (sample,) = make_samples(dataset, 1)
    both_saw = seen(sample)
    labelling.label_samples(dataset, user=bob, label=smile, seen=both_saw)
    assert labelling.label_samples(dataset, user=alice, label=smile, seen=both_saw) == ActResult(None, {}, [])


def test_undo_leaves_what_somebody_changed_since(
    dataset: Dataset, smile: Label, frown: Label, alice: User, bob: User
) -> None:
    samples = make_samples(dataset, 2)
    mine = labelling.label_samples(dataset, user=alice, label=smile, seen=seen(*samples))
    theirs = labelling.label_samples(dataset, user=bob, label=frown, seen=seen(samples[1]))
    assert mine.act is not None and theirs.act is not None
    undone = labelling.undo(mine.act, user=alice)
    assert (list(undone.changed), undone.refused) == ([1], [2])
    assert states(dataset) == [(1, None, False), (2, "frown", False)]
    # What lay beneath is gone as well: undoing theirs does not bring back what alice has taken back.
    labelling.undo(theirs.act, user=bob)
    assert states(dataset) == [(1, None, False), (2, None, False)]


def test_undoing_twice_changes_nothing_more(dataset: Dataset, smile: Label, alice: User) -> None:
    sample = make_sample(dataset)
    done = labelling.label_samples(dataset, user=alice, label=smile, seen=seen(sample))
    assert done.act is not None
    labelling.undo(done.act, user=alice)
    again = labelling.label_samples(dataset, user=alice, label=smile, seen=seen(sample))
    assert labelling.undo(done.act, user=alice) == ActResult(None, {}, [])
    assert again.changed == {1: 3}
    assert states(dataset) == [(1, "smile", False)]


def test_leaving_out_keeps_the_label(dataset: Dataset, smile: Label, alice: User) -> None:
    sample = make_sample(dataset, label=smile)
    out = labelling.exclude_samples(dataset, user=alice, seen=seen(sample), excluded=True)
    assert states(dataset) == [(1, "smile", True)]
    labelling.exclude_samples(dataset, user=alice, seen=seen(sample), excluded=False)
    assert states(dataset) == [(1, "smile", False)]
    assert out.act is not None


def test_samples_that_are_gone_are_left_alone(dataset: Dataset, smile: Label, alice: User) -> None:
    from django.utils import timezone

    make_sample(dataset, removed_at=timezone.now())
    done = labelling.label_samples(dataset, user=alice, label=smile, seen={1: 0, 99: 0})
    assert (done.changed, done.refused) == ({}, [1, 99])


def test_suggestions_of_several_labels_are_one_act(dataset: Dataset, smile: Label, frown: Label, alice: User) -> None:
    make_samples(dataset, 2, suggested=smile)
    make_samples(dataset, 1, suggested=frown)
    done = labelling.accept_suggestions(dataset, user=alice, seen=[(smile, {1: 0, 2: 0}), (frown, {3: 0})])
    assert states(dataset) == [(1, "smile", False), (2, "smile", False), (3, "frown", False)]
    assert done.act is not None
    labelling.undo(done.act, user=alice)
    assert {label for _n, label, _out in states(dataset)} == {None}


# The whole track


def test_a_label_goes_to_the_whole_track(dataset: Dataset, smile: Label, frown: Label, alice: User) -> None:
    make_samples(dataset, 3, sequence="7", source="a")
    make_samples(dataset, 1, sequence="7", source="another video")
    make_samples(dataset, 1, source="a")
    make_sample(dataset, sequence="7", source="a", label=frown)
    labelling.label_samples(dataset, user=alice, label=smile, seen={1: 0})
    done = labelling.label_sequences(dataset, user=alice, seen={1: 1})
    assert done.changed == {2: 1, 3: 1}
    assert done.act is not None
    # Not in another video, not without a track, and not where somebody said something else.
    assert [label for _n, label, _out in states(dataset)] == ["smile", "smile", "smile", None, None, "frown"]
    labelling.undo(done.act, user=alice)
    assert [label for _n, label, _out in states(dataset)] == ["smile", None, None, None, None, "frown"]


def test_a_corrected_label_corrects_the_track(dataset: Dataset, smile: Label, frown: Label, alice: User) -> None:
    make_samples(dataset, 3, sequence="7", label=smile)
    labelling.label_samples(dataset, user=alice, label=frown, seen={2: 0})
    labelling.label_sequences(dataset, user=alice, seen={2: 1})
    assert {label for _n, label, _out in states(dataset)} == {"frown"}


def test_a_track_that_somebody_else_labelled_stays(
    dataset: Dataset, smile: Label, frown: Label, alice: User, bob: User
) -> None:
    """Alice looks at an old state: nothing of the track that Bob has labelled meanwhile may follow her."""
    make_samples(dataset, 3, sequence="7", label=smile)
    labelling.label_samples(dataset, user=bob, label=frown, seen={1: 0})
    labelling.label_sequences(dataset, user=bob, seen={1: 1})
    done = labelling.label_sequences(dataset, user=alice, seen={1: 0})
    assert done.changed == {}
    assert {label for _n, label, _out in states(dataset)} == {"frown"}


def test_more_samples_than_go_into_one_statement(dataset: Dataset, smile: Label, alice: User) -> None:
    size = 2 * labelling.BATCH + 7
    make_samples(dataset, size, contents=[b"picture"], sequence="7")
    done = labelling.label_samples(dataset, user=alice, label=smile, seen=dict.fromkeys(range(1, size), 0))
    assert len(done.changed) == size - 1
    assert LabelChange.objects.filter(act=done.act).count() == size - 1
    assert list(labelling.label_sequences(dataset, user=alice, seen=done.changed).changed) == [size]
    assert done.act is not None
    assert len(labelling.undo(done.act, user=alice).changed) == size - 1


# Any sequence of acts

Deed = tuple[str, frozenset[int], int]
SAMPLES = 5
deeds = st.lists(
    st.tuples(
        st.sampled_from(["first", "second", "none", "leave out", "take in", "sequence"]),
        st.frozensets(st.integers(1, SAMPLES), min_size=1),
        st.integers(0, 2),
    ),
    max_size=12,
)


class TestAnySequence(TestCase):
    """Whatever people do, with knowledge old or new, can be taken back completely."""

    def setUp(self) -> None:
        self.dataset = make_dataset()
        self.labels = [make_label(self.dataset, name) for name in ("first", "second")]
        for n in range(SAMPLES):
            make_sample(self.dataset, content=b"picture", sequence=str(n // 3), label=[None, *self.labels][n % 3])
        self.before = states(self.dataset)
        self.known = [seen(*Sample.objects.filter(dataset=self.dataset))]

    def do(self, deed: Deed) -> ActResult:
        kind, numbers, age = deed
        now = dict(sorted(seen(*Sample.objects.filter(dataset=self.dataset)).items()))
        self.known.append(now)
        # Somebody may act on what a page has shown a while ago.
        known = self.known[max(0, len(self.known) - 1 - age)]
        target = {number: known[number] for number in numbers}
        before = dict(zip(now, states(self.dataset), strict=True))
        done = self.carry_out(kind, target)
        after = dict(zip(now, states(self.dataset), strict=True))
        assert {n for n in now if before[n] != after[n]} == set(done.changed)
        assert not set(done.refused) & set(done.changed)
        stale = {number for number in target if target[number] != now[number]}
        assert kind == "sequence" or set(done.changed) <= set(target) - stale
        return done

    def carry_out(self, kind: str, target: dict[int, int]) -> ActResult:
        if kind in ("leave out", "take in"):
            return labelling.exclude_samples(self.dataset, user=None, seen=target, excluded=kind == "leave out")
        if kind == "sequence":
            return labelling.label_sequences(self.dataset, user=None, seen=target)
        label = {"first": self.labels[0], "second": self.labels[1], "none": None}[kind]
        return labelling.label_samples(self.dataset, user=None, label=label, seen=target)

    def take_back(self, made: list[LabellingAct], order: Callable[[list[LabellingAct]], list[LabellingAct]]) -> None:
        for act in order(made):
            labelling.undo(act, user=None)
        assert states(self.dataset) == self.before
        assert not Sample.objects.filter(dataset=self.dataset, last_act__isnull=False).exists()

    @given(deeds)
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_undone_in_reverse_everything_is_as_it_was(self, targets: list[Deed]) -> None:
        made = [done.act for deed in targets if (done := self.do(deed)).act is not None]
        self.take_back(made, lambda each: each[::-1])

    @given(deeds, st.integers(0, 1000))
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_undone_in_any_order_everything_is_as_it_was(self, targets: list[Deed], seed: int) -> None:
        made = [done.act for deed in targets if (done := self.do(deed)).act is not None]
        self.take_back(made, lambda each: random.Random(seed).sample(each, len(each)))
