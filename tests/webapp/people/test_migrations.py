"""Merges of earlier versions become events that can still be undone, and the way back is open."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories_videos import found_track, make_analysed_video, people_of, unclear_track
from webapp.accounts.models import Team, User
from webapp.people.acts import events, services
from webapp.people.models import Event, Track

pytestmark = pytest.mark.django_db(transaction=True)


def back_to(name: str) -> None:
    MigrationExecutor(connection).migrate([("people", name)])


def forth() -> None:
    """Everything: other apps went back as well where they build on people."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture(autouse=True)
def newest_again() -> Iterator[None]:
    yield
    forth()


def test_the_way_back_keeps_faces_that_were_given_by_hand(team: Team, alice: User) -> None:
    video = make_analysed_video(unclear_track(), team=team)
    track = Track.objects.get(analysis__video=video)
    services.give_unclear_faces(team, track_ids=[track.pk], target=None, name="Anna", user=alice)
    back_to("0016_decisions")
    forth()
    track.refresh_from_db()
    assert str(track.person) == "Anna"
    assert not Event.objects.exists()


def test_a_merge_survives_the_way_back_and_forth(team: Team, alice: User) -> None:
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 2) for who in (1, 2)]
    video = make_analysed_video(*tracks, team=team)
    first, second = people_of(video)
    services.merge_people(second, target=first, user=alice)
    back_to("0002_numbers_and_merges")
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM people_merge WHERE undone_at IS NULL")
        assert cursor.fetchone() == (1,)
    forth()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.merged_into, first.appearances, first.videos) == (first, 2, 1)
    assert first.reference_sets.count() == 1
    events.undo(Event.objects.get(act="merge"), user=alice)
    assert set(Track.objects.values_list("person", flat=True)) == {first.pk, second.pk}
