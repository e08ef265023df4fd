"""Parts of the supervisor that need no running product."""

import os
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.waiting import wait_for
from webapp.supervisor import addresses, data_folder, disk_reserve, queue_socket, valkey
from webapp.supervisor.children import LONGEST_PAUSE_S, STABLE_AFTER_S, Child
from webapp.supervisor.data_folder import DataFolder
from webapp.supervisor.trouble import StartupError

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("0.0.0.0", "http://localhost:8000"), ("::1", "http://[::1]:8000")],
)
def test_the_address_shown_can_be_opened(host: str, shown: str) -> None:
    assert addresses.url(host, 8000) == shown


def test_only_local_names_are_allowed_unless_it_listens_everywhere() -> None:
    assert addresses.allowed_hosts("127.0.0.1") == addresses.LOCAL_NAMES
    assert addresses.allowed_hosts("192.0.2.7") == [*addresses.LOCAL_NAMES, "192.0.2.7"]
    everywhere = addresses.allowed_hosts("0.0.0.0")
    assert set(addresses.LOCAL_NAMES) < set(everywhere)
    assert "*" not in everywhere


@pytest.mark.parametrize("host", ["not a host", "203.0.113.5"])
def test_an_address_of_another_machine_is_refused_in_words(host: str) -> None:
    with pytest.raises(StartupError, match="--host"):
        addresses.listen(host, 0)


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folder, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(StartupError, match="is full"):
        DataFolder(tmp_path).prepare()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A disk whose free space a test sets."""
    room = {"free": 1 << 40}
    monkeypatch.setattr(disk_reserve.shutil, "disk_usage", lambda _path: SimpleNamespace(**room))
    return room


def test_what_is_set_up_starts_on_a_full_disk_and_gets_its_reserves_back(tmp_path: Path, disk: dict[str, int]) -> None:
    first = DataFolder(tmp_path)
    first.prepare()
    first.balance_reserves()
    sizes = [reserve.path.stat().st_blocks * 512 for reserve in (first.reserve, first.start_reserve)]
    assert sizes == [data_folder.RESERVE_BYTES, data_folder.START_RESERVE_BYTES]
    os.close(first.lock_fd)
    earlier = first.logs / "web.log.1"
    earlier.touch()
    disk["free"] = 0
    second = DataFolder(tmp_path)
    second.prepare()
    assert not second.reserve.path.exists() and not second.start_reserve.path.exists() and not earlier.exists()
    os.close(second.lock_fd)


def test_while_it_runs_a_full_disk_gets_one_reserve_back_and_one_stays_for_a_start(
    tmp_path: Path, disk: dict[str, int]
) -> None:
    folder = DataFolder(tmp_path)
    folder.balance_reserves()
    disk["free"] = 1
    folder.balance_reserves()
    assert (folder.reserve.path.exists(), folder.start_reserve.path.exists()) == (False, True)
    disk["free"] = data_folder.RESERVE_BYTES
    folder.balance_reserves()
    assert not folder.reserve.path.exists(), "it would fill the disk again"
    disk["free"] = 1 << 40
    folder.balance_reserves()
    assert folder.reserve.path.exists()


def test_the_queue_writes_nothing_and_what_it_wrote_earlier_goes(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    (folder.valkey / "appendonlydir").mkdir()
    line = list(valkey.child(folder, folder.valkey / "valkey.sock").command)
    assert line[line.index("--appendonly") + 1] == "no" and line[line.index("--save") + 1] == ""
    assert not (folder.valkey / "appendonlydir").exists()
    os.close(folder.lock_fd)


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    key = folder.secret_key.read_text()
    assert len(key) > 50
    assert stat.S_IMODE(folder.secret_key.stat().st_mode) == 0o600
    folder._make_secret_key()
    assert folder.secret_key.read_text() == key


def test_who_runs_on_a_data_folder_is_told_by_its_lock(tmp_path: Path) -> None:
    assert data_folder.running_supervisor(tmp_path / "data") is None
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    assert data_folder.running_supervisor(tmp_path / "data") == os.getpid()
    os.close(folder.lock_fd)
    assert data_folder.running_supervisor(tmp_path / "data") is None, "its number stays in the file"


def test_a_path_too_long_for_a_socket_gets_a_private_folder(tmp_path: Path) -> None:
    short, long = DataFolder(tmp_path), DataFolder(tmp_path / ("x" * 120))
    assert valkey.socket_path(short) == short.valkey / "valkey.sock" or len(str(short.valkey)) > 85
    socket = valkey.socket_path(long)
    assert len(str(socket)) < 100
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert queue_socket.url_of_running(long.root) is None
    socket.touch()
    assert queue_socket.url_of_running(long.root) == f"unix://{socket}?db=0", "for commands beside it"
    valkey.remove_socket(socket, long)
    assert not socket.parent.exists()


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    child = Child("The test", [sys.executable, "-c", "pass"], tmp_path / "log", {}, tmp_path)
    yield child
    child.stop()


def test_a_queue_that_is_killed_again_and_again_comes_back_soon(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    queue = valkey.child(folder, valkey.socket_path(folder))
    for _ in range(4):
        queue.start()
        queue.kill()
        wait_for(queue.has_just_died, what="the restart is planned")
    assert queue.pause_s <= 2


def test_a_worker_is_deaf_after_several_looks_and_not_while_it_starts(child: Child) -> None:
    child.command = [sys.executable, "-c", DEAF]
    child.start()
    assert not any(child.seems_deaf(True) for _ in range(5)), "it loads"
    child.started_s -= 2 * STABLE_AFTER_S
    assert [child.seems_deaf(found) for found in (True, True, False, True, True, True)] == [False] * 5 + [True]
    child.kill()
    wait_for(child.has_just_died, what="the restart is planned")
    assert child.deaf_rounds == 0


def test_a_process_that_dies_again_and_again_is_started_with_growing_pauses(child: Child) -> None:
    pauses = []
    for _ in range(10):
        child.start_again_s = 0
        assert child.start_if_due()
        assert "ended with code 0" in wait_for(child.has_just_died)
        pauses.append(child.pause_s)
        assert not child.start_if_due()
    assert pauses == sorted(pauses)
    assert pauses[0] == 1
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_process_that_ran_for_long_is_started_again_soon(child: Child) -> None:
    child.pause_s = LONGEST_PAUSE_S
    child.start()
    child.started_s = time.monotonic() - 100
    assert wait_for(child.has_just_died)
    assert child.pause_s < 1


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    child = Child("Deaf", [sys.executable, "-c", DEAF], tmp_path / "log", {}, tmp_path, stop_within_s=0.2)
    child.start()
    process = child.process
    assert process is not None
    wait_for(lambda: "deaf" in child.log.read_text())
    child.stop()
    assert process.returncode == -9


def test_several_that_do_not_listen_are_waited_for_together(tmp_path: Path) -> None:
    children = [Child(f"Deaf {n}", [sys.executable, "-c", DEAF], tmp_path / f"{n}", {}, tmp_path) for n in range(3)]
    for child in children:
        child.stop_within_s = 1.0
        child.start()
    for child in children:
        wait_for(lambda child=child: "deaf" in child.log.read_text())  # type: ignore[misc]
    for child in children:
        child.ask_to_stop()
    children[0].stop()
    began_s = time.monotonic()
    for child in children[1:]:
        child.stop()
    assert time.monotonic() - began_s < 1, "the others had their time while the first had its own"


def test_a_child_hears_the_end_although_its_parent_was_started_deaf(tmp_path: Path) -> None:
    """As `./scripts/run &` in a script does to SIGQUIT, which stops workers."""
    command = [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"]
    child = Child("The test", command, tmp_path / "log", {}, tmp_path, stop_signal=signal.SIGQUIT)
    before = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        child.start()
    finally:
        signal.signal(signal.SIGQUIT, before)
    process = child.process
    assert process is not None
    wait_for(lambda: "up" in child.log.read_text())
    child.stop()
    assert process.returncode == -signal.SIGQUIT


def test_a_large_log_makes_room(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.supervisor.log_files.TURNS_AT_BYTES", 10)
    child.log.write_text("x" * 11)
    child.start()
    assert child.log.with_name(f"{child.log.name}.1").read_text() == "x" * 11
