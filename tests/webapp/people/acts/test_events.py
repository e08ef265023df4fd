"""Every act can be undone, is refused when somebody else was quicker, and says why it cannot be undone any more."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, people_of, unclear_track
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.people import sample_codec
from webapp.people.acts import events, history_words, services
from webapp.people.acts.events import AlreadyUndone, EditConflict, UndoConflict
from webapp.people.models import Apart, Event, EventKind, Face, Person, Presence, Track, Verdict
from webapp.videos import cleanup as videos_cleanup
from webapp.videos import services as videos
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = ("name", "is_hidden", "is_deleted", "merged_into", "chosen_portrait", "join_from", "suggest_from")
COUNTS = ("appearances", "videos", "screen_s", "first_seen_at", "last_seen_at")


def boxes(column: int) -> tuple[int, int, int, int]:
    return (100 * column, 10, 100 * column + 60, 70)


@pytest.fixture
def video(team: Team) -> Video:
    """Three people of two appearances each."""
    tracks = [
        found_track(who, start_s=start, end_s=start + 4, box=boxes(who)) for who in (1, 2, 3) for start in (1, 20)
    ]
    return make_analysed_video(*tracks, team=team)


def state(team: Team) -> dict[str, Any]:
    """All that a human can decide. People who were made by an act and are gone again do not count.

    A portrait that nobody chose is any good view, as long as it shows the person.
    """
    people = Person.objects.filter(team=team).exclude(is_deleted=True, tracks=None).order_by("number")
    for person in people.filter(merged_into=None, is_deleted=False, appearances__gt=0):
        assert person.portrait is not None and present(person.portrait.track).person == person
    return {
        "people": list(people.values_list("number", *FIELDS, *COUNTS)),
        "tracks": list(Track.objects.filter(analysis__video__team=team).order_by("pk").values_list("pk", "person")),
        "apart": set(Apart.objects.filter(team=team, stands=True).values_list("first", "second")),
        "verdicts": set(
            Verdict.objects.filter(video__team=team, stands=True).values_list("track", "person", "is_same")
        ),
        "presences": set(
            Presence.objects.filter(person__team=team).values_list("analysis", "person", "appearances", "screen_s")
        ),
    }


def acts(draw: Callable[[Any], Any], team: Team, user: User) -> Event | None:
    """One act that the rows allow now."""
    there = list(Person.objects.filter(team=team, merged_into=None, is_deleted=False).order_by("number"))
    person = there[draw(st.integers(0, len(there) - 1))]
    others = [each for each in there if each != person]
    tracks = list(Track.objects.filter(person=person).order_by("pk").values_list("pk", flat=True))
    unclear = list(Track.objects.filter(analysis__video__team=team, person=None).order_by("pk"))
    kind = draw(st.sampled_from([*EventKind.values]))
    if kind == "name":
        return services.name_person(person, name=draw(st.sampled_from(["", "Anna", "Bea"])), user=user)
    if kind == "merge" and others:
        return services.merge_people(person, target=others[draw(st.integers(0, len(others) - 1))], user=user)
    if kind == "move" and tracks:
        target = draw(st.sampled_from([None, *others]))
        return services.move_appearances(person, track_ids=tracks[:1], target=target, user=user)[0]
    if kind == "give" and unclear:
        target = draw(st.sampled_from([None, *there]))
        name = draw(st.sampled_from(["", "Cleo"]))
        given = [draw(st.sampled_from(unclear)).pk]
        return services.give_unclear_faces(team, track_ids=given, target=target, name=name, user=user)[0]
    if kind == "unclear" and tracks:
        return services.make_unclear(person, track_ids=tracks[:1], user=user)
    if kind == "split" and len(tracks) > 1:
        return services.split_person(person, track_ids=tracks[1:], user=user)[0]
    if kind == "hide":
        hide, show = ([], [person.pk]) if person.is_hidden else ([person.pk], [])
        return services.show_and_hide(team=team, show=show, hide=hide, user=user)[0]
    if kind == "portrait" and tracks:
        return services.choose_portrait(person, face=present(Face.objects.filter(track=tracks[-1]).first()), user=user)
    if kind == "delete" and others:
        return services.delete_person(person, user=user)
    if kind == "apart" and others:
        return services.tell_apart(person, others[0], user=user)
    return services.set_thresholds(person, accept_from=draw(st.sampled_from([None, 0.7])), review_from=None, user=user)


@pytest.fixture
def with_unclear(team: Team) -> Video:
    """Three people of two appearances each, and two faces that are unclear."""
    tracks = [
        found_track(who, start_s=start, end_s=start + 4, box=boxes(who)) for who in (1, 2, 3) for start in (1, 20)
    ]
    unclear = [unclear_track(who, start_s=10 * who, end_s=10 * who + 2) for who in (4, 5)]
    return make_analysed_video(*tracks, *unclear, team=team)


@pytest.mark.usefixtures("with_unclear")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_acts_followed_by_all_their_undos_restore_the_state(data: st.DataObject, team: Team, alice: User) -> None:
    """In whatever order they are tried: an undo that is refused for now succeeds once what came after it is undone.

    Each example begins from the same rows, as the one before is rolled back.
    """
    with transaction.atomic():
        before = state(team)
        assert len(before["people"]) == 3 and len(before["tracks"]) == 8
        made = [acts(data.draw, team, alice) for _ in range(data.draw(st.integers(1, 7)))]
        left = [event for event in made if event is not None]
        left = data.draw(st.permutations(left))
        while left:
            refused = []
            for event in left:
                try:
                    events.undo(event, user=alice)
                except UndoConflict:
                    refused.append(event)
            assert len(refused) < len(left), "at least the latest can always be undone"
            left = refused
        assert state(team) == before
        transaction.set_rollback(True)


def test_a_person_who_was_split_off_stays_while_a_later_act_would_lead_back_to_them(
    team: Team, video: Video, alice: User
) -> None:
    """Else that act could never be undone: whom it had taken the appearance from would be gone."""
    before = state(team)
    person = people_of(video)[0]
    first, second = Track.objects.filter(person=person).order_by("pk").values_list("pk", flat=True)
    split, made = services.split_person(person, track_ids=[second], user=alice)
    to, _made = services.move_appearances(person, track_ids=[first], target=made, user=alice)
    on, _made = services.move_appearances(made, track_ids=[first], target=None, user=alice)
    with pytest.raises(UndoConflict) as refused:
        events.undo(split, user=alice)
    assert refused.value.later in (to, on)
    for event in (on, to, split):
        events.undo(event, user=alice)
    assert state(team) == before


def test_an_undo_is_refused_with_the_reason_after_a_later_act(team: Team, video: Video, alice: User, bob: User) -> None:
    person = people_of(video)[0]
    first = present(services.name_person(person, name="Anna", user=alice))
    services.name_person(person, name="Anne", user=bob)
    before = state(team)
    client = signed_in(alice)
    answer = client.post(reverse("people:undo", args=[first.pk]), headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert "“Anne” (Bob)" in answer.json()["toast"]
    assert state(team) == before
    first.refresh_from_db()
    assert first.undone_at is None


def test_an_event_is_undone_once(video: Video, alice: User) -> None:
    event = present(services.name_person(people_of(video)[0], name="Anna", user=alice))
    events.undo(event, user=alice)
    with pytest.raises(AlreadyUndone):
        events.undo(event, user=alice)


def test_of_two_who_act_at_once_the_later_sees_what_happened_and_loses_nothing(
    team: Team, video: Video, alice: User, bob: User
) -> None:
    """Both had the page open: bob merges the first away, alice's appearances to move are no longer the first's."""
    first, second, third = people_of(video)
    track = present(Track.objects.filter(person=first).first())
    services.merge_people(first, target=second, user=bob)
    before = state(team)
    for late in (
        lambda: services.merge_people(first, target=third, user=alice),
        lambda: services.merge_people(third, target=first, user=alice),
        lambda: services.move_appearances(first, track_ids=[track.pk], target=third, user=alice),
        lambda: services.split_person(first, track_ids=[track.pk], user=alice),
        lambda: services.name_person(first, name="Anna", user=alice),
        lambda: services.tell_apart(first, third, user=alice),
        lambda: services.delete_person(first, user=alice),
    ):
        with pytest.raises(EditConflict):
            late()
    assert state(team) == before
    answer = signed_in(alice).post(
        reverse("people:name", args=[first.pk]), {"name": "Anna"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 409
    assert f"{first} into {second}" in answer.json()["toast"] and "(Bob)" in answer.json()["toast"]


def test_a_name_given_meanwhile_is_not_overwritten_unseen(video: Video, alice: User, bob: User) -> None:
    person = people_of(video)[0]
    services.name_person(person, name="Anna", user=bob)
    name, json = reverse("people:name", args=[person.pk]), {"Accept": "application/json"}
    late = signed_in(alice).post(name, {"name": "Berta", "was": ""}, headers=json)
    assert late.status_code == 409
    assert f"“Person {person.number}” to “Anna” (Bob)" in late.json()["toast"]
    seen = signed_in(alice).post(name, {"name": "Berta", "was": "Anna"}, headers=json)
    assert seen.status_code == 200
    person.refresh_from_db()
    assert person.name == "Berta"


def test_an_act_undone_meanwhile_is_told(video: Video, alice: User, bob: User) -> None:
    first, second, _ = people_of(video)
    event = services.name_person(first, name="Anna", user=alice)
    assert event is not None
    events.undo(event, user=bob)
    words = history_words.edit_conflict(first, second)
    assert "Undone by Bob" in words and "“Anna”" in words


def test_nobody_is_merged_in_a_circle(video: Video, alice: User) -> None:
    first, second, _ = people_of(video)
    services.merge_people(first, target=second, user=alice)
    with pytest.raises(EditConflict):
        services.merge_people(second, target=first, user=alice)


def test_a_person_made_by_a_split_is_not_taken_back_once_somebody_joined_them(video: Video, alice: User) -> None:
    first, second, _ = people_of(video)
    tracks = list(Track.objects.filter(person=first).values_list("pk", flat=True))
    event, new = services.split_person(first, track_ids=tracks[1:], user=alice)
    merge = services.merge_people(second, target=new, user=alice)
    with pytest.raises(UndoConflict) as refused:
        events.undo(event, user=alice)
    assert refused.value.later == merge


def test_deleting_a_video_takes_the_portrait_and_bringing_it_back_restores_it(team: Team, alice: User) -> None:
    one = make_analysed_video(found_track(1), team=team)
    other = make_analysed_video(found_track(2), team=team)
    person, source = people_of(one)[0], people_of(other)[0]
    services.merge_people(source, target=person, user=alice)
    chosen = present(Face.objects.filter(analysis__video=other).first())
    event = present(services.choose_portrait(person, face=chosen, user=alice))
    person.refresh_from_db()
    assert (person.portrait_id, person.appearances, person.videos) == (chosen.pk, 2, 2)
    videos.delete_video(other)
    person.refresh_from_db()
    assert person.portrait is not None and person.portrait.analysis.video == one
    assert (person.appearances, person.videos) == (1, 1)
    other.refresh_from_db()
    videos.restore_video(other)
    person.refresh_from_db()
    assert (person.portrait_id, person.appearances) == (chosen.pk, 2)
    videos_cleanup.purge(other)
    person.refresh_from_db()
    assert person.portrait is not None and person.portrait.analysis.video == one
    events.undo(event, user=alice)
    person.refresh_from_db()
    assert person.chosen_portrait_id is None


def test_the_history_of_a_person_says_who_did_what(video: Video, alice: User, bob: User) -> None:
    first, second, _ = people_of(video)
    services.name_person(first, name="Anna", user=alice)
    first.refresh_from_db()
    events.undo(services.merge_people(second, target=first, user=bob), user=alice)
    rows = [
        (history_words.sentence(event), history_words.who(event), event.undone_at is None)
        for event in history_words.of_person(first)
    ]
    assert rows == [
        ("Merged Person 2 into Anna (2 appearances)", "Bob", False),
        ("Renamed “Person 1” to “Anna”", "Alice", True),
    ]


def test_a_history_is_worded_by_who_reads_it(video: Video, bob: User) -> None:
    first, second = people_of(video)[:2]
    with translation.override("zh-hans"):
        event = services.merge_people(second, target=first, user=bob)
        assert f"人物 {second.number}" in history_words.sentence(event)
    event.refresh_from_db()
    assert f"Person {second.number} into Person {first.number}" in history_words.sentence(event)
    assert "人物" not in history_words.undone(event)


def test_each_undo_is_told_in_a_sentence(team: Team, video: Video, alice: User) -> None:
    first, second, _ = people_of(video)
    tracks = list(Track.objects.filter(person=first).values_list("pk", flat=True))
    face = present(Face.objects.filter(track__person=first).order_by("quality").first())
    acts: list[Callable[[], Event | None]] = [
        lambda: services.merge_people(second, target=first, user=alice),
        lambda: services.move_appearances(first, track_ids=tracks[:1], target=second, user=alice)[0],
        lambda: services.split_person(first, track_ids=tracks[:1], user=alice)[0],
        lambda: services.tell_apart(first, second, user=alice),
        lambda: services.show_and_hide(team=team, show=[], hide=[first.pk], user=alice)[0],
        lambda: services.choose_portrait(first, face=face, user=alice),
        lambda: services.delete_person(first, user=alice),
        lambda: services.set_thresholds(first, accept_from=0.7, review_from=None, user=alice),
        lambda: services.name_person(first, name="Anna", user=alice),
    ]
    for act in acts:
        event = present(act())
        events.undo(event, user=alice)
        assert history_words.undone(event).endswith(".") and str(first) in history_words.undone(event)
    assert "no name" in history_words.undone(event)


def test_ten_thousand_appearances_are_merged_and_undone(team: Team, alice: User) -> None:
    video = make_analysed_video(found_track(1), found_track(2, start_s=50, end_s=54), team=team)
    many, few = people_of(video)
    track = Track.objects.filter(person=many).get()
    kept = {"analysis": track.analysis, "segment": track.segment, "person": many, "samples": b""}
    kept["seen"] = sample_codec.pack_spans([(0.0, 0.5)], 0.0)
    moments = range(100, 20_100, 2)
    Track.objects.bulk_create([Track(start_s=at, end_s=at + 0.5, **kept) for at in moments], batch_size=1000)
    event = services.merge_people(many, target=few, user=alice)
    few.refresh_from_db()
    assert few.appearances == 10_002
    events.undo(event, user=alice)
    few.refresh_from_db()
    many.refresh_from_db()
    assert (few.appearances, many.appearances) == (1, 10_001)


def test_hidden_and_shown_in_one_go_and_undone_in_one_go(team: Team, video: Video, bob: User) -> None:
    first, second, third = people_of(video)
    services.show_and_hide(team=team, show=[], hide=[first.pk], user=bob)
    client, before = signed_in(bob), state(team)
    fields = {"shown": [str(p.pk) for p in (first, second, third)], "visible": [str(first.pk), str(third.pk)]}
    answer = client.post(reverse("people:visibility"), fields, headers={"Accept": "application/json"}).json()
    assert list(Person.objects.filter(is_hidden=True)) == [second]
    client.post(answer["undo"]["url"])
    assert state(team) == before


def test_hiding_touches_nobody_who_was_not_on_the_page(team: Team, video: Video, bob: User) -> None:
    first = people_of(video)[0]
    signed_in(bob).post(reverse("people:visibility"), {"shown": [str(first.pk)], "visible": []})
    assert list(Person.objects.filter(is_hidden=True)) == [first]


def test_what_went_to_and_fro_is_undone_from_the_latest_on(team: Team, alice: User) -> None:
    """The first naming looks as if nothing had come after it; undone first, it would leave the others stuck."""
    person = Person.objects.create(team=team, number=1, hue=0)
    made = []
    for name in ("Anna", "Bea", "Anna"):
        person.refresh_from_db()
        made.append(services.name_person(person, name=name, user=alice))
    first, second, third = made
    assert first and second and third
    for too_early in (first, second):
        with pytest.raises(UndoConflict):
            events.undo(too_early, user=alice)
    for event in (third, second, first):
        events.undo(event, user=alice)
    person.refresh_from_db()
    assert person.name == ""


def test_undoing_a_chosen_portrait_shows_the_one_before(team: Team, alice: User) -> None:
    person = people_of(make_analysed_video(found_track(1), found_track(1, start_s=20, end_s=24), team=team))[0]
    shown = present(person.portrait_id)
    other = present(Face.objects.filter(track__person=person).exclude(pk=shown).first())
    event = services.choose_portrait(person, face=other, user=alice)
    assert event is not None
    person.refresh_from_db()
    assert person.portrait_id == other.pk
    events.undo(event, user=alice)
    person.refresh_from_db()
    assert (person.portrait_id, person.chosen_portrait_id) == (shown, None)


def test_undoing_a_split_leads_back_to_the_person(video: Video, alice: User) -> None:
    person = people_of(video)[0]
    track = Track.objects.filter(person=person).first()
    assert track is not None
    client, json = signed_in(alice), {"Accept": "application/json"}
    done = client.post(reverse("people:split", args=[person.pk]), {"group": track.pk}, headers=json).json()
    new = Person.objects.get(tracks=track)
    assert done["redirect"] == reverse("people:person", args=[new.pk])
    back = client.post(done["undo"]["url"], done["undo"]["fields"], headers=json).json()
    assert back["redirect"] == reverse("people:person", args=[person.pk])
    gone = client.get(done["redirect"]).content.decode()
    assert "by a change that has since been undone, so this page is empty" in gone and "Matching strictness" not in gone


def test_the_portrait_that_is_chosen_already_is_no_act(team: Team, alice: User) -> None:
    video = make_analysed_video(found_track(1), team=team)
    person = people_of(video)[0]
    face = Face.objects.filter(track__person=person).first()
    assert face is not None
    assert services.choose_portrait(person, face=face, user=alice) is not None
    assert services.choose_portrait(person, face=face, user=alice) is None
