"""From an arrived file to an accepted video: refusals, duplicates, and what stays on the disk."""

import os
import shutil
import uuid
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.conf import settings

from analysis import pipeline
from analysis.errors import UnreadableVideo
from analysis.samples import analysed_ahead
from analysis.video import web_copy
from analysis.weights import sample_video_path
from tests.factories import make_job
from tests.factories_videos import make_upload, make_video
from tests.moving_picture import write_clip
from tests.present import present
from tests.working import work_on
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status
from webapp.people.models import Person
from webapp.undo_period import UNDO_PERIOD
from webapp.uploads import partial_files, receive_services
from webapp.videos import cleanup as videos_cleanup
from webapp.videos import ingest_runner, sample_runner, services, upload_services
from webapp.videos.models import Playback, Video, VideoState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One second of a moving pattern that browsers play, without faces."""
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4")


def arrive(user: User, team: Team, content: bytes, name: str = "clip.mp4") -> Video:
    """Uploaded and waiting for its check."""
    upload = make_upload(user, team=team, size_bytes=len(content), name=name)
    receive_services.receive(upload, offset=0, chunks=[content])
    assert upload_services.finish_upload(upload)
    return Video.objects.get(pk=upload.video_id)


def check(video: Video) -> Video:
    work_on(video.current_job_id)
    return Video.objects.select_related("current_job").get(pk=video.pk)


def files_of(video: Video) -> list[Path]:
    folder = settings.MEDIA_ROOT / video.files_prefix
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_good_file_is_accepted_with_its_facts_an_analysis_and_a_poster(team: Team, bob: User, clip: bytes) -> None:
    video = check(arrive(bob, team, clip))
    assert video.state == VideoState.WAITING
    assert (video.width, video.height, round(video.duration_s)) == (320, 240, 1)
    assert len(video.sha256) == 64 and video.playback == Playback.ORIGINAL
    assert storage.exists(video.poster_key)
    assert sorted(Job.objects.values_list("kind", "status")) == [
        (JobKind.ANALYSIS, Status.QUEUED),
        (JobKind.CHECK, Status.DONE),
        (JobKind.WEB_COPY, Status.QUEUED),
    ]
    assert video.analyses.get().job == video.current_job


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("page.mp4", b"<html><script>alert(1)</script></html>", "unreadable_video"),
        ("noise.mp4", bytes(range(256)) * 100, "unreadable_video"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", None),
        ("list.ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n", None),
    ],
)
def test_what_is_no_video_is_refused_in_words_and_leaves_nothing_behind(
    team: Team, bob: User, name: str, content: bytes, code: str | None
) -> None:
    video = check(arrive(bob, team, content, name))
    assert video.state == VideoState.FAILED
    assert present(video.current_job).error_code in ([code] if code else ["forbidden_format", "unreadable_video"])
    assert files_of(video) == [] and list(partial_files.every_file()) == []
    assert (video.original_key == "" and not storage.scratch_root().exists()) or not list(
        storage.scratch_root().iterdir()
    )
    with pytest.raises(services.CannotAnalyse):
        services.analyse_again(video, thoroughness="fast", user=bob)


def test_a_refusal_whose_worker_died_before_the_file_went_is_cleared_later(team: Team, bob: User) -> None:
    video = arrive(bob, team, b"<html></html>")
    with lifecycle.working(present(video.current_job_id)) as job:
        ingest_runner.check_video(present(job))
    assert files_of(video)
    videos_cleanup.clean_up()
    assert not files_of(video)


def test_the_same_content_again_is_refused_with_the_way_to_the_other(team: Team, bob: User, clip: bytes) -> None:
    first = check(arrive(bob, team, clip))
    second = check(arrive(bob, team, clip, "copy of it.mp4"))
    assert (second.state, present(second.current_job).error_code) == (VideoState.FAILED, "duplicate")
    assert second.duplicate_of == first
    assert files_of(second) == [] and files_of(first)


def test_the_same_content_in_another_team_is_another_video(team: Team, bob: User, charlie: User, clip: bytes) -> None:
    check(arrive(bob, team, clip))
    theirs = check(arrive(charlie, charlie.teams.get(), clip))
    assert theirs.state == VideoState.WAITING


def test_a_deleted_video_does_not_stand_in_the_way_but_cannot_come_back_beside_its_twin(
    team: Team, bob: User, clip: bytes
) -> None:
    first = check(arrive(bob, team, clip))
    services.delete_video(first)
    assert check(arrive(bob, team, clip)).state == VideoState.WAITING
    first.refresh_from_db()
    with pytest.raises(services.AlreadyHere):
        services.restore_video(first)


def test_a_check_that_is_delivered_twice_is_done_once(team: Team, bob: User, clip: bytes) -> None:
    video = arrive(bob, team, clip)
    job_id = str(video.current_job_id)
    work_on(job_id)
    work_on(job_id)
    assert Job.objects.filter(kind=JobKind.ANALYSIS).count() == 1


def test_a_crash_in_the_check_accepts_nothing_and_the_repeat_is_whole(
    team: Team, bob: User, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Like a SIGKILL: nothing gets to react."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    video = arrive(bob, team, clip)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(services, "begin_analysis", die)
        ingest_runner.check_video(present(lifecycle.claim(present(video.current_job_id))))
    video.refresh_from_db()
    assert video.sha256 == "" and not video.analyses.exists()
    lifecycle.give_up_worker(Job.objects.get(pk=present(video.current_job_id)))
    assert check(video).state == VideoState.WAITING


def test_a_check_of_a_video_that_is_gone_is_harmless(team: Team, bob: User, clip: bytes) -> None:
    video = arrive(bob, team, clip)
    job_id = str(video.current_job_id)
    video.delete()
    work_on(job_id)


def test_a_missing_file_is_said_so(team: Team, bob: User, clip: bytes) -> None:
    video = arrive(bob, team, clip)
    storage.delete(video.original_key)
    assert present(check(video).current_job).error_code == "file_gone"


def test_a_copy_and_sprites_are_made_for_what_a_browser_cannot_play(team: Team, bob: User, tmp_path: Path) -> None:
    content = write_clip(tmp_path / "clip.avi", codec="mpeg4")
    video = check(arrive(bob, team, content, "clip.avi"))
    assert video.playback == Playback.PENDING
    job = Job.objects.get(kind=JobKind.WEB_COPY)
    work_on(job.pk)
    video.refresh_from_db()
    assert video.playback == Playback.COPY and storage.size(video.copy_key) > 0
    assert storage.exists(video.sprites_key) and video.sprites["columns"] >= 1
    with storage.local_path(video.copy_key) as path:
        assert web_copy.playback_plan(ingest_runner.probe(path)) == web_copy.PlaybackPlan.ORIGINAL


def test_a_deleted_video_is_purged_with_every_byte_and_row_after_the_undo_period(
    team: Team, bob: User, clip: bytes
) -> None:
    video = check(arrive(bob, team, clip))
    services.delete_video(video)
    videos_cleanup.clean_up()
    assert Video.objects.filter(pk=video.pk).exists()
    Video.objects.update(deleted_at=video.created_at - UNDO_PERIOD)
    videos_cleanup.clean_up()
    assert not Video.objects.exists() and not Job.objects.exists()
    assert files_of(video) == []


def test_restoring_begins_the_work_again_that_the_deletion_had_stopped(team: Team, bob: User, clip: bytes) -> None:
    video = check(arrive(bob, team, clip))
    services.delete_video(video)
    assert not Job.objects.filter(status=Status.QUEUED).exists()
    video.refresh_from_db()
    services.restore_video(video)
    video = Video.objects.select_related("current_job").get(pk=video.pk)
    assert video.state == VideoState.WAITING
    assert Job.objects.filter(status=Status.QUEUED, kind=JobKind.WEB_COPY).exists()


def test_restoring_leaves_what_a_person_had_cancelled(team: Team, bob: User, clip: bytes) -> None:
    video = check(arrive(bob, team, clip))
    services.cancel_work(video)
    services.delete_video(video)
    video.refresh_from_db()
    services.restore_video(video)
    assert Video.objects.select_related("current_job").get(pk=video.pk).state == VideoState.CANCELLED


def test_a_double_click_begins_one_analysis(team: Team, bob: User) -> None:
    video = Video.objects.select_related("current_job", "team").get(pk=make_video(team=team).pk)
    services.analyse_again(video, thoroughness="fast", user=bob)
    with pytest.raises(services.CannotAnalyse):
        services.analyse_again(video, thoroughness="fast", user=bob)
    assert Job.objects.filter(kind=JobKind.ANALYSIS, status=Status.QUEUED).count() == 1


@pytest.fixture(scope="module")
def ahead(sample_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample video and what an installation found in it."""
    folder = tmp_path_factory.mktemp("ahead")
    shutil.copyfile(sample_film, sample_video_path(folder))
    analysed_ahead.analyse_ahead(folder)
    return folder


def work_through_the_sample(video: Video) -> Video:
    while job := Job.objects.filter(status=Status.QUEUED).order_by("created_at").first():
        work_on(job.pk)
    return Video.objects.select_related("current_job", "current_analysis").get(pk=video.pk)


@pytest.mark.parametrize("is_ahead", [True, False])
def test_the_sample_is_made_once_per_team_and_two_people_are_found_in_it(
    is_ahead: bool, ahead: Path, team: Team, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way with real decoding, detection, embedding and grouping; the same with what was analysed ahead."""
    video_path, found = sample_video_path(ahead), analysed_ahead.read_ahead(ahead)
    monkeypatch.setattr(sample_runner, "sample_video_path", lambda: video_path)
    monkeypatch.setattr(sample_runner, "read_ahead", lambda: found if is_ahead else None)
    video = services.begin_sample(team=team, user=bob, title="Sample")
    assert services.begin_sample(team=team, user=bob, title="Sample") == video
    analyse = Mock(wraps=pipeline.analyse_segment)
    monkeypatch.setattr(pipeline, "analyse_segment", analyse)
    video = work_through_the_sample(video)
    analysis = present(video.current_analysis)
    assert video.state == VideoState.DONE and video.poster_key
    assert Person.objects.filter(tracks__analysis=analysis).distinct().count() == 2
    assert (analysis.frames_sampled, analysis.tracks.count()) == (
        present(found).segment.frames_sampled,
        len(present(found).segment.tracks),
    )
    assert analyse.call_count == (0 if is_ahead else 1)
    services.analyse_again(video, thoroughness=video.thoroughness, user=bob)
    assert work_through_the_sample(video).state == VideoState.DONE
    assert analyse.call_count == (1 if is_ahead else 2)  # whoever asks for an analysis gets one


@pytest.mark.parametrize("is_there", [True, False])
def test_a_sample_that_was_drawn_ahead_is_copied_and_otherwise_drawn(
    is_there: bool, team: Team, bob: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = tmp_path / "sample.mp4"
    if is_there:
        ahead.write_bytes(b"ahead")
    monkeypatch.setattr(sample_runner, "sample_video_path", lambda: ahead)
    monkeypatch.setattr(sample_runner, "make_sample_video", lambda _, target, *__: target.write_bytes(b"drawn"))
    video = services.begin_sample(team=team, user=bob, title="Sample")
    sample_runner.draw_if_missing(present(video.current_job))
    video.refresh_from_db()
    with storage.local_path(video.original_key) as path:
        assert path.read_bytes() == (b"ahead" if is_there else b"drawn")
    assert ahead.exists() == is_there


def test_a_video_of_which_no_poster_can_be_made_still_gets_its_copy(
    team: Team, bob: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_picture(*_: object) -> None:
        raise UnreadableVideo("nothing to see")

    monkeypatch.setattr(web_copy, "make_poster", no_picture)
    video = check(arrive(bob, team, write_clip(tmp_path / "clip.avi", codec="mpeg4"), "clip.avi"))
    work_on(Job.objects.get(kind=JobKind.WEB_COPY).pk)
    video.refresh_from_db()
    assert (video.poster_key, video.playback) == ("", Playback.COPY)


def test_a_copy_that_fails_is_awaited_no_longer_and_tried_again_on_request(
    team: Team, bob: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise UnreadableVideo("no copy")

    video = check(arrive(bob, team, write_clip(tmp_path / "clip.avi", codec="mpeg4"), "clip.avi"))
    job = Job.objects.get(kind=JobKind.WEB_COPY)
    videos_cleanup.clean_up()
    video.refresh_from_db()
    assert video.playback == Playback.PENDING, "its job still waits"
    lifecycle.claim(job.pk)
    lifecycle.fail(Job.objects.get(pk=job.pk), "crashed")
    videos_cleanup.clean_up()
    video.refresh_from_db()
    assert video.playback == Playback.IMPOSSIBLE
    services.cancel_work(video)
    video = Video.objects.select_related("current_job", "team").get(pk=video.pk)
    services.analyse_again(video, thoroughness="fast", user=bob)
    again = Job.objects.get(kind=JobKind.WEB_COPY, status=Status.QUEUED)
    with monkeypatch.context() as patch:
        patch.setattr(web_copy, "make_web_copy", fails)
        work_on(again.pk)
    again.refresh_from_db()
    video.refresh_from_db()
    assert (again.status, again.error_code, video.playback) == (Status.FAILED, "unreadable_video", Playback.IMPOSSIBLE)


def test_an_upload_that_was_deleted_when_complete_goes_on_when_it_is_brought_back(
    team: Team, bob: User, clip: bytes
) -> None:
    upload = make_upload(bob, team=team, size_bytes=len(clip))
    receive_services.receive(upload, offset=0, chunks=[clip])
    services.delete_video(upload.video)
    videos_cleanup.clean_up()
    assert not Job.objects.exists()
    upload.video.refresh_from_db()
    services.restore_video(upload.video)
    videos_cleanup.clean_up()
    assert check(Video.objects.get()).state == VideoState.WAITING


@pytest.mark.parametrize("kind", [JobKind.CHECK, JobKind.WEB_COPY, JobKind.ANALYSIS, JobKind.SEGMENT])
def test_work_on_a_video_that_is_gone_ends_at_once(team: Team, kind: str) -> None:
    job = make_job(team=team, kind=kind)
    work_on(job.pk)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_stray_bytes_without_an_upload_are_removed_after_a_day(team: Team, bob: User) -> None:
    upload = make_upload(bob, team=team)
    stray = uuid.uuid4()
    for upload_id in (upload.pk, stray):
        with partial_files.opened(upload_id) as file:
            file.write(b"x")
        os.utime(partial_files.path_of(upload_id), (0, 0))
    videos_cleanup.clean_up()
    assert [path.name for path in partial_files.every_file()] == [upload.pk.hex]
