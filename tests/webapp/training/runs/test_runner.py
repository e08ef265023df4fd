"""What the worker does with a run: trains, stores, survives, and ends in plain words."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from analysis.training import progress
from tests.full_disk import no_file_beyond
from tests.present import present
from tests.webapp.training.trainings import make_version, start_run
from tests.working import work_on
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.datasets.models import GroupBy, Version, VersionSample
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, Status
from webapp.training import cleanup as training_cleanup
from webapp.training.models import RunState, TrainingRun
from webapp.training.runs import progress_runner, runner, services
from webapp.undo_period import UNDO_PERIOD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out for being too soon after the last."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(progress_runner, "LEAST_BETWEEN_S", 0)
    monkeypatch.setattr(lifecycle, "REPORT_EVERY_S", 0)


def afresh(run: TrainingRun) -> TrainingRun:
    return TrainingRun.objects.select_related("job", "team").get(pk=run.pk)


def after_epoch(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], Any]) -> None:
    """Has `act` happen, as by somebody else, when an epoch has been stored."""
    show = progress_runner.ProgressRecorder.show
    is_open = [True]

    def show_and_act(self: progress_runner.ProgressRecorder, *arguments: Any) -> None:
        show(self, *arguments)
        if is_open[0] and len(self.history) >= number:
            is_open[0] = False
            act()

    monkeypatch.setattr(progress_runner.ProgressRecorder, "show", show_and_act)


def epochs(run: TrainingRun) -> list[int]:
    return [entry["epoch"] for entry in run.history]


def losses(run: TrainingRun) -> list[tuple[float, float]]:
    return [(entry["train_loss"], entry["validation_loss"]) for entry in run.history]


def test_a_run_becomes_a_model_with_a_test(team: Team, alice: User) -> None:
    run = start_run(make_version(team), alice)
    work_on(run.job_id)
    run = afresh(run)
    assert run.state == RunState.DONE
    assert epochs(run) == [1, 2, 3]
    assert run.result["test"]["count"] == run.data["parts"]["test"]
    assert run.result["split"]["method"] == "stored"
    stored = storage.names(run.files_prefix)
    assert {"model.pt", "model.onnx", "model_card.md", "run.json", "split.csv"} <= set(stored) == set(run.files)
    assert not {"checkpoint.pt", "features.pt"} & set(stored)
    assert storage.workplaces() == []


def test_a_message_that_comes_twice_trains_once(team: Team, alice: User) -> None:
    run = start_run(make_version(team), alice, epochs=1)
    work_on(run.job_id)
    created = afresh(run).result["created"]
    work_on(run.job_id)
    assert afresh(run).result["created"] == created


def test_a_pause_keeps_what_was_learned_and_it_goes_on_from_there(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run(make_version(team), alice, epochs=4)
    after_epoch(monkeypatch, 2, lambda: services.pause_run(afresh(run)))
    work_on(run.job_id)
    paused = afresh(run)
    assert paused.state == RunState.PAUSED
    assert epochs(paused) == [1, 2]
    learned = paused.history[0]["train_loss"]
    assert storage.workplaces() == [str(run.pk)]
    training_cleanup.clean_up()
    assert services.resume_run(paused, user=alice)
    assert not services.resume_run(paused, user=alice), "a second press does nothing"
    again = afresh(run)
    assert again.state == RunState.WAITING
    assert again.job_id != run.job_id
    work_on(again.job_id)
    done = afresh(run)
    assert done.state == RunState.DONE
    assert epochs(done) == [1, 2, 3, 4]
    assert done.history[0]["train_loss"] == learned
    assert done.result["history"][0]["train_loss"] == learned


def test_a_cancelled_run_leaves_nothing(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_run(make_version(team), alice, epochs=50)
    after_epoch(monkeypatch, 1, lambda: services.cancel_run(afresh(run)))
    work_on(run.job_id)
    assert afresh(run).state == RunState.CANCELLED
    training_cleanup.clean_up()
    assert storage.workplaces() == [str(run.pk)], "its worker may still write"
    monkeypatch.setattr(training_cleanup, "WORKER_STOPS_WITHIN", -training_cleanup.WORKER_STOPS_WITHIN)
    training_cleanup.clean_up()
    assert storage.workplaces() == []
    assert storage.names(run.files_prefix) == []


def test_the_best_so_far_is_kept_on_request(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_run(make_version(team), alice, epochs=50)
    after_epoch(monkeypatch, 2, lambda: services.keep_best(afresh(run)))
    work_on(run.job_id)
    done = afresh(run)
    assert done.state == RunState.DONE
    assert done.result["stopped"] == "kept"
    assert len(done.history) == 2
    assert done.result["test"] is not None
    assert done.wish == ""


def test_a_search_comes_first_and_its_best_settings_are_used(team: Team, alice: User) -> None:
    run = start_run(make_version(team), alice, trials=2, epochs=2)
    work_on(run.job_id)
    done = afresh(run)
    assert done.state == RunState.DONE
    assert done.search["trials"] == 2
    assert len(done.search["all"]) == 2
    best = done.search["best_settings"]
    assert {name: done.result["config"][name] for name in best} == best


def test_a_search_can_be_ended_by_keeping_the_best(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_run(make_version(team), alice, trials=50, epochs=2)
    tell = progress_runner.ProgressRecorder.after_trial

    def tell_and_keep(self: progress_runner.ProgressRecorder, search: dict[str, Any]) -> None:
        services.keep_best(afresh(run))
        tell(self, search)

    monkeypatch.setattr(progress_runner.ProgressRecorder, "after_trial", tell_and_keep)
    work_on(run.job_id)
    done = afresh(run)
    assert done.state == RunState.DONE
    assert len(done.search["all"]) == 1
    assert done.result["stopped"] == "finished", "the training proper is not cut short by the same wish"


def test_broken_and_missing_pictures_are_counted_and_told(team: Team, alice: User) -> None:
    version = make_version(team)
    broken, missing = (row.sample for row in VersionSample.objects.filter(version=version, part="train")[:2])
    storage.put_bytes(broken.key, b"no picture")
    storage.delete(missing.key)
    run = start_run(version, alice, epochs=1)
    work_on(run.job_id)
    done = afresh(run)
    assert done.state == RunState.DONE
    assert done.result["missing_files"] == 1
    told = [warning for warning in done.result["warnings"] if warning["code"] == "broken"]
    assert [warning["files"] for warning in told] == [[f"{broken.number:06d}.jpg"]], "a name, not the server's folders"
    assert read_json(run) == done.result


def read_json(run: TrainingRun) -> object:
    return json.loads(storage.read_bytes(f"{run.files_prefix}/run.json"))


def test_a_version_from_one_source_is_trained_on_with_its_warning(team: Team, alice: User) -> None:
    version = make_version(team, sources=1)
    assert "one_source" in version.statistics["warnings"]
    run = start_run(version, alice, epochs=1)
    work_on(run.job_id)
    assert afresh(run).state == RunState.DONE


def test_a_version_split_by_person_is_not_taken_for_a_leak(team: Team, alice: User) -> None:
    version = make_version(team, sources=3, people=12, group_by=GroupBy.PERSON)
    places = set(VersionSample.objects.filter(version=version).values_list("source", "part"))
    assert len(places) > 3, "one video stands in several parts"
    run = start_run(version, alice, epochs=1)
    work_on(run.job_id)
    assert afresh(run).state == RunState.DONE
    assert afresh(run).result["split"]["sources"] <= 12, "figures rest on people, not on pictures"


def test_a_version_that_is_gone_is_said_so(team: Team, alice: User) -> None:
    version = make_version(team)
    run = start_run(version, alice)
    version.samples.all().delete()
    version.delete()
    work_on(run.job_id)
    failed = afresh(run)
    assert failed.state == RunState.FAILED
    assert present(failed.job).error_code == "data_gone"


def test_a_version_deleted_while_it_is_learned_from_stays_until_the_end(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.datasets import cleanup as datasets_cleanup
    from webapp.datasets import services as dataset_services
    from webapp.datasets.versions import services as versions_services

    monkeypatch.setattr(datasets_cleanup, "UNDO_PERIOD", -UNDO_PERIOD)
    version = make_version(team)
    run = start_run(version, alice, epochs=2)

    def delete_everything() -> None:
        versions_services.delete_version(version)
        dataset_services.delete_dataset(version.dataset)
        datasets_cleanup.clean_up()

    after_epoch(monkeypatch, 1, delete_everything)
    work_on(run.job_id)
    assert Version.objects.filter(pk=version.pk).exists()
    assert afresh(run).state == RunState.DONE
    datasets_cleanup.clean_up()
    done = afresh(run)
    assert done.version is None
    assert done.dataset is None
    assert done.dataset_name == "Stripes"
    assert storage.names(run.files_prefix)


@pytest.mark.parametrize("ending", ["deleted", "paused"])
def test_a_job_that_comes_late_does_nothing(ending: str, team: Team, alice: User) -> None:
    run = start_run(make_version(team), alice)
    if ending == "deleted":
        services.delete_run(run)
    else:
        services.pause_run(run)
    work_on(run.job_id)
    assert Job.objects.get(pk=present(run.job_id)).status == Status.CANCELLED
    assert afresh(run).history == []


def test_what_diverged_has_words(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_run(make_version(team), alice, learning_rate=10.0, optimizer="sgd", loss="cross-entropy")
    from analysis.training import loop

    monkeypatch.setattr(loop, "_step", lambda *_: (float("nan"), 0))
    work_on(run.job_id)
    assert present(afresh(run).job).error_code == "training_diverged"


def test_a_failed_run_can_be_tried_again_and_a_done_one_cannot(team: Team, alice: User) -> None:
    run = start_run(make_version(team), alice, epochs=1)
    with lifecycle.working(present(run.job_id)) as job:
        assert job is not None
        lifecycle.fail(job, "disk_full")
    failed = afresh(run)
    assert failed.state == RunState.FAILED
    assert services.resume_run(failed, user=alice)
    work_on(afresh(run).job_id)
    assert afresh(run).state == RunState.DONE
    assert not services.resume_run(afresh(run), user=alice)
    assert not services.pause_run(afresh(run))
    assert not services.keep_best(afresh(run))


def test_a_full_disk_stops_it_keeps_what_was_learned_and_it_goes_on(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its checkpoint has 26 MB: far more than the database, which has to be written on.
    run = start_run(make_version(team), alice, epochs=3, picture_size=64)
    with ExitStack() as opened:
        after_epoch(monkeypatch, 2, lambda: opened.enter_context(no_file_beyond(9_000_000)))
        work_on(run.job_id)
    failed = afresh(run)
    assert failed.state == RunState.FAILED
    assert present(failed.job).error_code == "disk_full"
    assert epochs(failed) == [1, 2]
    training_cleanup.clean_up()
    assert services.resume_run(failed, user=alice)
    work_on(afresh(run).job_id)
    done = afresh(run)
    assert done.state == RunState.DONE
    assert epochs(done) == [1, 2, 3]
    assert losses(done)[:2] == losses(failed), "nothing was learned twice"


def test_a_graphics_card_that_is_gone_has_words(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def gone(*_: object) -> None:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    run = start_run(make_version(team), alice)
    monkeypatch.setattr(runner, "_train", gone)
    work_on(run.job_id)
    assert present(afresh(run).job).error_code == "gpu_gone"
