"""Two analyses of a team that end at the same time find each other's people: one person, or a question."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection, transaction

from analysis.types import FoundTrack
from tests.factories_videos import begin_analysis, found_track, make_video, people_of, scanned, segment_result, work
from tests.webapp.people.identification.test_runner import DOUBTFUL, EMBEDDER, STRANGER, SURE, looks
from webapp.accounts.models import Team, User
from webapp.analyses import people_runner, runner
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.people.models import Person, Suggestion
from webapp.team_scope import carried
from webapp.videos.models import Analysis, Video

pytestmark = pytest.mark.django_db(transaction=True)
WAITS_S = 20.0


def up_to_the_people(video: Video, *tracks: FoundTrack) -> Analysis:
    """An analysis of which everything is done but the last step."""
    analysis = begin_analysis(video)
    scanned(analysis, EMBEDDER)
    work(analysis.job_id, runner.run_analysis)
    segment = analysis.segments.get()
    with lifecycle.working(segment.job_id) as job:
        assert job is not None
        runner.store_segment(job, segment, segment_result(segment, *tracks))
    return Analysis.objects.select_related("video__team", "job").get(pk=analysis.pk)


@contextmanager
def both_grouped(*analyses: Analysis) -> Iterator[list[tuple[Job, Analysis, runner.GroupedTracks]]]:
    """Each has looked at the people of the team, and none has stored its own."""
    with ExitStack() as working:
        jobs = [working.enter_context(lifecycle.working(analysis.job_id)) for analysis in analyses]
        yield [(job, each, runner.group(job, each)) for job, each in zip(jobs, analyses, strict=True) if job]


def end_together(team: Team, first: FoundTrack, second: FoundTrack) -> tuple[list[Person], list[Person]]:
    videos = make_video(team=team), make_video(team=team)
    with both_grouped(up_to_the_people(videos[0], first), up_to_the_people(videos[1], second)) as ending:
        assert len(ending) == 2
        for each in ending:
            runner.store_people(*each)
    return people_of(videos[0]), people_of(videos[1])


def test_a_sure_match_is_one_person(team: Team) -> None:
    first, second = end_together(team, looks(found_track(), 1.0), looks(found_track(), SURE))
    assert first == second and len(first) == 1
    assert (first[0].videos, first[0].appearances) == (2, 2)


def test_a_doubtful_match_is_a_question(team: Team) -> None:
    first, second = end_together(team, looks(found_track(), 1.0), looks(found_track(), DOUBTFUL))
    assert first != second
    asked = Suggestion.objects.get()
    assert (asked.first, asked.second) == (second[0], first[0])


def test_strangers_are_two_people(team: Team) -> None:
    first, second = end_together(team, looks(found_track(), 1.0), looks(found_track(), STRANGER))
    assert first != second and not Suggestion.objects.exists()


def test_people_of_other_teams_stay_strangers(team: Team, charlie: User) -> None:
    videos = make_video(team=team), make_video(team=charlie.teams.get())
    for video in videos:
        with both_grouped(up_to_the_people(video, looks(found_track(), 1.0))) as ending:
            runner.store_people(*ending[0])
    assert people_of(videos[0]) != people_of(videos[1])


def test_the_second_waits_for_the_first_to_commit(team: Team) -> None:
    """With two real connections: the second begins while the first holds the team's people."""
    videos = make_video(team=team), make_video(team=team)
    analyses = [
        up_to_the_people(videos[0], looks(found_track(), 1.0)),
        up_to_the_people(videos[1], looks(found_track(), SURE)),
    ]
    has_begun = threading.Event()
    with both_grouped(*analyses) as ending:

        def end_second() -> None:
            has_begun.set()
            try:
                runner.store_people(*ending[1])
            finally:
                connection.close()

        other = threading.Thread(target=carried(end_second))
        with transaction.atomic():
            people_runner.creation_services.hold(team.pk)
            other.start()
            assert has_begun.wait(WAITS_S)
            runner.store_people(*ending[0])
            other.join(0.3)
            assert other.is_alive(), "it has to wait"
        other.join(WAITS_S)
        assert not other.is_alive()
    assert people_of(videos[0]) == people_of(videos[1])
