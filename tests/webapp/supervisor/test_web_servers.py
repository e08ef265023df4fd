"""Who takes the place of a web process, and what happens where nobody can."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.waiting import wait_for
from webapp.supervisor import web_servers
from webapp.supervisor.children import Child
from webapp.supervisor.web_servers import WebServers

SERVES = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"


@pytest.fixture
def programs() -> list[str]:
    """What the next processes run; the last one is run again and again."""
    return [SERVES]


@pytest.fixture
def servers(tmp_path: Path, programs: list[str]) -> Iterator[WebServers]:
    def make(name: str, ready: Path) -> Child:
        program = programs.pop(0) if len(programs) > 1 else programs[0]
        return Child(name, [sys.executable, "-S", "-c", program, str(ready)], tmp_path / "log", {}, tmp_path)

    servers = WebServers(make, tmp_path, 2)
    servers.start()
    yield servers
    servers.stop()


def pids(servers: WebServers) -> list[int]:
    return [child.process.pid for child in servers.serving if child.process is not None]


def said(servers: WebServers, words: str) -> bool:
    return any(words in line for line in servers.tick())


def test_all_are_replaced_by_ones_that_are_ready(servers: WebServers) -> None:
    before = pids(servers)
    servers.replace()
    wait_for(lambda: said(servers, "has been restarted"))
    assert len(pids(servers)) == 2
    assert not set(before) & set(pids(servers))
    wait_for(lambda: [*servers.tick()] == [] and not servers._leaving, what="those before have left")


def test_who_serves_stays_where_the_new_one_does_not_start(servers: WebServers, programs: list[str]) -> None:
    programs[:] = ["raise SystemExit(1)"]
    before = pids(servers)
    servers.replace()
    wait_for(lambda: said(servers, "does not start, so the old one stays"))
    assert pids(servers) == before
    assert [*servers.tick()] == [], "nor is it tried again and again"


def test_one_that_goes_on_for_ever_is_ended_at_last(servers: WebServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_servers, "REPLACE_SIGNAL", 0)  # it hears nothing
    monkeypatch.setattr(web_servers, "LEAVES_WITHIN_S", 0.0)
    old = servers.serving[0].process
    servers.replace()
    wait_for(lambda: said(servers, "has been restarted"))
    wait_for(lambda: [*servers.tick()] == [] and not servers._leaving)
    assert old is not None
    assert old.returncode is not None


def test_two_are_the_least_by_default_and_the_variable_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})
    assert web_servers.wanted_count() == 2
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(32)))
    assert web_servers.wanted_count() == 4
    monkeypatch.setenv("ROLLCALL_WEB_PROCESSES", "7")
    assert web_servers.wanted_count() == 7
    monkeypatch.setenv("ROLLCALL_WEB_PROCESSES", "0")
    with pytest.raises(ImproperlyConfigured, match="ROLLCALL_WEB_PROCESSES"):
        web_servers.wanted_count()
