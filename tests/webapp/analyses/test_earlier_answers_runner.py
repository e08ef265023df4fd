"""What humans said holds in every later analysis: moved appearances, people told apart, hidden, deleted, portraits."""

import pytest

from tests.factories_videos import begin_analysis, found_track, make_analysed_video, people_of, run_analysis
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.people import constraint_queries
from webapp.people.acts import conflict_queries, events, services
from webapp.people.models import Apart, Face, Person, Track, Verdict
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
LEFT, RIGHT = (10, 10, 60, 60), (300, 10, 360, 70)


def track_at(video: Video, start_s: float) -> Track:
    video.refresh_from_db()
    return Track.objects.get(analysis=video.current_analysis_id, start_s=start_s)


def names_at(video: Video, *starts_s: float) -> list[str]:
    return [str(track_at(video, start_s).person) for start_s in starts_s]


def again(video: Video, *tracks: object) -> None:
    run_analysis(begin_analysis(video), tracks)  # type: ignore[arg-type]


TWICE = (found_track(1, start_s=1, end_s=4), found_track(1, start_s=20, end_s=24))


@pytest.fixture
def video(team: Team) -> Video:
    """Somebody who looks the same at 1 s and at 20 s."""
    return make_analysed_video(*TWICE, team=team)


def test_a_moved_appearance_stays_where_it_was_put_though_it_looks_like_the_other(video: Video, bob: User) -> None:
    person = people_of(video)[0]
    services.move_appearances(person, track_ids=[track_at(video, 20).pk], target=None, name="Zoe", user=bob)
    assert names_at(video, 1, 20) == ["Person 1", "Zoe"]
    again(video, *TWICE)
    assert names_at(video, 1, 20) == ["Person 1", "Zoe"]


def test_it_holds_even_after_an_analysis_that_did_not_find_the_face(video: Video, bob: User) -> None:
    person = people_of(video)[0]
    services.move_appearances(person, track_ids=[track_at(video, 20).pk], target=None, name="Zoe", user=bob)
    again(video, TWICE[0])
    assert names_at(video, 1) == ["Person 1"]
    again(video, *TWICE)
    assert names_at(video, 1, 20) == ["Person 1", "Zoe"]


def test_undoing_a_move_works_after_a_new_analysis_and_frees_the_next(video: Video, bob: User) -> None:
    person = people_of(video)[0]
    event, _ = services.move_appearances(person, track_ids=[track_at(video, 20).pk], target=None, user=bob)
    again(video, *TWICE)
    events.undo(event, user=bob)
    assert names_at(video, 1, 20) == ["Person 1", "Person 1"]
    again(video, *TWICE)
    assert names_at(video, 1, 20) == ["Person 1", "Person 1"]
    assert not Verdict.objects.filter(stands=True).exists()


def test_split_people_stay_split(video: Video, bob: User) -> None:
    person = people_of(video)[0]
    _, new = services.split_person(person, track_ids=[track_at(video, 20).pk], user=bob)
    again(video, *TWICE)
    assert names_at(video, 1, 20) == [str(person), str(new)]


def test_a_merge_of_two_who_look_different_stays_and_can_be_undone_later(team: Team, bob: User) -> None:
    tracks = found_track(1, start_s=1), found_track(2, start_s=20, end_s=24)
    video = make_analysed_video(*tracks, team=team)
    first, second = people_of(video)
    event = services.merge_people(second, target=first, user=bob)
    again(video, *tracks)
    assert people_of(video) == [first]
    events.undo(event, user=bob)
    assert people_of(video) == [first, second]


def test_hidden_deleted_and_told_apart_outlive_a_new_analysis(team: Team, bob: User) -> None:
    tracks = found_track(1, box=LEFT), found_track(2, box=RIGHT)
    video = make_analysed_video(*tracks, team=team)
    first, second = people_of(video)
    services.show_and_hide(team=team, show=[], hide=[first.pk], user=bob)
    services.tell_apart(first, second, user=bob)
    services.delete_person(second, user=bob)
    again(video, *tracks)
    first.refresh_from_db()
    second.refresh_from_db()
    assert people_of(video) == [first, second]
    assert first.is_hidden and second.is_deleted
    assert Apart.objects.filter(stands=True).count() == 1


def test_a_chosen_portrait_is_found_again(video: Video, bob: User) -> None:
    person = people_of(video)[0]
    chosen = present(Face.objects.filter(track=track_at(video, 20)).order_by("quality").first())
    services.choose_portrait(person, face=chosen, user=bob)
    again(video, *TWICE)
    person.refresh_from_db()
    assert person.portrait_id == person.chosen_portrait_id
    portrait = present(person.portrait)
    assert portrait.track == track_at(video, 20)
    assert portrait.time_s == chosen.time_s


def test_a_person_split_off_is_not_taken_for_the_other_where_a_third_is_found(team: Team, bob: User) -> None:
    """Constraints hold in the grouping itself: told apart, two who look alike never share a group again."""
    three = (*TWICE, found_track(1, start_s=40, end_s=44))
    video = make_analysed_video(*three, team=team)
    person = people_of(video)[0]
    _, new = services.split_person(person, track_ids=[track_at(video, 20).pk], user=bob)
    again(video, *three)
    at_1, at_20, at_40 = names_at(video, 1, 20, 40)
    assert (at_1, at_20) == (str(person), str(new))
    assert at_40 == str(person)


def test_what_was_said_is_inherited_by_whoever_they_are_merged_into(team: Team, bob: User) -> None:
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 2) for who in (1, 2, 3)]
    first, second, third = people_of(make_analysed_video(*tracks, team=team))
    services.tell_apart(first, second, user=bob)
    services.merge_people(first, target=third, user=bob)
    family = constraint_queries.family_of(team.pk)
    assert constraint_queries.cannot_link_pairs(team.pk, family) == {frozenset((second.pk, third.pk))}
    against = conflict_queries.against_merging(third, second)
    assert against.is_told_apart


def test_merging_takes_back_that_they_were_told_apart_and_undo_brings_it_back(team: Team, bob: User) -> None:
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 2) for who in (1, 2)]
    first, second = people_of(make_analysed_video(*tracks, team=team))
    services.tell_apart(first, second, user=bob)
    event = services.merge_people(first, target=second, user=bob)
    assert not Apart.objects.filter(stands=True).exists()
    events.undo(event, user=bob)
    assert Apart.objects.filter(stands=True).exists()


def test_both_on_screen_at_once_is_said_with_video_and_moment(team: Team) -> None:
    video = make_analysed_video(found_track(1, box=LEFT), found_track(2, box=RIGHT, start_s=2.0, end_s=5), team=team)
    first, second = people_of(video)
    meetings = conflict_queries.against_merging(first, second).meetings
    assert [(meeting.video, meeting.time_s) for meeting in meetings] == [(video, 2.0)]


def test_people_nobody_touched_go_with_their_last_appearance_and_others_stay(team: Team, bob: User) -> None:
    tracks = found_track(1, box=LEFT), found_track(2, box=RIGHT)
    video = make_analysed_video(*tracks, team=team)
    second = people_of(video)[1]
    services.show_and_hide(team=team, show=[], hide=[second.pk], user=bob)
    again(video)
    assert list(Person.objects.filter(team=team)) == [second]
