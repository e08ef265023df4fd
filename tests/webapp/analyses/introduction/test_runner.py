"""Another embedder is prepared beside the old one, switched to and rolled back; what was decided stays."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.types import FoundTrack
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.present import present
from tests.webapp.analyses.introduction.stand_ins import (
    NEW,
    KilledWorker,
    StandInViews,
    name_pictures,
    readers,
    work_on,
)
from webapp.accounts.models import Team, User
from webapp.analyses.introduction import catch_up_runner
from webapp.people import sample_codec
from webapp.people.acts import services as acts
from webapp.people.introduction import queries, services
from webapp.people.introduction.models import IntroducedVectors, Introduction, IntroductionState
from webapp.people.models import Face, Person, ReferenceSet, Track
from webapp.videos.models import Analysis

pytestmark = pytest.mark.django_db(transaction=True)
OLD = queries.BUILT_IN


def at(who: int, start_s: float) -> FoundTrack:
    return found_track(who, start_s=start_s, end_s=start_s + 3)


@pytest.fixture
def team_with_faces(team: Team) -> Team:
    """Two people in two videos each, one more in the second."""
    make_analysed_video(at(1, 1), at(2, 10), team=team, embedder=OLD)
    make_analysed_video(at(1, 1), at(2, 10), at(3, 20), team=team, embedder=OLD)
    return team


def prepared(team: Team, views: StandInViews | None = None) -> Introduction:
    return work_on(services.introduce(team, embedder=NEW, user=None), views)


def switched(team: Team, views: StandInViews | None = None) -> Introduction:
    introduction = prepared(team, views)
    services.switch(introduction)
    return work_on(introduction, views)


def owners() -> dict[int, str]:
    return {track.pk: str(track.person) for track in Track.objects.select_related("person").order_by("pk")}


def vectors() -> dict[object, bytes]:
    return {pk: bytes(blob) for pk, blob in Face.objects.values_list("pk", "embedding")}


def test_preparing_changes_nothing_and_an_equal_embedder_would_change_nothing(team_with_faces: Team) -> None:
    before = owners(), vectors(), list(ReferenceSet.objects.values_list("pk", flat=True))
    introduction = prepared(team_with_faces)
    assert introduction.state == IntroductionState.READY
    assert introduction.summary["changed"] == 0 and introduction.summary["lost"] == []
    assert introduction.counts == {"from_pictures": 10}
    assert (owners(), vectors(), list(ReferenceSet.objects.values_list("pk", flat=True))) == before
    assert queries.current_embedder(team_with_faces.pk) == OLD


def test_after_the_switch_vectors_and_templates_are_new_and_new_videos_use_the_new_one(team_with_faces: Team) -> None:
    names = owners()
    switched(team_with_faces)
    assert owners() == names
    assert {len(sample_codec.unpack_vector(blob)) for blob in vectors().values()} == {48}
    assert set(ReferenceSet.objects.values_list("embedder", flat=True)) == {NEW}
    assert set(Analysis.objects.values_list("embedder", flat=True)) == {NEW}
    assert queries.current_embedder(team_with_faces.pk) == NEW


def test_rolling_back_restores_every_vector_and_owner_exactly(team_with_faces: Team) -> None:
    before = owners(), vectors()
    swap = StandInViews(lambda face, vector: np.roll(vector, 1) if face.analysis.video.title.endswith("0") else vector)
    introduction = switched(team_with_faces, swap)
    services.roll_back(introduction)
    work_on(introduction)
    assert (owners(), vectors()) == before
    assert introduction.state == IntroductionState.ROLLED_BACK
    assert queries.current_embedder(team_with_faces.pk) == OLD
    assert not IntroducedVectors.objects.exists()


def test_a_better_embedder_splits_and_merges_people_about_whom_nobody_decided(team: Team) -> None:
    """The old one took 1 and 2 for one person and 3 in two videos for two."""
    both = replace(at(2, 10), faces=at(1, 10).faces)
    make_analysed_video(at(1, 1), both, at(3, 30), team=team, embedder=OLD)
    make_analysed_video(at(4, 1), team=team, embedder=OLD)
    mixed, third, fourth = Person.objects.order_by("number")
    second = Track.objects.get(start_s=10)

    def better(face: Face, vector: np.ndarray) -> np.ndarray:
        if face.track_id == second.pk:
            return np.roll(vector, 7)
        if present(face.track).person_id == fourth.pk:
            return sample_codec.unpack_vector(present(Face.objects.filter(track__person=third).first()).embedding)
        return vector

    introduction = prepared(team, StandInViews(better))
    assert introduction.summary["counts"] == {"merge": 1, "split": 1, "move": 0, "unclear": 0, "found": 0}
    assert introduction.summary["people_before"] == 3
    services.switch(introduction)
    work_on(introduction)
    second.refresh_from_db()
    assert second.person not in (None, mixed)
    assert people_of(present(present(Track.objects.filter(person=third).first()).analysis).video) == [
        mixed,
        third,
        second.person,
    ]
    assert not Track.objects.filter(person=fourth).exists()


def test_what_was_decided_stays_though_the_vectors_say_otherwise(team_with_faces: Team, bob: User) -> None:
    first, second, third = Person.objects.order_by("number")
    acts.name_person(first, name="Ada", user=bob)
    acts.merge_people(second, target=third, user=bob)
    noise = StandInViews(lambda face, vector: np.roll(vector, face.pk.int % 31))
    introduction = prepared(team_with_faces, noise)
    assert introduction.summary["lost"] == [] and introduction.summary["decisions"] > 3
    services.switch(introduction)
    work_on(introduction, noise)
    first.refresh_from_db()
    assert first.name == "Ada" and first.appearances
    assert Track.objects.filter(person=third).count() >= 3


@pytest.mark.expects_errors
@pytest.mark.parametrize("batch", [1, 2])
def test_a_killed_worker_goes_on_with_the_next_batch(batch: int, team_with_faces: Team) -> None:
    introduction = services.introduce(team_with_faces, embedder=NEW, user=None)
    views = StandInViews()
    views.fails_at = batch
    with pytest.raises(KilledWorker):
        work_on(introduction, views)
    assert IntroducedVectors.objects.count() == batch - 1
    services.prepare_again(introduction)
    assert work_on(introduction, views).state == IntroductionState.READY
    assert views.batches == 3
    assert introduction.counts["from_pictures"] == 10


def test_work_is_done_in_slices_between_which_others_get_their_turn(team_with_faces: Team) -> None:
    introduction = services.introduce(team_with_faces, embedder=NEW, user=None)
    assert work_on(introduction, slice_s=0.0).state == IntroductionState.READY
    assert introduction.summary["changed"] == 0


def test_a_video_that_comes_meanwhile_is_covered_before_the_switch(team_with_faces: Team) -> None:
    introduction = prepared(team_with_faces)
    make_analysed_video(at(1, 1), at(5, 20), team=team_with_faces, embedder=OLD)
    introduction.refresh_from_db()
    assert introduction.state == IntroductionState.PREPARING
    work_on(introduction)
    services.switch(introduction)
    assert work_on(introduction).state == IntroductionState.SWITCHED
    assert {len(sample_codec.unpack_vector(blob)) for blob in vectors().values()} == {48}


def test_a_plan_that_no_longer_fits_is_made_again_instead_of_carried_out(team_with_faces: Team, bob: User) -> None:
    introduction = prepared(team_with_faces)
    acts.name_person(present(Person.objects.first()), name="Ada", user=bob)
    services.switch(introduction)
    assert work_on(introduction).state == IntroductionState.READY
    assert queries.current_embedder(team_with_faces.pk) == OLD
    services.switch(introduction)
    assert work_on(introduction).state == IntroductionState.SWITCHED


def test_discarding_leaves_no_trace(team_with_faces: Team) -> None:
    before = owners(), vectors()
    introduction = prepared(team_with_faces)
    services.discard(introduction)
    assert (owners(), vectors()) == before
    assert not IntroducedVectors.objects.exists()
    with pytest.raises(services.NotNow):
        services.switch(introduction)
    services.introduce(team_with_faces, embedder=NEW, user=None)


def test_only_one_is_prepared_at_a_time(team_with_faces: Team) -> None:
    services.introduce(team_with_faces, embedder=NEW, user=None)
    with pytest.raises(services.NotNow):
        services.introduce(team_with_faces, embedder="other", user=None)


def test_a_view_without_landmarks_takes_the_vector_of_its_neighbour(team_with_faces: Team) -> None:
    lost = present(Face.objects.order_by("quality").first())
    introduction = prepared(team_with_faces, StandInViews(lambda face, vector: None if face.pk == lost.pk else vector))
    assert introduction.counts == {"from_pictures": 9, "from_neighbours": 1}
    assert introduction.summary["changed"] == 0


def test_what_somebody_decided_after_the_switch_outlives_the_roll_back(team_with_faces: Team, bob: User) -> None:
    moved = present(Track.objects.filter(start_s=10).order_by("-pk").first())
    swap = StandInViews(lambda face, vector: np.roll(vector, 7) if face.track_id == moved.pk else vector)
    introduction = switched(team_with_faces, swap)
    moved.refresh_from_db()
    new = present(moved.person)
    assert new.created_at >= present(introduction.switched_at)
    acts.name_person(new, name="Zoe", user=bob)
    third = Person.objects.get(number=3)
    acts.name_person(third, name="Tim", user=bob)
    services.roll_back(introduction)
    work_on(introduction)
    assert introduction.counts["kept_by_decision"] == 1
    moved.refresh_from_db()
    assert str(moved.person) == "Zoe"
    third.refresh_from_db()
    assert (third.name, third.appearances) == ("Tim", 1)


def test_an_analysis_that_began_before_the_switch_ends_with_the_new_embedder(team_with_faces: Team) -> None:
    switched(team_with_faces)
    late = present(make_analysed_video(at(1, 1), team=team_with_faces).current_analysis)
    Analysis.objects.filter(pk=late.pk).update(embedder=OLD)
    late.refresh_from_db()
    name_pictures()
    catch_up_runner.catch_up(late, lambda: None, readers(StandInViews()))
    assert Analysis.objects.get(pk=late.pk).embedder == NEW
    assert {len(sample_codec.unpack_vector(blob)) for blob in vectors().values()} == {48}


def test_a_track_without_any_vector_has_its_video_read_and_is_counted(team_with_faces: Team) -> None:
    """The original of these tests cannot be decoded, so that in the end the landmarks are those of the box."""
    bare = present(Track.objects.filter(start_s=20).first())
    introduction = prepared(
        team_with_faces, StandInViews(lambda face, vector: None if face.track_id == bare.pk else vector)
    )
    assert introduction.counts == {"from_pictures": 8, "videos_read": 1, "guessed": 2}
    assert introduction.summary["changed"] == 0
