"""Unclear faces are nobody until somebody says who they are; that is remembered, and can be undone."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import (
    begin_analysis,
    found_track,
    make_analysed_video,
    people_of,
    run_analysis,
    unclear_track,
)
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.library import queries as library
from webapp.people import unclear_queries
from webapp.people.acts import events, history_words, services
from webapp.people.acts.events import EditConflict, UndoConflict
from webapp.people.models import Event, Person, Presence, Track, Verdict
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"Accept": "application/json"}
RIGHT = (300, 10, 360, 70)
SEEN = (found_track(1, start_s=1, end_s=4), unclear_track(2, start_s=20, end_s=24))
"""Somebody from 1 s on, and from 20 s on a profile."""


@pytest.fixture
def video(team: Team) -> Video:
    return make_analysed_video(*SEEN, team=team)


def unclear_of(video: Video) -> list[Track]:
    video.refresh_from_db()
    return list(unclear_queries.unclear_tracks(video.current_analysis_id).order_by("start_s"))


def names_at(video: Video, *starts_s: float) -> list[str]:
    video.refresh_from_db()
    tracks = Track.objects.filter(analysis=video.current_analysis_id)
    return [str(tracks.get(start_s=start_s).person) for start_s in starts_s]


def again(video: Video, *tracks: Any) -> None:
    run_analysis(begin_analysis(video), tracks or SEEN)


def give(user: User, track: Track, **fields: Any) -> Any:
    return signed_in(user).post(reverse("people:give", args=[track.pk]), fields, headers=JSON)


def page(user: User, video: Video, query: str = "") -> str:
    return signed_in(user).get(reverse("videos:detail", args=[video.pk]) + query).content.decode()


def test_an_unclear_face_is_nobody_and_counts_nowhere(team: Team, video: Video) -> None:
    assert names_at(video, 1, 20) == ["Person 1", "None"]
    assert Presence.objects.count() == Person.objects.count() == 1
    assert library.cards([video], [], AnonymousUser())[0].people.count == 1
    assert library.totals(videos=1, duration_s=0, team=team).people == 1
    assert [row.label for row in library.video_page(video).rows] == ["Person 1"]


def test_the_page_folds_them_under_the_people(video: Video, bob: User, vera: User) -> None:
    track = unclear_of(video)[0]
    shown = page(bob, video)
    fold = shown[shown.index('id="unclear"') :]
    assert re.search(r"Unclear faces\s*<b>1</b>", fold)
    assert "0:20" in fold and "4 s" in fold and str(track.faces.order_by("-quality")[0].pk) in fold
    assert reverse("people:give", args=[track.pk]) in fold and "Who is this?" in fold
    assert "Who is this?" not in page(vera, video), "who may only look is not asked"


def test_there_is_no_fold_where_every_face_is_clear(team: Team, bob: User) -> None:
    assert "Unclear faces" not in page(bob, make_analysed_video(found_track(1), team=team))


def test_a_video_with_unclear_faces_alone_shows_them_too(team: Team, bob: User) -> None:
    shown = page(bob, make_analysed_video(unclear_track(1), team=team))
    assert "No people found" in shown and "Unclear faces" in shown


def test_many_are_shown_page_by_page_with_as_many_queries(team: Team, bob: User) -> None:
    def read(count: int) -> tuple[int, str]:
        tracks = [unclear_track(n, start_s=n, end_s=n + 0.6) for n in range(count)]
        address = reverse("videos:detail", args=[make_analysed_video(*tracks, team=team).pk]) + "?unclear=2"
        client = signed_in(bob)
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            shown = client.get(address).content.decode()
        return len(captured), shown

    few, _shown = read(2)
    many, shown = read(unclear_queries.PAGE_SIZE + 3)
    assert many == few
    assert shown.count('class="unclear-face"') == 3 and "2 of 2" in shown
    assert re.search(r'id="unclear"[^>]*open', shown)


def test_their_boxes_have_no_name(video: Video, bob: User) -> None:
    window = signed_in(bob).get(reverse("videos:boxes", args=[video.pk]), {"from": 0, "to": 60}).json()
    clear, unclear = window["tracks"]
    assert clear["label"] == "Person 1" and clear["person"]
    assert (unclear["label"], unclear["person"], unclear["hue"]) == ("Unclear", "", None)
    assert unclear["appearance"] == unclear_of(video)[0].pk


def test_given_a_new_name_it_is_an_appearance_of_a_new_person(video: Video, bob: User) -> None:
    answer = give(bob, unclear_of(video)[0], name="Zoe")
    assert answer.status_code == 200 and answer.json()["toast"] == "Gave 1 unclear face to Zoe."
    zoe = Person.objects.get(name="Zoe")
    assert (zoe.appearances, zoe.videos) == (1, 1)
    assert zoe.portrait is not None
    assert unclear_of(video) == []
    signed_in(bob).post(answer.json()["undo"]["url"], headers=JSON)
    assert names_at(video, 20) == ["None"] and not Person.objects.filter(name="Zoe", is_deleted=False).exists()


def test_given_to_somebody_of_the_video_or_by_a_known_name(team: Team, bob: User) -> None:
    video = make_analysed_video(*SEEN, unclear_track(3, start_s=30, end_s=32), team=team)
    first = people_of(video)[0]
    one, other = unclear_of(video)
    assert give(bob, one, person=str(first.pk)).status_code == 200
    services.name_person(first, name="Anna", user=bob)
    assert give(bob, other, name="anna").status_code == 200
    first.refresh_from_db()
    assert first.appearances == 3 and names_at(video, 20, 30) == ["Anna", "Anna"]
    said = [history_words.sentence(event) for event in history_words.of_person(first)]
    assert said.count("Gave 1 unclear face to Anna") == 1 and said.count("Gave 1 unclear face to Person 1") == 1


def test_nothing_is_given_without_a_name(video: Video, bob: User) -> None:
    assert give(bob, unclear_of(video)[0]).status_code == 400
    assert names_at(video, 20) == ["None"]


def test_only_who_may_edit_gives(video: Video, vera: User, charlie: User) -> None:
    for user in (vera, charlie):
        assert give(user, unclear_of(video)[0], name="Zoe").status_code == 404
    assert names_at(video, 20) == ["None"]


def test_it_is_not_given_to_people_of_other_teams(video: Video, bob: User, charlie: User) -> None:
    theirs = people_of(make_analysed_video(found_track(1), team=charlie.teams.get()))[0]
    assert give(bob, unclear_of(video)[0], person=str(theirs.pk)).status_code == 404


def test_of_two_who_say_who_it_is_the_later_is_told(video: Video, alice: User, bob: User) -> None:
    track = unclear_of(video)[0]
    give(bob, track, name="Zoe")
    late = give(alice, track, name="Yan")
    assert late.status_code == 409 and "Zoe" in late.json()["toast"] and "Bob" in late.json()["toast"]
    with pytest.raises(EditConflict):
        services.give_unclear_faces(video.team, track_ids=[track.pk], target=None, name="Yan", user=alice)
    assert names_at(video, 20) == ["Zoe"]


def test_who_is_in_the_same_picture_is_asked_about_first(team: Team, bob: User) -> None:
    pair = found_track(1, start_s=1, end_s=9), found_track(2, start_s=20, end_s=23, box=RIGHT)
    video = make_analysed_video(*pair, unclear_track(3, start_s=3, end_s=6, box=RIGHT), team=team)
    (track,), first = unclear_of(video), people_of(video)[0]
    asked = give(bob, track, person=str(first.pk))
    assert asked.status_code == 409 and f"{first} is already on screen at that time" in asked.content.decode()
    assert names_at(video, 3) == ["None"]
    assert give(bob, track, person=str(first.pk), sure="1").status_code == 200
    assert names_at(video, 3) == [str(first)]


def test_what_was_said_outlives_new_analyses_even_one_that_does_not_find_the_face(video: Video, bob: User) -> None:
    first = people_of(video)[0]
    services.give_unclear_faces(video.team, track_ids=[unclear_of(video)[0].pk], target=first, user=bob)
    again(video)
    assert names_at(video, 1, 20) == ["Person 1", "Person 1"]
    again(video, SEEN[0])
    again(video)
    assert names_at(video, 1, 20) == ["Person 1", "Person 1"]
    assert people_of(video) == [first]


def test_undone_after_a_new_analysis_it_is_unclear_again(video: Video, bob: User) -> None:
    before = unclear_of(video)[0]
    event, _to = services.give_unclear_faces(video.team, track_ids=[before.pk], target=None, name="Zoe", user=bob)
    again(video)
    assert names_at(video, 20) == ["Zoe"]
    events.undo(event, user=bob)
    assert names_at(video, 20) == ["None"] and not Verdict.objects.filter(stands=True).exists()
    again(video)
    assert names_at(video, 1, 20) == ["Person 1", "None"]


def test_what_an_appearance_was_only_by_the_old_rules_it_is_no_more(team: Team, bob: User) -> None:
    """The profile was taken for somebody once. Names stay with their people, who are not seen there any longer."""
    old = found_track(2, start_s=20, end_s=22), found_track(3, start_s=40, end_s=41)
    video = make_analysed_video(SEEN[0], *old, team=team)
    named = people_of(video)[1]
    services.name_person(named, name="Anna", user=bob)
    again(video, *SEEN, unclear_track(3, start_s=40, end_s=41))
    assert names_at(video, 1, 20, 40) == ["Person 1", "None", "None"]
    named.refresh_from_db()
    assert (named.name, named.appearances, named.portrait) == ("Anna", 0, None)
    assert [str(person) for person in Person.objects.order_by("number")] == ["Person 1", "Anna"]


def test_an_appearance_that_was_moved_by_hand_keeps_its_person_though_it_is_unclear_now(team: Team, bob: User) -> None:
    video = make_analysed_video(SEEN[0], found_track(1, start_s=20, end_s=24), team=team)
    track = Track.objects.get(analysis=video.current_analysis, start_s=20)
    services.move_appearances(people_of(video)[0], track_ids=[track.pk], target=None, name="Zoe", user=bob)
    again(video)
    assert names_at(video, 1, 20) == ["Person 1", "Zoe"]


def test_an_appearance_is_made_an_unclear_face_and_stays_one(video: Video, bob: User) -> None:
    first = people_of(video)[0]
    services.give_unclear_faces(video.team, track_ids=[unclear_of(video)[0].pk], target=first, user=bob)
    track = Track.objects.get(analysis=video.current_analysis, start_s=20)
    done = signed_in(bob).post(reverse("people:unclear", args=[first.pk]), {"track": track.pk}, headers=JSON)
    assert done.json()["toast"] == "1 appearance of Person 1 is an unclear face now."
    first.refresh_from_db()
    assert first.appearances == 1 and names_at(video, 20) == ["None"]
    again(video)
    assert names_at(video, 1, 20) == ["Person 1", "None"]
    events.undo(present(Event.objects.filter(act="unclear").first()), user=bob)
    assert names_at(video, 20) == ["Person 1"]
    again(video)
    assert names_at(video, 20) == ["Person 1"]


def test_who_can_be_recognised_is_no_unclear_face(video: Video, bob: User, vera: User) -> None:
    first = people_of(video)[0]
    address = reverse("people:unclear", args=[first.pk])
    track = Track.objects.get(person=first)
    assert signed_in(bob).post(address, {"track": track.pk}, headers=JSON).status_code == 409
    assert signed_in(bob).post(address, headers=JSON).status_code == 409
    assert signed_in(vera).post(address, {"track": track.pk}, headers=JSON).status_code == 404
    assert names_at(video, 1) == ["Person 1"]
    assert unclear_queries.without_clear_view([track.pk, unclear_of(video)[0].pk]) == {unclear_of(video)[0].pk}


def test_the_page_of_a_person_offers_it_for_unclear_appearances(video: Video, bob: User) -> None:
    first = people_of(video)[0]
    services.give_unclear_faces(video.team, track_ids=[unclear_of(video)[0].pk], target=first, user=bob)
    shown = signed_in(bob).get(reverse("people:person", args=[first.pk])).content.decode()
    assert len(re.findall(r'<li id="track-\d+"\s+data-unclear', shown)) == 1
    assert shown.count('<li id="track-') == 2 and "No one: unclear face" in shown
    track = Track.objects.get(analysis=video.current_analysis, start_s=20)
    why = signed_in(bob).get(reverse("people:why", args=[track.pk])).content.decode()
    assert "Bob" in why and "that this is Person 1" in why


def test_between_nobody_and_two_people_undos_go_from_the_latest_on(team: Team, bob: User) -> None:
    """The first and the last event share a track and no person; the first undone first, the others would be stuck."""
    video = make_analysed_video(*SEEN, found_track(3, start_s=40, end_s=42), team=team)
    (track,), (first, second) = unclear_of(video), people_of(video)
    given, _to = services.give_unclear_faces(team, track_ids=[track.pk], target=first, user=bob)
    made = [
        services.make_unclear(first, track_ids=[track.pk], user=bob),
        services.give_unclear_faces(team, track_ids=[track.pk], target=second, user=bob)[0],
        services.make_unclear(second, track_ids=[track.pk], user=bob),
    ]
    for too_early in (made[0], made[1]):
        with pytest.raises(UndoConflict):
            events.undo(too_early, user=bob)
    for event in [*reversed(made), given]:
        events.undo(event, user=bob)
        assert history_words.undone(event).endswith(".")
    assert names_at(video, 20) == ["None"] and not Verdict.objects.filter(stands=True).exists()
