"""Merges of earlier versions become events that can still be undone, what is counted is counted anew, and the way
back is open.

One way back and forth for all: it takes as long as all the tests beside it."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories_videos import found_track, make_analysed_video, people_of, unclear_track
from webapp.accounts.models import Team, User
from webapp.people.acts import events, services
from webapp.people.models import Event, Person, Presence, Track
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = (300, 10, 360, 70)


def to(name: str) -> None:
    MigrationExecutor(connection).migrate([("people", name)])


def forth() -> None:
    """Everything: other apps went back as well where they build on people."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture(autouse=True)
def newest_again() -> Iterator[None]:
    """Migrations make thousands of classes; looking for those that are garbage takes a third of the time."""
    gc.disable()
    try:
        yield
        forth()
    finally:
        gc.enable()


def counted(video: Video) -> list[tuple[object, int, float]]:
    rows = Presence.objects.filter(analysis__video=video).order_by("person")
    return [(row.person_id, row.appearances, round(row.screen_s, 3)) for row in rows]


def screen_s() -> dict[object, float]:
    shown = Person.objects.filter(is_deleted=False, merged_into=None)
    return dict(shown.values_list("pk", "screen_s"))


def seen(video: Video) -> list[tuple[int, list[float]]]:
    rows = Track.objects.filter(analysis__video=video).order_by("pk").values_list("pk", "seen")
    return [(pk, np.frombuffer(blob, "<f4").round(3).tolist()) for pk, blob in rows]


def test_what_is_stored_survives_the_way_back_and_forth(team: Team, alice: User) -> None:
    by_hand = make_analysed_video(unclear_track(), team=team)
    (given,) = Track.objects.filter(analysis__video=by_hand)
    services.give_unclear_faces(team, track_ids=[given.pk], target=None, name="Anna", user=alice)
    with_gap = make_analysed_video(found_track(5), found_track(5, start_s=20, end_s=25), team=team)
    with_deleted = make_analysed_video(found_track(6), found_track(7, box=RIGHT, end_s=9), team=team)
    deleted = people_of(with_deleted)[1]
    services.delete_person(deleted, user=alice)
    merged = make_analysed_video(*(found_track(who, start_s=10 * who, end_s=10 * who + 2) for who in (1, 2)), team=team)
    first, second = people_of(merged)
    services.merge_people(second, target=first, user=alice)
    videos = (by_hand, with_gap, with_deleted, merged)
    before = [(counted(video), seen(video)) for video in videos]
    seconds = screen_s()

    to("0002_numbers_and_merges")
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM people_merge WHERE undone_at IS NULL")
        assert cursor.fetchone() == (1,)
        to("0005_merges_are_events_now")  # a version before knows of no deleted people
        cursor.execute("UPDATE people_person SET is_deleted = %s WHERE number = %s", [True, deleted.number])
    forth()

    assert [(counted(video), seen(video)) for video in videos] == before
    assert screen_s() == pytest.approx(seconds, abs=1e-4)
    given.refresh_from_db()
    assert str(given.person) == "Anna"
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.merged_into, first.appearances, first.videos) == (first, 2, 1)
    assert first.reference_sets.count() == 1
    events.undo(Event.objects.get(), user=alice)
    assert set(Track.objects.filter(analysis__video=merged).values_list("person", flat=True)) == {first.pk, second.pk}
