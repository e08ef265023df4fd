"""No frame outlives the video that it shows, and no picture the explanation that it belongs to."""

import os
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job
from tests.factories_training import make_run
from tests.factories_videos import make_video
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs.models import JobKind, Status
from webapp.training.explanations import cleanup, runner, services
from webapp.training.models import Explanation, TrainingRun
from webapp.videos import cleanup as videos_cleanup
from webapp.videos import services as videos
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
FRAME = b"\xff\xd8\xff\xe0 a frame of somebody \xff\xd9"


def make_explanation(run: TrainingRun, video: Video | None) -> Explanation:
    ended = {"status": Status.DONE, "finished_at": timezone.now()}
    job = make_job(team=run.team, kind=JobKind.EXPLAIN, subject_id=run.pk, **ended)
    made = Explanation.objects.create(run=run, video=video, time_s=1.0 if video else None, job=job)
    runner._store(made, FRAME, b"heat", {})
    made.refresh_from_db()
    return made


def stored() -> list[bytes]:
    return [path.read_bytes() for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_frames_go_with_their_video(team: Team) -> None:
    run, video, other = make_run(team=team), make_video(team=team), make_video(team=team)
    make_explanation(run, video)
    kept = make_explanation(run, other)
    videos_cleanup.purge(video)
    assert stored().count(FRAME) == 1
    assert list(Explanation.objects.all()) == [kept]


def test_frames_of_a_deleted_video_are_out_of_sight_at_once(team: Team, vera: User) -> None:
    run, video = make_run(team=team), make_video(team=team)
    explanation = make_explanation(run, video)
    address = reverse("training:explanation_file", args=[run.pk, explanation.pk, "picture.jpg"])
    assert signed_in(vera).get(address).status_code == 200
    videos.delete_video(video)
    assert signed_in(vera).get(address).status_code == 404


def test_a_worker_that_ends_after_the_purge_leaves_nothing(team: Team) -> None:
    run, video = make_run(team=team), make_video(team=team)
    explanation = make_explanation(run, video)
    videos_cleanup.purge(video)
    runner._store(explanation, FRAME, b"heat", {})
    assert FRAME not in stored()


def test_pictures_without_an_explanation_are_swept_but_not_those_that_wait_for_their_row(team: Team) -> None:
    run = make_run(team=team)
    kept, lost = make_explanation(run, None), make_explanation(run, None)
    lost_pk = lost.pk
    lost.delete()
    assert cleanup.discard_strays() == 0, "it may have been stored just now"
    long_ago = time.time() - timedelta(hours=2).total_seconds()
    for pk in (kept.pk, lost_pk):
        os.utime(settings.MEDIA_ROOT / services.folder_of(run) / str(pk), (long_ago, long_ago))
    assert cleanup.discard_strays() == 1
    assert storage.exists(kept.heat_key)
    assert stored().count(FRAME) == 1
