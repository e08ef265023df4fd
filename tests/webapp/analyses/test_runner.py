"""An analysis by the worker's real steps: segments, repeats, crashes, cancel, and names over a new analysis."""

from typing import Any

import pytest

from analysis import pipeline
from analysis.errors import Cancelled
from tests.factories_videos import (
    begin_analysis,
    counts,
    found_face,
    found_track,
    make_analysed_video,
    make_info,
    make_video,
    people_of,
    run_analysis,
    scanned,
    segment_result,
    work,
)
from tests.present import present
from webapp import storage
from webapp.accounts.models import Team
from webapp.analyses import runner
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status
from webapp.people.acts.services import name_person
from webapp.people.models import Face, Person, Track
from webapp.videos import services
from webapp.videos.models import Analysis, Video, VideoState

pytestmark = pytest.mark.django_db(transaction=True)
LEFT, RIGHT = (10, 10, 60, 60), (300, 10, 360, 70)


def stored_pictures(video: Video) -> set[str]:
    with storage.local_path(video.original_key) as original:
        return {path.stem for path in (original.parent / "analyses").rglob("*.jpg")}


def test_two_faces_become_two_people_with_numbers_hues_and_portraits(team: Team) -> None:
    video = make_analysed_video(found_track(1, box=LEFT), found_track(2, box=RIGHT), team=team)
    first, second = people_of(video)
    assert (str(first), str(second)) == ("Person 1", "Person 2")
    assert first.hue != second.hue
    assert first.portrait is not None and storage.exists(first.portrait.picture_key)
    assert video.state == VideoState.DONE
    assert video.frames_damaged == 1


def test_one_person_in_two_segments_is_one_person_and_a_cut_appearance_is_joined(team: Team) -> None:
    video = make_video(team=team, info=make_info(120))
    analysis = begin_analysis(video)
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    assert analysis.segments.count() == 2
    tracks = [
        [found_track(1, start_s=55, end_s=59.8, reaches_end=True)],
        [found_track(1, start_s=60, end_s=64, reaches_start=True), found_track(1, start_s=100, end_s=104)],
    ]
    for segment, found in zip(analysis.segments.order_by("index"), tracks, strict=True):
        with lifecycle.working(segment.job_id) as job:
            runner.store_segment(present(job), segment, segment_result(segment, *found))
    work(analysis.job_id, runner.run_analysis)
    assert len(people_of(video)) == 1
    first, second, third = Track.objects.filter(analysis=analysis).order_by("start_s")
    assert (first.joined_to, second.joined_to, third.joined_to) == (None, first, None)


def test_the_parent_waits_for_its_segments_and_adds_up_their_progress(team: Team) -> None:
    analysis = begin_analysis(make_video(team=team, info=make_info(180)))
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    first, *rest = analysis.segments.order_by("index")
    with lifecycle.working(first.job_id) as job:
        runner.store_segment(present(job), first, segment_result(first))
    job = Job.objects.get(pk=analysis.job_id)
    assert (job.status, job.done, job.total) == (Status.RUNNING, 60, 180)
    assert len(rest) == 2


def test_a_segment_that_is_done_is_not_done_again(team: Team) -> None:
    video = make_analysed_video(found_track(1), team=team)
    before = counts(video)
    segment = present(video.current_analysis).segments.get()
    work(segment.job_id, runner.analyse_segment)
    work(video.current_job_id, runner.run_analysis)
    assert counts(video) == before


def test_a_repeated_segment_replaces_what_an_earlier_attempt_stored(team: Team) -> None:
    """The worker died after its transaction could have been seen, or two workers had the same segment."""
    video = make_video(team=team)
    analysis = begin_analysis(video)
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    segment = analysis.segments.get()
    slow = present(lifecycle.claim(segment.job_id))
    lifecycle.give_up_worker(Job.objects.get(pk=segment.job_id))
    with lifecycle.working(segment.job_id) as job:
        runner.store_segment(present(job), segment, segment_result(segment, found_track(1), found_track(2, box=RIGHT)))
    with pytest.raises(Cancelled):
        runner.store_segment(slow, segment, segment_result(segment, found_track(1), found_track(2, box=RIGHT)))
    work(analysis.job_id, runner.run_analysis)
    assert counts(video) == (2, 4, 2)
    assert Analysis.objects.get(pk=analysis.pk).frames_decoded == 100
    assert len(stored_pictures(video)) == 4


def test_a_crash_while_people_are_stored_leaves_nothing_and_the_repeat_is_whole(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video(team=team)
    analysis = begin_analysis(video)
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    segment = analysis.segments.get()
    with lifecycle.working(segment.job_id) as job:
        runner.store_segment(present(job), segment, segment_result(segment, found_track(1), found_track(2, box=RIGHT)))

    class Killed(BaseException):
        """Like a SIGKILL: nothing gets to react."""

    def die(_: Analysis) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(runner, "_make_shown", die)
        runner.run_analysis(present(lifecycle.claim(analysis.job_id)))
    assert Person.objects.count() == 0
    lifecycle.give_up_worker(Job.objects.get(pk=analysis.job_id))
    work(analysis.job_id, runner.run_analysis)
    assert [person.number for person in people_of(video)] == [1, 2]


def test_a_segment_that_always_kills_its_worker_fails_the_analysis_with_a_code(team: Team) -> None:
    video = make_video(team=team, info=make_info(120))
    analysis = begin_analysis(video)
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    good, bad = analysis.segments.order_by("index")
    with lifecycle.working(good.job_id) as job:
        runner.store_segment(present(job), good, segment_result(good, found_track(1)))
    for _ in range(3):
        assert lifecycle.claim(bad.job_id) is not None
        lifecycle.give_up_worker(Job.objects.get(pk=bad.job_id))
    video = Video.objects.select_related("current_job").get(pk=video.pk)
    assert (video.state, present(video.current_job).error_code) == (VideoState.FAILED, "crashed")
    assert Track.objects.filter(segment=good).count() == 1


def test_cancelling_stops_parts_and_nothing_is_stored_afterwards(team: Team) -> None:
    video = make_video(team=team)
    analysis = begin_analysis(video)
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    segment = analysis.segments.get()
    job = present(lifecycle.claim(segment.job_id))
    video.refresh_from_db()
    assert services.cancel_work(video)
    with pytest.raises(Cancelled):
        lifecycle.report(job, "detect", 1, 60, new_results=True)
    with pytest.raises(Cancelled):
        runner.store_segment(job, segment, segment_result(segment, found_track(1)))
    assert counts(video) == (0, 0, 0)
    video = Video.objects.select_related("current_job").get(pk=video.pk)
    assert video.state == VideoState.CANCELLED


def test_a_cancelled_second_analysis_leaves_the_first_result_in_place(team: Team) -> None:
    video = make_analysed_video(found_track(1), team=team)
    first = video.current_analysis_id
    services.analyse_again(video, thoroughness="thorough", user=None)
    video.refresh_from_db()
    services.cancel_work(video)
    video.refresh_from_db()
    assert video.current_analysis_id == first
    assert len(people_of(video)) == 1


def test_a_new_analysis_keeps_names_numbers_and_ids_and_removes_the_old_one(team: Team) -> None:
    video = make_analysed_video(found_track(1, box=LEFT), found_track(2, box=RIGHT), team=team)
    anna, other = people_of(video)
    name_person(anna, name="Anna")
    old_pictures = stored_pictures(video)
    again = begin_analysis(video, thoroughness="thorough")
    found = [found_track(7, box=(12, 12, 62, 62)), found_track(8, box=RIGHT), found_track(9, start_s=30, end_s=31)]
    run_analysis(again, found)
    kept, still, fresh = people_of(video)
    assert (kept.pk, kept.name, still.pk) == (anna.pk, "Anna", other.pk)
    assert fresh.number == 3
    assert Analysis.objects.filter(video=video).count() == 1
    assert not stored_pictures(video) & old_pictures
    assert all(person.portrait and person.portrait.analysis_id == again.pk for person in (kept, still, fresh))


def test_unnamed_people_who_are_not_found_again_disappear_and_their_numbers_are_not_used_again(team: Team) -> None:
    video = make_analysed_video(found_track(1, box=LEFT), found_track(2, box=RIGHT), team=team)
    run_analysis(begin_analysis(video), [found_track(5, start_s=40, end_s=42)])
    assert [person.number for person in people_of(video)] == [3]
    assert Person.objects.count() == 1


def test_preliminary_faces_are_shown_while_it_runs_and_gone_when_it_is_done(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [[found_face(1)], [found_face(1, time_s=2.0), found_face(2, time_s=2.0)]]
    monkeypatch.setattr(pipeline, "scan_keyframes", lambda *_: iter(batches))
    video = make_video(team=team)
    analysis = begin_analysis(video)
    work(analysis.job_id, runner.run_analysis)
    faces = Face.objects.filter(analysis=analysis, track=None)
    assert sorted(present(each.preliminary_group) for each in faces.all()) == [0, 0, 1]
    assert Job.objects.get(pk=analysis.job_id).revision == 2
    segment = analysis.segments.get()
    with lifecycle.working(segment.job_id) as job:
        runner.store_segment(present(job), segment, segment_result(segment, found_track(1)))
    work(analysis.job_id, runner.run_analysis)
    assert not faces.exists()
    assert len(stored_pictures(video)) == 2


def test_a_scan_that_broke_off_is_repeated_without_doubles(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*_: Any) -> Any:
        yield [found_face(1)]
        raise KeyboardInterrupt

    video = make_video(team=team)
    analysis = begin_analysis(video)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pipeline, "scan_keyframes", breaks_off)
        work(analysis.job_id, runner.run_analysis)
    assert Job.objects.get(pk=analysis.job_id).status == Status.QUEUED
    monkeypatch.setattr(pipeline, "scan_keyframes", lambda *_: iter([[found_face(1)], [found_face(2)]]))
    work(analysis.job_id, runner.run_analysis)
    assert Face.objects.filter(analysis=analysis).count() == 2


def test_segments_are_made_once_with_their_jobs(team: Team) -> None:
    analysis = begin_analysis(make_video(team=team, info=make_info(200)))
    scanned(analysis)
    work(analysis.job_id, runner.run_analysis)
    lifecycle.resume_parent(analysis.job_id)
    work(analysis.job_id, runner.run_analysis)
    assert Job.objects.filter(kind=JobKind.SEGMENT).count() == analysis.segments.count() == 3


def test_an_analysis_of_a_deleted_video_ends_quietly(team: Team) -> None:
    video = make_video(team=team)
    analysis = begin_analysis(video)
    Video.objects.filter(pk=video.pk).delete()
    work(analysis.job_id, runner.run_analysis)
