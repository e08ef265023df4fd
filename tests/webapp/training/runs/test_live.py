"""What pages of a run hear over their websocket, and who may listen."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.present import present
from tests.webapp.jobs.conftest import Browser
from tests.webapp.training.trainings import make_version, start_run
from webapp.accounts.models import Team, User
from webapp.jobs import lifecycle
from webapp.training.models import TrainingRun
from webapp.training.runs import services
from webapp.training.runs.progress_runner import ProgressRecorder

pytestmark = pytest.mark.django_db(transaction=True)


def made(team: Team, alice: User) -> TrainingRun:
    return start_run(make_version(team, count=24), alice)


async def heard(websocket: Any, kind: str) -> dict[str, Any]:
    while (message := await websocket.read())["type"] != kind:
        pass
    return dict(message)


async def test_a_member_hears_of_each_new_epoch_and_a_stranger_nothing(
    team: Team, alice: User, vera: User, charlie: User
) -> None:
    run = await sync_to_async(made)(team, alice)
    browser, address = Browser(), f"/ws/training/{run.pk}/"
    assert await browser.opens(address, charlie) is None
    websocket = await browser.opens(address, vera)
    assert websocket is not None
    before = await heard(websocket, "job")
    await heard(websocket, "snapshot_end")

    def work() -> None:
        job = lifecycle.claim(present(run.job_id))
        assert job is not None
        ProgressRecorder(job, run).show("learn", 1, 5)

    await sync_to_async(work)()
    after = await heard(websocket, "job")
    while after["revision"] == before["revision"]:
        after = await heard(websocket, "job")
    assert "20 %" in after["headline"]
    assert after["sequence"] > before["sequence"]
    await sync_to_async(services.keep_best)(run)
    await heard(websocket, "stale")
    for each in browser.websockets:
        await each.leave()
