"""The channel layer goes away and comes back: open pages are told what they missed, though their sockets stay open."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.conftest import started_valkey
from tests.factories import make_job
from tests.webapp.jobs.conftest import Browser
from tests.websocket import Websocket
from webapp.accounts.models import Team, User
from webapp.jobs import job_state, lifecycle, live_updates
from webapp.jobs.models import Job, Status

pytestmark = pytest.mark.django_db(transaction=True)


class OwnServer:
    """The channel layer's own server, which a test may kill."""

    def __init__(self, settings: Any) -> None:
        self.socket = settings.DATA_DIR / "layer.sock"
        self.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        self.process = started_valkey(self.socket)


@pytest.fixture
def server(settings: Any) -> Iterator[OwnServer]:
    server = OwnServer(settings)
    settings.REDIS_URL = f"unix://{server.socket}?db=0"
    layers = settings.CHANNEL_LAYERS
    host = layers["default"]["CONFIG"]["hosts"][0] | {"address": settings.REDIS_URL}
    settings.CHANNEL_LAYERS = {"default": layers["default"] | {"CONFIG": {"hosts": [host]}}}
    live_updates._connection.cache_clear()
    yield server
    live_updates._connection.cache_clear()
    server.kill()


async def heard_at_first(websocket: Websocket, job: Job) -> None:
    state = await websocket.read()
    assert (state["id"], state["status"]) == (str(job.pk), "queued")
    assert (await websocket.read())["type"] == "snapshot_end"


async def hears_the_end(websocket: Websocket, job: Job) -> None:
    state = await websocket.read()
    assert (state["id"], state["status"]) == (str(job.pk), "cancelled")
    assert (await websocket.read())["type"] == "snapshot_end"
    assert (await websocket.read())["type"] == "stale", "what no job tells was missed as well"


@pytest.mark.expects_errors
@pytest.mark.parametrize("gap_s", [0, 2.5])
async def test_an_open_page_hears_within_five_seconds_what_it_missed(
    server: OwnServer, browser: Browser, team: Team, vera: User, gap_s: float
) -> None:
    job = await sync_to_async(make_job)(team=team)
    websocket = await browser.watches(team, vera)
    await heard_at_first(websocket, job)
    await asyncio.sleep(0.5)  # it knows the server
    await asyncio.to_thread(server.kill)
    await sync_to_async(lifecycle.cancel)(job.pk)
    live_updates._untold.reset()  # whoever should have told it has gone as well
    await asyncio.sleep(gap_s)
    await asyncio.to_thread(server.start)
    began_s = time.monotonic()
    await hears_the_end(websocket, job)
    print(f"told {time.monotonic() - began_s:.2f} s after the return")
    assert time.monotonic() - began_s < 5
    later = await sync_to_async(make_job)(team=team)
    await sync_to_async(live_updates.publish_state)(job_state.state_of(later))
    assert (await websocket.read())["id"] == str(later.pk), "and it hears of what follows"
    assert await websocket.receive_nothing(timeout=1.2), "once is enough"


async def test_a_process_that_alone_lost_the_server_makes_up_for_it(
    browser: Browser, team: Team, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await sync_to_async(make_job)(team=team)
    websocket = await browser.watches(team, vera)
    await heard_at_first(websocket, job)
    await asyncio.sleep(0.5)
    with monkeypatch.context() as away:
        gone = redis.Redis(unix_socket_path="/nowhere", retry=Retry(NoBackoff(), 0))
        away.setattr(live_updates, "_connection", lambda: gone)
        await sync_to_async(lifecycle.cancel)(job.pk)
    await hears_the_end(websocket, job)
    await job.arefresh_from_db()
    assert job.status == Status.CANCELLED
