"""Together are those whom one picture holds, not those whose appearances overlap in time."""

from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analysis.types import FoundTrack
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.webapp.people.identification.test_runner import EMBEDDER, SURE, looks
from webapp.accounts.models import Team
from webapp.people import same_picture_queries
from webapp.people.acts import conflict_queries
from webapp.people.models import Person, Track
from webapp.people.same_picture_queries import TrackSpan

pytestmark = pytest.mark.django_db(transaction=True)
LEFT, RIGHT = (10, 10, 60, 60), (300, 10, 360, 70)


def taking_turns(who: int, is_odd: bool, box: tuple[int, int, int, int]) -> FoundTrack:
    """Seen in every other second from 0 to 8 s: two of them overlap in time, and share no picture."""
    track = found_track(who, start_s=0, end_s=8, box=box)
    chosen = (np.floor(track.times_s + 0.01).astype(int) % 2) == is_odd
    return FoundTrack(track.times_s[chosen], track.boxes_xyxy[chosen], track.scores[chosen], track.faces, False, False)


def make_pair(team: Team, *tracks: FoundTrack) -> tuple[Person, Person]:
    first, second = people_of(make_analysed_video(*tracks, team=team))
    return first, second


def test_two_who_take_turns_are_not_together(team: Team) -> None:
    first, second = make_pair(team, taking_turns(1, False, LEFT), taking_turns(2, True, RIGHT))
    assert not conflict_queries.against_merging(first, second)
    assert conflict_queries.seen_together([first.pk, second.pk]) == set()
    tracks = list(Track.objects.filter(person=first).select_related("analysis"))
    assert conflict_queries.against_moving(tracks, second) == []


def test_two_whom_one_picture_holds_are_together_from_that_picture_on(team: Team) -> None:
    first, second = make_pair(team, taking_turns(1, False, LEFT), found_track(2, box=RIGHT, start_s=1.2, end_s=5))
    (meeting,) = conflict_queries.against_merging(first, second).meetings
    assert meeting.time_s == pytest.approx(2.0)
    assert conflict_queries.seen_together([first.pk, second.pk]) == {frozenset((first.pk, second.pk))}
    tracks = list(Track.objects.filter(person=first).select_related("analysis"))
    (moving,) = conflict_queries.against_moving(tracks, second)
    assert moving.time_s == pytest.approx(2.0)


def test_two_boxes_of_one_face_are_not_together(team: Team) -> None:
    first, second = make_pair(team, found_track(1, box=LEFT), found_track(2, box=(12, 10, 62, 60)))
    assert not conflict_queries.against_merging(first, second)


def test_who_takes_turns_with_somebody_may_be_the_same_known_person(team: Team) -> None:
    anna = people_of(make_analysed_video(looks(found_track(1), 1.0), team=team, embedder=EMBEDDER))
    turns = looks(taking_turns(1, False, LEFT), SURE), looks(taking_turns(1, True, RIGHT), SURE, other=2)
    assert people_of(make_analysed_video(*turns, team=team, embedder=EMBEDDER)) == anna


def test_samples_are_read_only_where_spans_overlap_and_queries_do_not_grow(team: Team) -> None:
    def read(*appearances: tuple[int, float]) -> int:
        tracks = [
            found_track(who, start_s=at, end_s=at + 1, box=LEFT if who == 1 else RIGHT) for who, at in appearances
        ]
        pair = make_pair(team, *tracks)
        with CaptureQueriesContext(connection) as captured:
            conflict_queries.seen_together([person.pk for person in pair])
        return len(captured)

    apart = read((1, 0), (2, 10))
    assert read((1, 0), (2, 0.2)) == apart + 1
    assert read((1, 0), (2, 0.2), (1, 20), (2, 20.2), (1, 40), (2, 40.2)) == apart + 1


def test_spans_that_overlap_one_of_somebody_elses() -> None:
    def spans(*rows: tuple[int, str, float, float]) -> list[int]:
        analysis = uuid4()
        own = [TrackSpan(pk, analysis, who, start_s, end_s) for pk, who, start_s, end_s in rows]
        return [span.track for span in same_picture_queries.overlapping(own)]

    assert spans() == []
    assert spans((1, "a", 0, 9), (2, "a", 1, 2)) == []
    assert spans((1, "a", 0, 9), (2, "b", 9, 10), (3, "b", 11, 12)) == [1, 2]
    assert spans((1, "a", 0, 9), (2, "a", 1, 2), (3, "b", 3, 4)) == [1, 3]
