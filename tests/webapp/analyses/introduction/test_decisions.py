"""Property: whatever is decided in whatever order, introducing, switching and rolling back lose none of it."""

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from django.db.models import F

from analysis.types import Float32
from tests.factories_videos import make_analysed_video
from tests.present import present
from tests.webapp.analyses.introduction.stand_ins import NEW, StandInViews, work_on
from tests.webapp.analyses.introduction.test_runner import OLD, at
from tests.webapp.analyses.introduction.told_apart import apart_in
from webapp.accounts.models import Team, User
from webapp.people.acts import services as acts
from webapp.people.introduction import services
from webapp.people.introduction.decision_queries import decisions_of, lost_in
from webapp.people.models import STANDING, Face, Person, Track, Verdict

pytestmark = pytest.mark.django_db(transaction=True)


def standing(dice: random.Random, count: int) -> list[Person]:
    people = list(Person.objects.filter(STANDING, appearances__gt=0).order_by("number"))
    return dice.sample(people, min(count, len(people)))


def name(dice: random.Random, bob: User) -> None:
    acts.name_person(standing(dice, 1)[0], name=f"Name {dice.randrange(10**6)}", user=bob)


def merge(dice: random.Random, bob: User) -> None:
    if len(pair := standing(dice, 2)) == 2:
        acts.merge_people(pair[0], target=pair[1], user=bob)


def move(dice: random.Random, bob: User) -> None:
    person, *others = standing(dice, 2)
    tracks = list(Track.objects.filter(person=person).order_by("pk"))
    if len(tracks) > 1:
        acts.move_appearances(person, track_ids=[tracks[-1].pk], target=others[0] if others else None, user=bob)


def split(dice: random.Random, bob: User) -> None:
    person = standing(dice, 1)[0]
    tracks = list(Track.objects.filter(person=person).order_by("pk"))
    if len(tracks) > 1:
        acts.split_person(person, track_ids=[tracks[0].pk], user=bob)


def tell_apart(dice: random.Random, bob: User) -> None:
    if len(pair := standing(dice, 2)) == 2:
        acts.tell_apart(*pair, user=bob)


def hide(dice: random.Random, bob: User) -> None:
    person = standing(dice, 1)[0]
    acts.show_and_hide(team=person.team, show=[], hide=[person.pk], user=bob)


def choose_portrait(dice: random.Random, bob: User) -> None:
    person = standing(dice, 1)[0]
    faces = list(Face.objects.filter(track__person=person).order_by("pk"))
    acts.choose_portrait(person, face=dice.choice(faces), user=bob)


def delete(dice: random.Random, bob: User) -> None:
    if len(Person.objects.filter(STANDING, appearances__gt=0)) > 3:
        acts.delete_person(standing(dice, 1)[0], user=bob)


ACTS: tuple[Callable[[random.Random, User], None], ...] = (
    name,
    merge,
    move,
    split,
    tell_apart,
    hide,
    choose_portrait,
    delete,
)


def worse(seed: int) -> StandInViews:
    """An embedder that turns every third track into somebody else."""

    def change(face: Face, vector: Float32) -> Float32:
        other = present(face.track).pk * 31 + seed
        return np.roll(vector, other % 31) if other % 3 == 0 else vector

    return StandInViews(change)


def rows() -> dict[object, tuple[object, ...]]:
    """What of people is stored in columns."""
    columns = ("name", "is_hidden", "is_deleted", "merged_into", "chosen_portrait")
    return {pk: values for pk, *values in Person.objects.filter(events__isnull=False).values_list("pk", *columns)}


def nothing_is_lost(team: Team, act: Callable[[], object], *, is_rolling_back: bool = False) -> None:
    """A portrait that nobody chose was found anew after the switch, and says nothing about what was before."""
    decisions, columns = decisions_of(team.pk), rows()
    if is_rolling_back:
        decisions = replace(decisions, held={track: decisions.held[track] for track in decisions.said})
    portraits = chosen_portraits()
    verdicts = set(Verdict.objects.filter(stands=True).values_list("pk", "track", "person", "is_same"))
    act()
    owner = dict(Track.objects.values_list("pk", "person"))
    assert lost_in(decisions, owner.get, {person for person in owner.values() if person}) == []
    assert apart_in(decisions, team.pk) == []
    assert {pk: rows().get(pk) for pk in columns} == columns
    assert set(Verdict.objects.filter(stands=True).values_list("pk", "track", "person", "is_same")) == verdicts
    assert portraits <= chosen_portraits()


def chosen_portraits() -> set[tuple[object, object]]:
    """People with a chosen portrait that shows them."""
    people = Person.objects.filter(STANDING, chosen_portrait__track__person=F("pk"))
    return set(people.values_list("pk", "chosen_portrait"))


@pytest.mark.parametrize("seed", range(6))
def test_no_decision_is_lost(seed: int, team: Team, bob: User) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        tracks = [at(dice.randrange(1, 7), 1 + 10 * number) for number in range(5)]
        make_analysed_video(*tracks, team=team, embedder=OLD)
    for act in dice.choices(ACTS, k=8):
        act(dice, bob)
    before = dict(Track.objects.values_list("pk", "person"))
    views = worse(seed)
    introduction = services.introduce(team, embedder=NEW, user=None)
    nothing_is_lost(team, lambda: work_on(introduction, views))
    assert introduction.summary["lost"] == []
    services.switch(introduction)
    nothing_is_lost(team, lambda: work_on(introduction, views))
    if seed % 2:
        for act in dice.choices(ACTS, k=4):
            act(dice, bob)
    services.roll_back(introduction)
    nothing_is_lost(team, lambda: work_on(introduction, views), is_rolling_back=True)
    if not seed % 2:
        assert dict(Track.objects.values_list("pk", "person")) == before
