"""What is kept about who is in which video says the same as the tracks, whatever happens to people and videos."""

from collections import defaultdict

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analysis.time_spans import merged
from tests.conftest import signed_in
from tests.factories_videos import begin_analysis, found_track, make_analysed_video, people_of, run_analysis
from webapp.accounts.models import Team, User
from webapp.exports.appearance_queries import appearances_in
from webapp.people import track_queries
from webapp.people.acts import events, services
from webapp.people.models import Person, Presence, Track
from webapp.people.queries import people_of_cards
from webapp.videos import services as videos
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = (300, 10, 360, 70)


def as_tracks_say() -> set[tuple[object, object, int, float]]:
    """A sample stands for 0.2 s; the tracks have no gaps. Those at most a second apart are one appearance."""
    spans: dict[tuple[object, object], list[tuple[float, float]]] = defaultdict(list)
    for track in track_queries.shown_tracks().filter(person__is_deleted=False):
        spans[track.analysis_id, track.person_id].append((track.start_s, track.end_s + 0.2))
    shown = {key: merged(tracks, 1.0) for key, tracks in spans.items()}
    return {(*key, len(found), round(sum(end - start for start, end in found), 3)) for key, found in shown.items()}


def test_every_page_and_list_counts_the_same_appearances(team: Team, bob: User) -> None:
    tracks = found_track(1, end_s=4), found_track(1, start_s=3, end_s=8), found_track(1, start_s=8.6, end_s=9.6)
    video = make_analysed_video(*tracks, found_track(1, start_s=20, end_s=24.8), team=team, duration_s=50)
    (person,) = people_of(video)
    client = signed_in(bob)
    (row,) = client.get(reverse("videos:detail", args=[video.pk])).context["view"].rows
    (listed,) = appearances_in(video)
    (shown,) = client.get(reverse("people:person", args=[person.pk])).context["videos"]
    assert row.appearances == listed.spans and len(row.bars) == 2
    assert [row.count, shown.count, person.appearances] == [2, 2, 2]
    assert [row.screen_time_s, person.screen_s] == pytest.approx([sum(end - start for start, end in listed.spans)] * 2)
    assert row.screen_time_s == pytest.approx(8.8 + 5, abs=0.01), "from 1 s on, the short gap included"
    assert len(shown.appearances) + shown.more == 4, "each of them could be somebody else's"
    assert client.get(reverse("people:person", args=[person.pk])).context["can_split"]


def as_kept() -> set[tuple[object, object, int, float]]:
    rows = Presence.objects.values_list("analysis", "person", "appearances", "screen_s")
    return {(analysis, person, count, round(screen_s, 3)) for analysis, person, count, screen_s in rows}


@pytest.fixture
def video(team: Team) -> Video:
    tracks = found_track(1), found_track(2, box=RIGHT, end_s=9), found_track(1, start_s=20, end_s=25)
    return make_analysed_video(*tracks, team=team)


def test_they_follow_every_act_and_its_undo(video: Video, bob: User) -> None:
    first, second = sorted(people_of(video), key=lambda person: -person.appearances)
    assert as_kept() == as_tracks_say() and len(as_kept()) == 2
    before = as_kept()
    track = Track.objects.filter(person=first).earliest("start_s")
    done = [services.move_appearances(first, track_ids=[track.pk], target=None, user=bob)[0]]
    assert as_kept() == as_tracks_say() and len(as_kept()) == 3
    done.append(services.merge_people(second, target=first, user=bob))
    assert as_kept() == as_tracks_say() and len(as_kept()) == 2
    done.append(services.delete_person(first, user=bob))
    assert as_kept() == as_tracks_say() and len(as_kept()) == 1
    for event in reversed(done):
        events.undo(event, user=bob)
        assert as_kept() == as_tracks_say()
    assert as_kept() == before


def test_they_follow_deleting_and_restoring_a_video_and_a_new_analysis(team: Team, video: Video) -> None:
    kept = as_kept()
    videos.delete_video(video)
    assert as_kept() == set()
    video.refresh_from_db()
    videos.restore_video(video)
    assert as_kept() == kept
    run_analysis(begin_analysis(video), [found_track(1)])
    assert as_kept() == as_tracks_say() and len(as_kept()) == 1


def test_a_card_has_those_who_are_seen_longest_first_and_counts_all(team: Team, bob: User) -> None:
    tracks = [found_track(n, start_s=10 * n, end_s=10 * n + n) for n in range(1, 8)]
    video = make_analysed_video(*tracks, team=team, duration_s=100)
    assert video.current_analysis_id is not None
    card = people_of_cards([video.current_analysis_id], [])[video.current_analysis_id]
    longest = Person.objects.order_by("-screen_s")[:5]
    assert ([face.person for face in card.faces], card.count) == ([person.pk for person in longest], 7)
    services.delete_person(longest[0], user=bob)
    card = people_of_cards([video.current_analysis_id], [])[video.current_analysis_id]
    assert card.count == 6 and longest[0].pk not in [face.person for face in card.faces]


def test_the_library_reads_no_track_and_asks_the_same_number_of_times(team: Team, vera: User) -> None:
    client = signed_in(vera)
    counted = []
    for _ in range(2):
        make_analysed_video(found_track(1), found_track(2, box=RIGHT), team=team)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("videos:library"))
        assert page.status_code == 200 and b"2 people" in page.content
        assert not [query for query in queries.captured_queries if "people_track" in query["sql"]]
        counted.append(len(queries))
    assert counted[0] == counted[1]
