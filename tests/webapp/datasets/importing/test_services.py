"""What an import keeps to however it goes: nothing twice, nothing lost, a word for everything that was not taken."""

import errno
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import Cancelled
from tests.factories_datasets import make_dataset, picture
from tests.present import present
from tests.webapp.datasets.importing.fillings import (
    fill_from_zip,
    job_of,
    keys_of,
    labels_of,
    prepare_pictures,
    prepare_zip,
    run,
    samples_of,
    stored_files,
    zipped,
)
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets import cleanup as datasets_cleanup
from webapp.datasets.importing import queries, runner, store_runner
from webapp.datasets.importing import services as importing
from webapp.datasets.models import Import, Outcome, Sample, Version, VersionSample
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status
from webapp.undo_period import UNDO_PERIOD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BATCH_COUNT", 5)


def test_pictures_become_samples_with_files_and_counts(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    files = {f"{n}.jpg": picture(n) for n in range(23)}
    of_import = run(prepare_pictures(dataset, alice, files | {"again.jpg": picture(3)}, label="smile"))
    assert job_of(of_import).status == Status.DONE
    assert of_import.counts == {"added": 23, "already_there": 1}
    assert (of_import.items_done, of_import.items_total) == (24, 24)
    rows = samples_of(dataset)
    assert [row.number for row in rows] == list(range(1, 24))
    assert [storage.read_bytes(row.key) for row in rows] == list(files.values())
    assert set(labels_of(dataset).values()) == {"smile"}
    assert stored_files(dataset) == keys_of(dataset)
    assert storage.names(of_import.inbox_prefix) == []


def test_the_same_again_adds_nothing(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    files = {f"{n}.jpg": picture(n) for n in range(7)}
    run(prepare_pictures(dataset, alice, files))
    again = run(prepare_pictures(dataset, alice, files))
    assert again.counts == {"already_there": 7}
    assert len(samples_of(dataset)) == 7


def test_a_sample_of_unknown_origin_stands_for_itself_unless_all_are_one(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    run(prepare_pictures(dataset, alice, {"a.jpg": picture(1), "b.jpg": picture(2)}))
    together = run(prepare_pictures(dataset, alice, {"c.jpg": picture(3), "d.jpg": picture(4)}, one_source=True))
    sources = [row.source for row in samples_of(dataset)]
    assert sources[:2] == [row.sha256 for row in samples_of(dataset)][:2]
    assert sources[2:] == [str(together.pk)] * 2


def test_the_end_queues_one_look_at_the_samples(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    for seed in (1, 2):
        run(prepare_pictures(dataset, alice, {"a.jpg": picture(seed)}))
    assert Job.objects.filter(kind=JobKind.MEASURE, subject_id=dataset.pk).count() == 1


class Killed(BaseException):
    """As if the process had died: nothing of ours may clean up behind it."""


@pytest.mark.parametrize("at", ["files", "rows"])
def test_after_a_kill_the_repeat_goes_on_with_nothing_twice_and_nothing_lost(
    at: str, team: Team, alice: User, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(team=team)
    of_import = prepare_pictures(dataset, alice, {f"{n}.jpg": picture(n) for n in range(23)})
    _kill_in_third_batch(of_import, at, monkeypatch)
    of_import.refresh_from_db()
    assert of_import.items_done == 10
    assert (stored_files(dataset) > keys_of(dataset)) == (at == "files")
    lifecycle.give_up_worker(job_of(of_import))
    of_import = run(of_import)
    assert job_of(of_import).status == Status.DONE
    assert of_import.counts == {"added": 23}
    assert sorted(row.name for row in samples_of(dataset)) == sorted(f"{n}.jpg" for n in range(23))
    assert [row.number for row in samples_of(dataset)] == list(range(1, 24))
    assert stored_files(dataset) == keys_of(dataset)


def _kill_in_third_batch(of_import: Import, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {"n": 0}
    real = store_runner._commit if at == "files" else store_runner._write

    def dying(*args: Any) -> Any:
        calls["n"] += 1
        if calls["n"] > (2 if at == "files" else 10):
            raise Killed
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(store_runner, "_commit" if at == "files" else "_write", dying)
        if at == "files":  # a killed process tidies nothing up
            patch.setattr(storage, "delete", lambda key: None)
        job = lifecycle.claim(present(of_import.job_id))
        assert job is not None
        with pytest.raises(Killed):
            runner.run_import(job)


def test_a_worker_that_was_given_up_cannot_store_anything_more(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    of_import = prepare_pictures(dataset, alice, {"a.jpg": picture(1)})
    zombie = lifecycle.claim(present(of_import.job_id))
    assert zombie is not None
    lifecycle.give_up_worker(job_of(of_import))
    run(of_import)
    zombie.reported_s = float("-inf")
    with pytest.raises(Cancelled):
        runner.run_import(zombie)
    assert len(samples_of(dataset)) == 1
    assert stored_files(dataset) == keys_of(dataset)


def test_cancelling_keeps_what_was_added_and_it_can_go_on(
    team: Team, alice: User, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(team=team)
    of_import = prepare_pictures(dataset, alice, {f"{n}.jpg": picture(n) for n in range(12)})
    real = store_runner.store

    def store_and_cancel(*args: Any) -> list[int]:
        numbers = real(*args)
        lifecycle.cancel(of_import.job_id)  # type: ignore[arg-type]
        return numbers

    with monkeypatch.context() as patch:
        patch.setattr(store_runner, "store", store_and_cancel)
        of_import = run(of_import)
    assert job_of(of_import).status == Status.CANCELLED
    assert len(samples_of(dataset)) == 5
    assert queries.can_resume(of_import)
    importing.resume(of_import, user=alice)
    of_import = run(of_import)
    assert job_of(of_import).status == Status.DONE
    assert len(samples_of(dataset)) == 12
    with pytest.raises(importing.WrongImportState):
        importing.resume(of_import, user=alice)


@pytest.mark.expects_errors
def test_a_full_disk_fails_clearly_keeps_what_was_added_and_can_go_on(
    team: Team, alice: User, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(team=team)
    of_import = prepare_pictures(dataset, alice, {f"{n}.jpg": picture(n) for n in range(12)})
    real, written = storage.put_bytes, list[str]()

    def full(key: str, content: bytes) -> None:
        written.append(key)
        if len(written) > 13:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(key, content)

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(storage, "put_bytes", full)
        run(of_import)
    job = job_of(of_import)
    assert (job.status, job.error_code) == (Status.FAILED, "disk_full")
    assert len(samples_of(dataset)) == 5
    assert stored_files(dataset) == keys_of(dataset)
    importing.resume(of_import, user=alice)
    assert run(of_import).counts == {"added": 12}


def test_undoing_takes_the_samples_out_and_spares_what_a_version_holds(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    run(prepare_pictures(dataset, alice, {"kept.jpg": picture(100)}))
    of_import = run(prepare_pictures(dataset, alice, {f"{n}.jpg": picture(n) for n in range(3)}))
    version = Version.objects.create(dataset=dataset, number=1, fingerprint="f", keep_together="source", seed=1)
    frozen = Sample.objects.get(dataset=dataset, name="0.jpg")
    VersionSample.objects.create(version=version, sample=frozen, label="x", part="train", source=frozen.source)
    assert importing.undo(of_import) == 3
    assert importing.undo(of_import) == 0
    assert [row.name for row in samples_of(dataset)] == ["kept.jpg"]
    removed = Sample.objects.filter(dataset=dataset, removed_at__isnull=False)
    for row in removed:
        row.removed_at = present(row.removed_at) - 2 * UNDO_PERIOD
        row.save()
    datasets_cleanup.clean_up()
    assert list(removed.all()) == [frozen]
    assert storage.exists(frozen.key)
    assert stored_files(dataset) == keys_of(dataset)


def test_undoing_a_running_import_ends_it(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    of_import = prepare_pictures(dataset, alice, {"a.jpg": picture(1)})
    importing.undo(of_import)
    run(of_import)
    assert job_of(of_import).status == Status.CANCELLED
    assert samples_of(dataset) == []
    assert storage.names(of_import.inbox_prefix) == []


def test_a_dataset_that_was_deleted_is_filled_no_further(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    of_import = prepare_pictures(dataset, alice, {"a.jpg": picture(1)})
    type(dataset).objects.filter(pk=dataset.pk).update(deleted_at=dataset.created_at)
    run(of_import)
    assert job_of(of_import).status == Status.CANCELLED
    assert samples_of(dataset) == []


def test_a_batch_sent_again_replaces_the_first_one(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    of_import = prepare_pictures(dataset, alice, {f"{n}.jpg": picture(n) for n in range(12)})
    with pytest.raises(importing.WrongImportState):
        importing.receive_batch(of_import, user=alice, number=0, files=[])
    of_import = run(of_import)
    assert of_import.counts == {"added": 12}


def test_what_is_not_taken_is_listed_with_its_name(team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    members = {
        "a/fine.jpg": picture(1),
        "a/tiny.png": picture(2, width=4, height=4, suffix=".png"),
        "a/broken.jpg": b"\xff\xd8\xff\xe0 nothing of a picture",
        "a/not really.jpg": b"plain text",
        "a/readme.txt": b"plain text",
        "a/inner.zip": zipped({"b.jpg": picture(3)}),
    }
    of_import = fill_from_zip(dataset, alice, members)
    problems = {problem.name: problem.outcome for problem in of_import.problems.all()}
    assert problems == {
        "tiny.png": Outcome.TOO_SMALL,
        "broken.jpg": Outcome.UNREADABLE,
        "not really.jpg": Outcome.UNREADABLE,
        "readme.txt": Outcome.NOT_A_SAMPLE,
        "inner.zip": Outcome.NOT_A_SAMPLE,
    }
    assert labels_of(dataset) == {"fine.jpg": "a"}


def test_only_the_first_thousand_problems_are_kept_but_all_are_counted(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_runner, "PROBLEMS_KEPT", 3)
    of_import = fill_from_zip(make_dataset(team=team), alice, {f"{n}.txt": b"x" for n in range(8)})
    assert of_import.problems.count() == 3
    assert of_import.counts == {"not_a_sample": 8}


def test_files_that_nobody_starts_or_goes_on_with_are_given_up(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(team=team)
    broken_off = prepare_zip(dataset, alice, zipped({"a.jpg": picture(1)}))
    job_id = present(broken_off.job_id)
    lifecycle.cancel(job_id)
    Job.objects.filter(pk=job_id).update(finished_at=dataset.created_at - 2 * importing.KEPT_FOR)
    datasets_cleanup.clean_up()
    broken_off.refresh_from_db()
    assert not queries.can_resume(broken_off)
    assert storage.names(broken_off.inbox_prefix) == []


def test_media_stays_inside_of_the_dataset(team: Team, alice: User, settings: Any) -> None:
    """Names inside of an archive never become paths."""
    dataset = make_dataset(team=team)
    members = {
        "../../evil.jpg": picture(1),
        "/etc/evil.jpg": picture(2),
        "C:\\evil\\x.jpg": picture(3),
        "ok/../../x.jpg": picture(4),
    }
    before = set(Path(settings.MEDIA_ROOT).parent.rglob("*evil*"))
    of_import = fill_from_zip(dataset, alice, members)
    assert of_import.counts == {"not_a_sample": 4}
    assert set(Path(settings.MEDIA_ROOT).parent.rglob("*evil*")) == before
