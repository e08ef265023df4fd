"""The moment at which a video opens, who is on screen then, live bars, and one person through all videos."""

from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import (
    begin_analysis,
    found_track,
    make_analysed_video,
    make_info,
    make_video,
    people_of,
    scanned,
    segment_result,
    work,
)
from tests.present import present
from tests.webapp.people.review.alike import ask
from webapp.accounts.models import Team, User
from webapp.analyses import runner
from webapp.jobs import lifecycle
from webapp.people import appearances
from webapp.people.acts import services
from webapp.people.models import Person
from webapp.videos.models import Playback, Video

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = (300, 10, 360, 70)


def page_of(user: User, video: Video, **query: Any) -> Any:
    return signed_in(user).get(reverse("videos:detail", args=[video.pk]), query).context


def test_a_video_opens_where_somebody_is_seen(team: Team, vera: User) -> None:
    video = make_analysed_video(
        found_track(1, start_s=30, end_s=39), found_track(2, start_s=12, end_s=19, box=RIGHT), team=team, duration_s=90
    )
    first, second = page_of(vera, video)["view"].rows
    assert page_of(vera, video)["start_s"] == pytest.approx(12.1, abs=0.05)
    assert page_of(vera, video, person=first.id)["start_s"] == pytest.approx(30.1, abs=0.05)
    assert page_of(vera, video, t=50)["start_s"] == 50
    shown = {person.row.id: person.is_on_screen for person in page_of(vera, video)["on_screen"]}
    assert shown == {first.id: False, second.id: True}


def test_without_people_a_video_opens_at_its_start(team: Team, vera: User) -> None:
    assert page_of(vera, make_analysed_video(team=team))["start_s"] is None


def test_somebody_brief_does_not_decide_where_a_long_video_opens(team: Team, vera: User) -> None:
    tracks = found_track(1, start_s=40, end_s=60), found_track(2, start_s=3, end_s=3.4, box=RIGHT)
    assert page_of(vera, make_analysed_video(*tracks, team=team, duration_s=90.0))["start_s"] > 39


def test_whoever_may_answer_is_asked_whether_an_unnamed_person_is_a_named_one(
    team: Team, bob: User, vera: User
) -> None:
    named, unnamed = people_of(
        make_analysed_video(found_track(1), found_track(2, start_s=20, end_s=24, box=RIGHT), team=team)
    )
    services.name_person(named, name="Samuel", user=bob)
    ask(team, named, unnamed)
    video = Video.objects.get(current_analysis__tracks__person=unnamed)
    questions = {person.row.id: person.question for person in page_of(bob, video)["on_screen"]}
    assert questions[named.pk] is None and present(questions[unnamed.pk]).named == named
    assert not any(person.question for person in page_of(vera, video)["on_screen"])
    answer = {"answer": "no", "keeps": named.pk, "other": unnamed.pk}
    signed_in(bob).post(reverse("people:answer"), answer)
    assert not any(person.question for person in page_of(bob, video)["on_screen"])


def test_live_bars_show_when_a_face_was_seen_so_far(team: Team, vera: User) -> None:
    video = make_video(team=team, info=make_info(120))
    analysis = begin_analysis(video)
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    first = present(analysis.segments.order_by("index").first())
    with lifecycle.working(first.job_id) as job:
        runner.store_segment(present(job), first, segment_result(first, found_track(1, start_s=5, end_s=9)))
    (lane,) = page_of(vera, video)["view"].live_lanes
    assert lane.bars and all(bar.start_s > 4 and bar.end_s < 10 for bar in lane.bars)
    assert lane.face.moments_s == tuple(sorted(lane.face.moments_s))


@pytest.mark.parametrize(
    ("moments_s", "expected"),
    [
        ([], []),
        ([5.0], [(4.5, 5.5)]),
        ([0.0, 99.9], [(0.0, 0.5), (99.4, 100.0)]),
        ([5.0, 6.5, 20.0], [(4.5, 7.0), (19.5, 20.5)]),
        ([500.0], []),
    ],
)
def test_bars_of_moments(moments_s: list[float], expected: list[tuple[float, float]]) -> None:
    found = [(bar.start_s, bar.end_s) for bar in appearances.bars_of_moments(moments_s, 100.0)]
    assert found == [pytest.approx(span) for span in expected]


def next_video_of(user: User, video: Video, person: UUID, **query: Any) -> UUID | None:
    """Where playing only this person goes on, as the page says it."""
    url = page_of(user, video, person=person, **({"only": "all"} | query))["next_url"]
    return UUID(url.split("/")[2]) if url else None


def test_one_person_is_played_through_all_videos_once_from_wherever_one_begins(
    team: Team, bob: User, vera: User, charlie: User
) -> None:
    oldest, middle, newest = (make_analysed_video(found_track(1), team=team) for _ in range(3))
    other = make_analysed_video(found_track(2, box=RIGHT), team=team)
    target, *same = (people_of(video)[0] for video in (oldest, middle, newest))
    services.merge_people(*same, target=target, user=bob)
    person = target.pk
    assert next_video_of(vera, middle, person) == oldest.pk
    assert next_video_of(vera, oldest, person, first=middle.pk) == newest.pk
    assert next_video_of(vera, newest, person, first=middle.pk) is None
    assert next_video_of(vera, middle, person, only="here") is None
    assert next_video_of(vera, other, person) is None
    Video.objects.filter(pk=oldest.pk).update(playback=Playback.IMPOSSIBLE)
    assert next_video_of(vera, middle, person) == newest.pk
    assert Person.objects.filter(pk=person, videos=3).exists()
    address = reverse("videos:detail", args=[middle.pk])
    assert signed_in(charlie).get(address, {"person": str(person), "only": "all"}).status_code == 404
