"""A real worker that is killed in the middle of a training: the next one goes on, with one epoch lost at most."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from tests.present import present
from tests.waiting import wait_for
from tests.webapp.jobs.test_real_worker import database_url
from tests.webapp.training.trainings import make_version, start_run
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs import reaper
from webapp.jobs.models import Job
from webapp.training.models import RunState, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).parents[4]
COMMAND = (
    "-m celery -A webapp.celery worker -P prefork -c 1 -Q training --max-tasks-per-child 1 "
    "--without-gossip --without-mingle"
)
EPOCHS = 15


@pytest.fixture
def workers() -> Iterator[Any]:
    """Starts another one with each call."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
    }
    started: list[psutil.Popen] = []
    log = settings.DATA_DIR / "training-worker.log"

    def start() -> psutil.Popen:
        with log.open("a") as output:
            command = [sys.executable, *COMMAND.split()]
            process = psutil.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        started.append(process)
        return process

    yield start
    print(log.read_text()[-3000:])
    for process in started:
        if process.is_running():
            process.kill()
        process.wait()


def afresh(run: TrainingRun) -> TrainingRun:
    return TrainingRun.objects.select_related("job").get(pk=run.pk)


def test_kill_9_loses_one_epoch_at_most(team: Team, alice: User, workers: Any) -> None:
    run = start_run(make_version(team, count=200), alice, epochs=EPOCHS, batch_size=4, picture_size=64)
    worker = workers()
    before = wait_for(lambda: len(found := afresh(run).history) >= 3 and found, within_s=120, what="three epochs")
    children = worker.children(recursive=True)
    worker.kill()
    worker.wait(timeout=10)
    assert not psutil.wait_procs(children, timeout=5)[1]
    known = afresh(run).history
    assert len(known) < EPOCHS, "it was killed too late for this test to say anything"
    reaper.recover(["training"])
    assert afresh(run).state == RunState.WAITING
    workers()
    done = wait_for(lambda: (now := afresh(run)).state == RunState.DONE and now, within_s=240, what="the end")
    assert Job.objects.get(pk=present(run.job_id)).attempts == 1
    assert [entry["epoch"] for entry in done.history] == list(range(1, EPOCHS + 1))
    for older, newer in zip([*before, *known[len(before) :]], done.history, strict=False):
        assert older["train_loss"] == newer["train_loss"], "an epoch that was shown was learned again otherwise"
    wait_for(lambda: str(run.pk) not in storage.workplaces(), what="the checkpoint goes once the model is stored")
