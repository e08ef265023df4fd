"""Logs stay small while their writers run, and strangers cannot fill them."""

import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.waiting import wait_for
from webapp.supervisor import log_files
from webapp.supervisor.children import Child

CHATTY = "import sys\nfor n in range(10**9): print(n, 'x' * 100, flush=True)"


def test_a_log_turns_while_its_process_writes_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "TURNS_AT_BYTES", 50_000)
    log, turned = tmp_path / "web.log", tmp_path / "web.log.1"
    child = Child(name="Chatty", command=[sys.executable, "-c", CHATTY], log=log, environment={}, folder=tmp_path)
    child.start()
    try:
        for _ in range(3):
            wait_for(lambda: log.stat().st_size > log_files.TURNS_AT_BYTES, within_s=20, what="a large log")
            log_files.turn_large(tmp_path)
            assert turned.stat().st_size > log_files.TURNS_AT_BYTES
        wait_for(lambda: log.stat().st_size > 0, within_s=20, what="the log goes on")
        assert b"\0" not in log.read_bytes(), "it goes on at the new end, not behind a hole"
    finally:
        child.stop()
    assert {path.name for path in tmp_path.iterdir()} == {"web.log", "web.log.1"}


def test_a_small_log_stays(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("a line")
    log_files.turn_large(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]


def test_a_full_disk_empties_the_log_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "TURNS_AT_BYTES", 10)
    (tmp_path / "web.log").write_text("x" * 100)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_files.shutil, "copyfile", full)
    log_files.turn_large(tmp_path)
    assert (tmp_path / "web.log").stat().st_size == 0
    assert not (tmp_path / "web.log.1").exists()


@pytest.mark.django_db
def test_foreign_hosts_are_refused_and_leave_nothing_in_the_log(
    logged_errors: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert Client().get("/sign-in/", headers={"host": "evil.example"}).status_code == 400
    assert not logged_errors
    assert capfd.readouterr().err == ""
