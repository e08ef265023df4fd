"""How long somebody is seen: the same on every page, from the pictures that hold their face, gaps left out."""

import json
import re
from dataclasses import replace

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from analysis.types import FoundTrack
from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.library import face_box_queries
from webapp.people import colour_queries, queries
from webapp.people.acts import services
from webapp.people.models import Person, Presence
from webapp.people.queries import PersonRow
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = (300, 10, 360, 70)


def with_gap(track: FoundTrack, from_s: float, to_s: float) -> FoundTrack:
    """The same without the samples in between."""
    kept = (track.times_s < from_s) | (track.times_s > to_s)
    return replace(track, times_s=track.times_s[kept], boxes_xyxy=track.boxes_xyxy[kept], scores=track.scores[kept])


def rows_of(video: Video) -> list[PersonRow]:
    return queries.rows_of_analysis(
        present(video.current_analysis_id), duration_s=video.duration_s, offset_s=video.playback_offset_s, min_s=0
    )


@pytest.fixture
def video(team: Team) -> Video:
    """One face from 2 s to 10 s, missed from 4 s to 7 s: 5.4 s of 20 s, as each sample stands for 0.2 s."""
    return make_analysed_video(with_gap(found_track(start_s=2, end_s=10), 4.1, 6.9), team=team, duration_s=20)


def test_the_bar_has_a_gap_and_the_share_is_what_the_bar_covers(video: Video) -> None:
    (row,) = rows_of(video)
    assert [(round(bar.start_s, 2), round(bar.end_s, 2)) for bar in row.bars] == [(2.0, 4.2), (7.0, 10.2)]
    assert row.screen_time_s == pytest.approx(5.4)
    assert row.share_percent == pytest.approx(27)
    assert sum(bar.width_percent for bar in row.bars) == pytest.approx(row.share_percent, abs=0.01)
    assert row.screen_time_s == pytest.approx(sum(bar.end_s - bar.start_s for bar in row.bars))


def test_all_pages_name_the_same_time(video: Video, vera: User) -> None:
    person = people_of(video)[0]
    presence = Presence.objects.get(person=person)
    (row,) = rows_of(video)
    assert row.screen_time_s == pytest.approx(person.screen_s) == pytest.approx(presence.screen_s)
    client = signed_in(vera)
    for address in (reverse("videos:detail", args=[video.pk]), reverse("people:person", args=[person.pk])):
        page = re.sub(r"\s+", " ", client.get(address).content.decode())
        assert re.search(r"\b5 s\b", page) and not re.search(r"\b8 s\b", page), address


def test_a_moment_counts_once_when_two_tracks_of_one_person_share_it(team: Team, bob: User) -> None:
    video = make_analysed_video(
        found_track(1, start_s=0, end_s=10), found_track(2, start_s=5, end_s=14, box=RIGHT), team=team, duration_s=20
    )
    first, second = people_of(video)
    services.merge_people(second, target=first, user=bob)
    first.refresh_from_db()
    (row,) = rows_of(video)
    assert first.screen_s == pytest.approx(14.2) == pytest.approx(row.screen_time_s)
    assert row.share_percent == pytest.approx(71)


def test_nobody_is_seen_after_the_end_of_the_video(team: Team) -> None:
    video = make_analysed_video(found_track(start_s=0, end_s=10), team=team, duration_s=10)
    (row,) = rows_of(video)
    assert row.screen_time_s == pytest.approx(10) and row.share_percent == pytest.approx(100)


@given(st.lists(st.integers(0, 11), max_size=30))
def test_colours_differ_while_there_are_enough_and_the_first_keeps_its_own(hues: list[int]) -> None:
    shown = colour_queries.told_apart(hues)
    assert len(set(shown)) == min(len(hues), 12)
    for place, hue in enumerate(hues):
        if hue not in hues[:place]:
            assert shown[place] == hue


def test_nobody_shares_a_colour_in_one_video_and_boxes_have_those_of_the_rows(team: Team, vera: User) -> None:
    tracks = [found_track(who, start_s=3 * who, end_s=3 * who + 2, box=RIGHT) for who in range(1, 10)]
    video = make_analysed_video(*tracks, team=team)
    Person.objects.update(hue=3)
    rows = {str(row.id): row.hue for row in rows_of(video)}
    assert len(set(rows.values())) == 9 == len(rows)
    window = face_box_queries.window_of(video, start_s=0, end_s=60)
    assert {track["person"]: track["hue"] for track in window["tracks"]} == rows
    page = signed_in(vera).get(reverse("videos:detail", args=[video.pk])).content.decode()
    for person, hue in rows.items():
        for part in ("now", "person"):
            (element,) = re.findall(rf"<li[^>]*id=\"{part}-{person}\"[^>]*>", page)
            assert re.findall(r"hue-\d+", element) == [f"hue-{hue}"]


def test_rows_stay_in_their_order_while_people_are_named(team: Team, bob: User) -> None:
    video = make_analysed_video(
        *[found_track(who, box=(100 * who, 10, 100 * who + 60, 70)) for who in range(1, 4)], team=team
    )
    order = [row.id for row in rows_of(video)]
    for person, name in zip(order, ("Zoe", "Anna", "张伟"), strict=True):
        services.name_person(Person.objects.get(pk=person), name=name, user=bob)
        assert [row.id for row in rows_of(video)] == order


def test_the_page_tells_its_scripts_when_somebody_is_seen(video: Video, vera: User) -> None:
    page = signed_in(vera).get(reverse("videos:detail", args=[video.pk])).content.decode()
    (spans,) = re.findall(r"data-appearances=\"([^\"]*)\"", page)
    assert json.loads(spans) == [[2.0, 4.2], [7.0, 10.2]]
