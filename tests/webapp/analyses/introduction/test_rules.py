"""Old results are measured anew by themselves, and what the present rules would change is offered, not done."""

from dataclasses import replace

import pytest

from analysis.types import FRONTAL
from tests.factories_videos import make_analysed_video
from tests.present import present
from tests.webapp.analyses.introduction.stand_ins import KilledWorker, StandInViews, work_on
from tests.webapp.analyses.introduction.test_runner import OLD, at
from webapp.accounts.models import Team, User
from webapp.people.acts import services as acts
from webapp.people.introduction import cleanup, queries, services
from webapp.people.introduction.models import Introduction, IntroductionState
from webapp.people.models import Face, Person, Track

pytestmark = pytest.mark.django_db(transaction=True)
UNMEASURED = {"presence": None, "yaw_deg": None, "pitch_deg": None, "sharpness": None}


class UnclearViews(StandInViews):
    """Sees no face in the views of one person."""

    def __init__(self, unclear: Person) -> None:
        super().__init__()
        self.unclear = unclear

    def measure(self, views, mesh):  # type: ignore[no-untyped-def]
        found = super().measure(views, mesh)
        faces = [Face.objects.select_related("track").get(pk=view.picture_jpeg.decode()) for view in views]
        return [
            replace(FRONTAL, presence=0.1) if present(face.track).person_id == self.unclear.pk else measures
            for face, measures in zip(faces, found, strict=True)
        ]


@pytest.fixture
def old_team(team: Team) -> Team:
    """Of before presence and pose were measured."""
    make_analysed_video(at(1, 1), at(2, 10), team=team, embedder=OLD)
    make_analysed_video(at(3, 1), team=team, embedder=OLD)
    Face.objects.update(**UNMEASURED)
    return team


def begun() -> Introduction:
    cleanup.clean_up()
    return Introduction.objects.get()


def test_it_begins_by_itself_and_only_once(old_team: Team) -> None:
    introduction = begun()
    assert introduction.is_rules and introduction.state == IntroductionState.PREPARING
    cleanup.clean_up()
    assert Introduction.objects.count() == 1


def test_views_are_measured_and_nothing_is_offered_where_nothing_changes(old_team: Team) -> None:
    introduction = work_on(begun())
    assert introduction.state == IntroductionState.DISCARDED
    assert not Face.objects.filter(presence=None).exists()
    cleanup.clean_up()
    assert Introduction.objects.count() == 1


def test_what_becomes_unclear_is_offered_and_only_done_after_the_switch(old_team: Team) -> None:
    second = Person.objects.get(number=2)
    introduction = work_on(begun(), UnclearViews(second))
    assert introduction.state == IntroductionState.READY
    assert introduction.summary["tracks"] == {"merge": 0, "split": 0, "move": 0, "unclear": 1, "found": 0}
    assert Track.objects.filter(person=second).exists()
    services.switch(introduction)
    work_on(introduction)
    assert not Track.objects.filter(person=second).exists()
    assert queries.current_embedder(old_team.pk) == OLD
    services.roll_back(introduction)
    work_on(introduction)
    assert Track.objects.filter(person=second).exists()


def test_somebody_with_a_name_stays_however_unclear(old_team: Team, bob: User) -> None:
    second = Person.objects.get(number=2)
    acts.name_person(second, name="Ada", user=bob)
    introduction = work_on(begun(), UnclearViews(second))
    assert introduction.state == IntroductionState.DISCARDED and introduction.summary["changed"] == 0


@pytest.mark.expects_errors
def test_a_killed_worker_goes_on_with_the_next_video(old_team: Team) -> None:
    introduction, views = begun(), StandInViews()
    views.fails_at = 2
    with pytest.raises(KilledWorker):
        work_on(introduction, views)
    assert 0 < Face.objects.filter(presence=None).count() < Face.objects.count()
    services.prepare_again(introduction)
    work_on(introduction, views)
    assert not Face.objects.filter(presence=None).exists()


def test_old_vectors_go_after_thirty_days(old_team: Team) -> None:
    second = Person.objects.get(number=2)
    introduction = work_on(begun(), UnclearViews(second))
    services.switch(introduction)
    work_on(introduction)
    cleanup.end_switches()
    assert queries.that_can_be_rolled_back(old_team.pk) == introduction
    Introduction.objects.update(switched_at=present(introduction.switched_at) - cleanup.ROLL_BACK_WITHIN)
    cleanup.end_switches()
    introduction.refresh_from_db()
    assert introduction.state == IntroductionState.KEPT and not introduction.planned.exists()
    assert not Person.objects.filter(pk=second.pk).exists()
