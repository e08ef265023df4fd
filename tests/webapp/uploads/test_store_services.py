"""Uploads that arrive on another file system than the store: a worker moves them, once."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, picture
from tests.factories_videos import make_upload
from tests.moving_picture import write_clip
from tests.present import present
from tests.webapp.datasets.importing.fillings import prepare_zip, run, zipped
from tests.working import work_on
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs.models import Job, Status
from webapp.uploads import partial_files, receive_services, store_services
from webapp.videos import cleanup as videos_cleanup
from webapp.videos import services, upload_services
from webapp.videos.models import Video, VideoState

pytestmark = pytest.mark.django_db
MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def elsewhere(settings: Any) -> Iterator[None]:
    """Uploads arrive on another file system than the store."""
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == settings.MEDIA_ROOT.stat().st_dev:
        pytest.skip("there is only one file system")
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        settings.UPLOAD_DIR = Path(folder)
        yield


@pytest.fixture
def video(alice: User, team: Team, tmp_path: Path) -> Video:
    """Arrived; its check is queued."""
    content = write_clip(tmp_path / "clip.mp4")
    upload = make_upload(alice, team=team, size_bytes=len(content))
    receive_services.receive(upload, offset=0, chunks=[content])
    assert upload_services.finish_upload(upload)
    return Video.objects.get(pk=upload.pk)


def test_the_request_leaves_the_move_to_the_check(video: Video, alice: User) -> None:
    assert partial_files.arrived_bytes(video.pk) == video.size_bytes and not storage.exists(video.original_key)
    told = signed_in(alice).head(f"/videos/uploads/{video.pk}", headers={"Tus-Resumable": "1.0.0"})
    assert told["Upload-Offset"] == str(video.size_bytes), "a browser that missed the last response"
    work_on(video.current_job_id)
    video.refresh_from_db()
    assert video.state == VideoState.WAITING and storage.size(video.original_key) == video.size_bytes
    assert list(partial_files.every_file()) == []


def test_a_move_that_was_interrupted_is_made_again_and_keeps_no_half(video: Video) -> None:
    def dies(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_services.bring_in(video.pk, video.original_key, video.size_bytes, dies)
    assert not storage.exists(video.original_key)
    told: list[int] = []
    for _twice in range(2):
        store_services.bring_in(video.pk, video.original_key, video.size_bytes, told.append)
    assert told == [video.size_bytes] == [storage.size(video.original_key)]
    assert list(partial_files.every_file()) == []


def test_a_check_that_failed_for_want_of_room_can_be_tried_again(video: Video, alice: User) -> None:
    failed = {"status": Status.FAILED, "error_code": "disk_full", "finished_at": timezone.now()}
    Job.objects.filter(pk=present(video.current_job_id)).update(**failed)
    video = Video.objects.select_related("current_job", "team").get(pk=video.pk)
    job = services.analyse_again(video, thoroughness="fast", user=alice)
    work_on(job.pk)
    assert Video.objects.get(pk=video.pk).sha256


def test_what_waits_for_its_move_is_no_stray_until_its_video_is_purged(video: Video) -> None:
    os.utime(partial_files.path_of(video.pk), (0, 0))
    videos_cleanup.discard_strays()
    assert partial_files.arrived_bytes(video.pk) == video.size_bytes
    videos_cleanup.purge(video)
    assert list(partial_files.every_file()) == []


def test_an_import_begins_with_the_move_of_its_files(team: Team, alice: User) -> None:
    of_import = prepare_zip(make_dataset(team), alice, zipped({"a/1.jpg": picture(1)}))
    assert len(list(partial_files.every_file())) == 1
    assert run(of_import).counts == {"added": 1}
    assert list(partial_files.every_file()) == []
