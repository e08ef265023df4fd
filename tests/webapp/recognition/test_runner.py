"""Deployed models on new videos: real small models, the worker's real steps, crashes, tampering, a new analysis."""

from pathlib import Path

import pytest
from django.utils import timezone

from analysis.errors import Cancelled
from tests.factories_recognition import make_film, make_model_run, make_promoted, promote, recognise, striped_track
from tests.factories_videos import (
    begin_analysis,
    found_track,
    make_analysed_video,
    make_video,
    run_analysis,
    without_clear_view,
    work,
)
from tests.present import present
from tests.trained import BAR_CLIP_S, bars_film, bars_model, stripes_model
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status
from webapp.recognition import cleanup as recognition_cleanup
from webapp.recognition import runner
from webapp.recognition import services as recognition
from webapp.recognition.models import CURRENT, Observation, Recognition, Span
from webapp.training.models import Promotion
from webapp.training.registry.queries import deployed_runs
from webapp.videos import services
from webapp.videos.models import Video, VideoState

pytestmark = pytest.mark.django_db(transaction=True)
LEFT, RIGHT = (10, 10, 60, 60), (300, 10, 360, 70)


def shown(video: Video) -> list[tuple[str, int, int]]:
    spans = Span.objects.filter(recognition__video=video, recognition__in=Recognition.objects.filter(CURRENT))
    return [(span.label, round(span.start_s), round(span.end_s)) for span in spans.order_by("start_s")]


def end_analysis(video: Video, *tracks: object) -> None:
    run_analysis(begin_analysis(video), tracks)  # type: ignore[arg-type]
    video.refresh_from_db()


def test_the_end_of_an_analysis_runs_each_deployed_model_once(team: Team, tmp_path: Path) -> None:
    first, second = make_promoted(team=team), make_promoted(team=team)
    make_model_run(team=team)
    promote(make_model_run())
    video = make_film(tmp_path, team=team)
    end_analysis(video)
    made = Recognition.objects.filter(video=video)
    assert {each.run for each in made} == {first, second}
    assert all(
        present(each.job).kind == JobKind.RECOGNISE and present(each.job).subject_id == video.pk for each in made
    )
    video = Video.objects.select_related("current_job").get(pk=video.pk)
    assert (video.state, present(video.current_job).kind) == (VideoState.DONE, JobKind.ANALYSIS)
    for each in made:
        work(each.job_id, runner.recognise_in_video)
    assert shown(video) == [("lie", 0, 3)] * 2 + [("stand", 3, 6)] * 2 + [("lie", 6, 9)] * 2


def test_a_withdrawn_or_deleted_model_is_not_run(team: Team) -> None:
    withdrawn, deleted, kept = (promote(make_model_run(team=team)) for _ in range(3))
    Promotion.objects.create(team=team, line=withdrawn.line, run=None)
    deleted.deleted_at = timezone.now()
    deleted.save()
    newer = promote(make_model_run(team=team, line=kept.line))
    assert deployed_runs(team.pk) == [newer]


def test_a_model_of_faces_classifies_the_stored_views_of_each_track(team: Team) -> None:
    run = make_promoted(team=team, kind="faces")
    tracks = striped_track(False, seed=1, box=LEFT), striped_track(True, seed=2, box=RIGHT, start_s=10, end_s=14)
    video = make_analysed_video(*tracks, team=team)
    made = Recognition.objects.get(run=run)
    work(made.job_id, runner.recognise_in_video)
    spans = list(made.spans.order_by("start_s"))
    assert [(span.label, present(present(span.track).person).number) for span in spans] == [("lie", 2), ("stand", 1)], (
        "who is seen longest comes first"
    )
    assert [present(span.track).analysis_id for span in spans] == [video.current_analysis_id] * 2
    assert spans[1].start_s == pytest.approx(10) and spans[1].end_s == pytest.approx(14.2, abs=0.05)
    assert {present(each.face).track_id == each.track_id for each in made.observations.all()} == {True}


def test_a_model_of_faces_classifies_no_unclear_face(team: Team) -> None:
    run = make_promoted(team=team, kind="faces")
    clear, other = striped_track(False, seed=1, box=LEFT), striped_track(True, seed=2, box=RIGHT, start_s=10, end_s=14)
    make_analysed_video(clear, without_clear_view(other), team=team)
    made = Recognition.objects.get(run=run)
    work(made.job_id, runner.recognise_in_video)
    assert [span.label for span in made.spans.all()] == ["lie"]


def test_a_model_of_clips_takes_clips_as_long_as_its_training_clips(team: Team, tmp_path: Path) -> None:
    run = promote(make_model_run(team=team, kind="clips", folder=bars_model(), labels=("left", "right")))
    path = bars_film(tmp_path / "bars.mp4")
    from analysis.video.decode import probe

    video = make_video(team=team, content=path.read_bytes(), info=probe(path))
    first = Recognition.objects.create(video=video, run=run, line=run.line)
    Observation.objects.create(recognition=first, time_s=0, duration_s=BAR_CLIP_S, label="left", certainty=1, doubt=0)
    assert runner.clip_length_s(run) == pytest.approx(BAR_CLIP_S)
    recognise(run, video)
    said = [label for label, *_times in shown(video)]
    assert (said[0], said[-1]) == ("left", "right")


def test_uncertain_moments_are_kept_with_a_small_picture(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LEAST_UNCERTAINTY", 0.0)
    made = recognise(make_promoted(team=team), make_film(tmp_path, team=team))
    queued = made.observations.filter(in_queue=True).order_by("-doubt")
    assert 2 <= len(queued) <= 4
    assert all(storage.read_bytes(each.picture_key).startswith(b"\xff\xd8") for each in queued)
    assert not made.observations.filter(in_queue=False).exclude(picture_key="").exists()


def test_a_changed_model_file_fails_the_recognition_and_not_the_analysis(team: Team, tmp_path: Path) -> None:
    run = make_promoted(team=team)
    for name, shots in (("model.onnx", ["lie"]), ("run.json", ["stand"])):
        content = bytearray(storage.read_bytes(f"{run.files_prefix}/{name}"))
        content[-2] ^= 1
        storage.put_bytes(f"{run.files_prefix}/{name}", bytes(content))
        video = make_film(tmp_path, team=team, shots=shots)
        end_analysis(video)
        made = Recognition.objects.get(video=video)
        work(made.job_id, runner.recognise_in_video)
        job = Job.objects.get(pk=present(made.job_id))
        assert (job.status, job.error_code) == (Status.FAILED, "damaged_model"), name
        assert Video.objects.select_related("current_job").get(pk=video.pk).state == VideoState.DONE
        storage.put_bytes(f"{run.files_prefix}/{name}", (stripes_model() / name).read_bytes())
    storage.delete(f"{run.files_prefix}/run.json")
    made = recognise(run, make_film(tmp_path, team=team))
    assert Job.objects.get(pk=present(made.job_id)).error_code == "damaged_model"


def test_a_message_that_comes_twice_changes_nothing(team: Team, tmp_path: Path) -> None:
    made = recognise(make_promoted(team=team), make_film(tmp_path, team=team))
    before = set(made.observations.values_list("pk", flat=True))
    work(made.job_id, runner.recognise_in_video)
    assert set(made.observations.values_list("pk", flat=True)) == before


def test_a_crash_while_results_are_stored_leaves_nothing_and_the_repeat_is_whole(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Like a SIGKILL: nothing gets to react."""

    def die(_: Recognition) -> None:
        raise Killed

    run, video = make_promoted(team=team), make_film(tmp_path, team=team)
    end_analysis(video)
    made = Recognition.objects.get(video=video, run=run)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(runner.batches, "apply_automatically", die)
        runner.recognise_in_video(present(lifecycle.claim(present(made.job_id))))
    assert not made.observations.exists()
    lifecycle.give_up_worker(Job.objects.get(pk=present(made.job_id)))
    work(made.job_id, runner.recognise_in_video)
    assert len(shown(video)) == 3


def test_a_new_analysis_brings_new_recognitions_of_its_own_tracks(team: Team) -> None:
    run = make_promoted(team=team, kind="faces")
    video = make_analysed_video(striped_track(False), team=team)
    first = Recognition.objects.get(run=run)
    work(first.job_id, runner.recognise_in_video)
    end_analysis(video, striped_track(True))
    second = Recognition.objects.exclude(pk=first.pk).get(run=run)
    assert [span.track for span in first.spans.all()] == [None]
    work(second.job_id, runner.recognise_in_video)
    assert [label for label, *_ in shown(video)] == ["stand"]
    assert {present(each.track).analysis_id for each in second.observations.all()} == {video.current_analysis_id}
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.replaced_at is not None and second.replaces == first


def test_faces_that_are_replaced_meanwhile_are_classified_again(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_promoted(team=team, kind="faces")
    video = make_analysed_video(striped_track(False), team=team)
    made = Recognition.objects.get(run=run)
    really = runner._store

    def late(*arguments: object) -> None:
        monkeypatch.setattr(runner, "_store", really)
        end_analysis(video, striped_track(True))
        really(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "_store", late)
    with pytest.raises(Cancelled):
        runner.recognise_in_video(present(lifecycle.claim(present(made.job_id))))
    job = Job.objects.get(pk=present(made.job_id))
    assert (job.status, job.attempts) == (Status.QUEUED, 0)
    work(made.job_id, runner.recognise_in_video)
    assert [present(span.track).analysis_id for span in made.spans.all()] == [video.current_analysis_id]


def test_a_recognition_that_ends_after_a_later_one_does_not_replace_it(team: Team, tmp_path: Path) -> None:
    run, video = make_promoted(team=team), make_film(tmp_path, team=team)
    end_analysis(video)
    early = Recognition.objects.get(video=video)
    later = recognise(run, video)
    work(early.job_id, runner.recognise_in_video)
    early.refresh_from_db()
    assert early.discarded_at is not None and early.taken_over_at is None
    assert Recognition.objects.filter(CURRENT).get() == later


def test_a_recognition_for_a_deleted_video_or_model_is_cancelled(team: Team, tmp_path: Path) -> None:
    run, video = make_promoted(team=team), make_film(tmp_path, team=team)
    video.deleted_at = timezone.now()
    video.save()
    made = recognise(run, video)
    assert Job.objects.get(pk=present(made.job_id)).status == Status.CANCELLED


def test_a_video_without_faces_gives_a_model_of_faces_nothing(team: Team) -> None:
    run = make_promoted(team=team, kind="faces")
    video = make_analysed_video(team=team)
    broken = make_analysed_video(found_track(1), team=team)  # whose stored picture is none
    for each in Recognition.objects.filter(run=run):
        work(each.job_id, runner.recognise_in_video)
    assert Recognition.objects.filter(CURRENT, video__in=[video, broken]).count() == 2
    assert shown(video) == shown(broken) == []


def test_what_was_replaced_long_ago_goes_with_its_pictures(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LEAST_UNCERTAINTY", 0.0)
    run, video = make_promoted(team=team), make_film(tmp_path, team=team)
    first, second = recognise(run, video), recognise(run, video)
    key = first.observations.filter(in_queue=True)[0].picture_key
    recognition_cleanup.clean_up()
    assert storage.exists(key)
    Recognition.objects.filter(pk=first.pk).update(
        replaced_at=timezone.now() - 2 * recognition_cleanup.REPLACED_KEPT_FOR
    )
    recognition_cleanup.clean_up()
    assert not storage.exists(key)
    assert list(Recognition.objects.all()) == [second]


def test_what_a_deletion_stopped_begins_again_with_the_undo(team: Team, alice: User, tmp_path: Path) -> None:
    run = make_promoted(team=team)
    video = make_film(tmp_path, team=team)
    end_analysis(video)
    by_itself = Recognition.objects.get(video=video)
    work(by_itself.job_id, runner.recognise_in_video)
    batch = recognition.start_batch([run], [video], user=alice)
    asked = Recognition.objects.get(batch=batch)
    services.delete_video(video)
    assert Job.objects.get(pk=present(asked.job_id)).status == Status.CANCELLED
    services.restore_video(Video.objects.get(pk=video.pk))
    again = Recognition.objects.get(batch=batch)
    assert (again.pk, present(again.job).status) == (asked.pk, Status.QUEUED), "the same look, in its batch"
    assert again.job_id != asked.job_id
    work(again.job_id, runner.recognise_in_video)
    assert Recognition.objects.get(pk=asked.pk).is_waiting
    assert Recognition.objects.get(pk=by_itself.pk).job_id == by_itself.job_id, "what had ended is not done again"


def test_what_somebody_stopped_before_the_deletion_stays_stopped(team: Team, alice: User, tmp_path: Path) -> None:
    video = make_film(tmp_path, team=team)
    end_analysis(video)
    batch = recognition.start_batch([make_promoted(team=team)], [video], user=alice)
    asked = Recognition.objects.get(batch=batch)
    lifecycle.cancel(present(asked.job_id))
    services.delete_video(video)
    services.restore_video(Video.objects.get(pk=video.pk))
    assert Recognition.objects.get(pk=asked.pk).job_id == asked.job_id
