"""A worker with a wrong store, or without one, harms no job; pages say so in words."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job
from tests.factories_videos import make_upload, make_video
from tests.moving_picture import write_clip
from tests.webapp.s3_server import serving
from tests.working import work_on
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.celery import app
from webapp.jobs import job_tasks, store_mark_services
from webapp.jobs.models import Job, JobKind, Status, StoreMark
from webapp.stores.file_cache import FileCache
from webapp.stores.folder import FolderStore
from webapp.stores.s3 import Bucket, S3Store
from webapp.supervisor import installation
from webapp.uploads import receive_services
from webapp.videos import cleanup as videos_cleanup
from webapp.videos import upload_services
from webapp.videos.models import Video, VideoState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with serving() as bucket:
        yield bucket


def use(monkeypatch: pytest.MonkeyPatch, store: storage.Store) -> None:
    monkeypatch.setattr(storage, "_store", lambda: store)


def bucket_store(bucket: Bucket, tmp_path: Path) -> S3Store:
    return S3Store(bucket, FileCache(tmp_path / "cache", 10**9, storage.scratch_dir))


@pytest.fixture
def away(bucket: Bucket, tmp_path: Path) -> S3Store:
    """A bucket at whose address nobody is."""
    return bucket_store(replace(bucket, url="http://127.0.0.1:9"), tmp_path)


def test_another_store_is_told_from_the_one_that_was_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FolderStore(tmp_path / "right"))
    assert store_mark_services.is_ours(), "nobody has said yet which one it is"
    store_mark_services.mark_new()
    assert store_mark_services.is_ours()
    use(monkeypatch, FolderStore(tmp_path / "wrong"))
    store_mark_services.mark_new()
    assert not store_mark_services.is_ours()
    with pytest.raises(CommandError, match="not the one of this database"):
        call_command("mark_store", "--new")
    call_command("mark_store")
    assert store_mark_services.is_ours() and StoreMark.objects.count() == 1


def test_a_worker_without_the_store_takes_no_work(
    team: Team, tmp_path: Path, away: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, FolderStore(tmp_path / "right"))
    store_mark_services.mark_new()
    monkeypatch.setattr(store_mark_services, "WAIT_S", -1.0)
    app.loader.import_default_modules()
    job = make_job(team=team, kind=JobKind.CHECK)
    for wrong in (FolderStore(tmp_path / "wrong"), away):
        use(monkeypatch, wrong)
        job_tasks.work_on_next("checks")
        job.refresh_from_db()
        assert job.status == Status.QUEUED
    use(monkeypatch, FolderStore(tmp_path / "right"))
    job_tasks.work_on_next("checks")
    job.refresh_from_db()
    assert job.status == Status.CANCELLED, "its video is gone"


def test_work_that_loses_the_store_waits_for_it_and_is_no_attempt(
    team: Team, away: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video(team=team, original_key="a/original")
    job = make_job(team=team, kind=JobKind.CHECK, subject_id=video.pk)
    Video.objects.filter(pk=video.pk).update(current_job=job)
    use(monkeypatch, away)
    with pytest.raises(storage.StoreAway):
        work_on(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts, job.claim_id) == (Status.QUEUED, 0, None)


def test_workers_that_wait_for_the_store_are_not_taken_for_deaf(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, FolderStore(tmp_path / "right"))
    store_mark_services.mark_new()
    make_job(team=team, kind=JobKind.CHECK, queued_at=timezone.now() - timedelta(minutes=5))
    assert installation.unserved_queues() == ["checks"]
    use(monkeypatch, FolderStore(tmp_path / "wrong"))
    assert installation.unserved_queues() == []


@pytest.mark.expects_errors
def test_pages_say_that_the_storage_does_not_answer(
    team: Team, alice: User, away: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video(team=team, original_key="a/original", poster_key="a/poster")
    use(monkeypatch, away)
    client = signed_in(alice)
    page = client.get(f"/videos/{video.pk}/download")
    assert page.status_code == 503 and "storage of videos and pictures does not answer" in page.content.decode()
    told = client.get(f"/videos/{video.pk}/poster.jpg", headers={"Accept": "application/json"})
    assert (told.status_code, told["Retry-After"]) == (503, "60") and "Nothing is lost" in told.json()["error"]


def test_a_video_in_a_bucket_from_upload_to_purge(
    team: Team, alice: User, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bucket_store(bucket, tmp_path)
    use(monkeypatch, store)
    content = write_clip(tmp_path / "clip.mp4")
    upload = make_upload(alice, team=team, size_bytes=len(content))
    receive_services.receive(upload, offset=0, chunks=[content])
    assert upload_services.finish_upload(upload) and not store.names("teams")
    video = Video.objects.get(pk=upload.pk)
    while (waiting := Job.objects.filter(status=Status.QUEUED, parent=None).first()) is not None:
        work_on(waiting.pk)
        for segment in waiting.parts.filter(status=Status.QUEUED):
            work_on(segment.pk)
    video.refresh_from_db()
    assert video.state == VideoState.DONE
    client = signed_in(alice)
    part = client.get(f"/videos/{video.pk}/download", headers={"Range": "bytes=5-9"})
    assert (part.status_code, _sent(part)) == (206, content[5:10])
    assert _sent(client.get(f"/videos/{video.pk}/poster.jpg")).startswith(b"\xff\xd8")
    videos_cleanup.purge(video)
    assert not store.names("teams")


def _sent(response: Any) -> bytes:
    async def read() -> bytes:
        return b"".join([block async for block in response.streaming_content])

    return async_to_sync(read)()
