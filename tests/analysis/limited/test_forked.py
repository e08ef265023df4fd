"""The server that limited processes are forked from: what they get of it, how it ends and how it comes back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from analysis.images.encode import encode_png
from analysis.images.limited_read import PictureReader
from analysis.limited import forked
from tests import clips
from tests.waiting import wait_for

ROOT = Path(__file__).parents[3]
PICTURE = encode_png(clips.flat(90, 64, 48))
PLANTED = "import sys; from analysis.limited import fork_server as f; f.{} = {}; f.main(sys.argv[1])"
ASK = """
import os, sys, threading
from dataclasses import replace
from analysis.images.limited_read import LIMITS
from analysis.limited import forked
from analysis.limited.process import run_limited
asked = run_limited("probe", {"path": sys.argv[1]}, replace(LIMITS, reads=[sys.argv[1]]), name="never")
threading.Thread(target=lambda: next(asked), daemon=True).start()
print(forked.start_server().process.pid, flush=True)
"""
WAIT = "threading.Event().wait()"
FORK = """
if os.fork() == 0:
    threading.Event().wait()  # holds copies of all that is open
threading.Event().wait()
"""


@pytest.fixture
def own_server() -> Iterator[None]:
    """The test's servers are its own, before and after."""
    forked.leave_server()
    yield
    forked.leave_server()


def server() -> psutil.Process:
    return psutil.Process(forked.start_server().process.pid)


def decode() -> bool:
    with PictureReader() as reader:
        return reader.decode(PICTURE, "a").shape == (48, 64, 3)


def test_copies_hold_nothing_but_their_pipes_and_their_server_has_no_keys(
    monkeypatch: pytest.MonkeyPatch, own_server: None, tmp_path: Path
) -> None:
    monkeypatch.setenv("ROLLCALL_SECRET_KEY", "hidden")
    with (tmp_path / "open").open("w"), PictureReader() as first, PictureReader() as second:
        first.decode(PICTURE, "a")
        second.decode(PICTURE, "b")
        for child in server().children():
            opened = [each.readlink() for each in Path(f"/proc/{child.pid}/fd").iterdir()]
            assert len(opened) == 4 and all(str(each).startswith("pipe:") for each in opened)
            assert "ROLLCALL_SECRET_KEY" not in child.environ()
            assert os.getpgid(child.pid) == child.pid
        assert "ROLLCALL_SECRET_KEY" not in server().environ()
        assert str(tmp_path / "open") not in [each.path for each in server().open_files()]


def test_each_question_of_its_own_gets_a_new_copy_also_of_threads(own_server: None) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(lambda _: decode(), range(12)))
    wait_for(lambda: not server().children(), what="all have ended")
    assert server().num_threads() == 1


@pytest.mark.parametrize("after", [WAIT, FORK])
def test_everything_ends_with_who_asked(tmp_path: Path, after: str) -> None:
    never = tmp_path / "never.mp4"
    os.mkfifo(never)
    with subprocess.Popen(
        [sys.executable, "-c", ASK + after, str(never)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        server = psutil.Process(int(owner.stdout.readline()))
        wait_for(server.children, what="the copy has begun")
        family = [server, *server.children(recursive=True)]
        others = [each for each in psutil.Process(owner.pid).children() if each != server]
        owner.kill()
        _, alive = psutil.wait_procs(family, timeout=10)
        for other in others:
            other.kill()
    assert not alive


def test_a_server_that_ended_is_started_anew(own_server: None) -> None:
    assert decode()
    ended = server()
    ended.kill()
    assert decode()
    assert server() != ended


def test_another_environment_gets_another_server(monkeypatch: pytest.MonkeyPatch, own_server: None) -> None:
    before = server()
    with PictureReader() as reader:
        reader.decode(PICTURE, "begun before")
        monkeypatch.setenv("ROLLCALL_WEIGHTS_DIR", "/elsewhere")
        assert decode()
        assert server().environ()["ROLLCALL_WEIGHTS_DIR"] == "/elsewhere"
        assert reader.decode(PICTURE, "goes on").shape == (48, 64, 3)
    before.wait(timeout=10)


def test_what_forks_shares_its_server_and_both_are_answered(own_server: None) -> None:
    shared = server()
    pid = os.fork()
    if not pid:
        os._exit(0 if decode() and server() == shared else 1)
    assert decode()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert decode() and server() == shared


@pytest.mark.parametrize(("name", "value"), [("RESTS_AFTER_S", 0.2), ("MOST_FORKS", 1)])
def test_it_gives_back_what_it_has_loaded(
    name: str, value: float, monkeypatch: pytest.MonkeyPatch, own_server: None
) -> None:
    monkeypatch.setattr(forked, "COMMAND", [sys.executable, "-c", PLANTED.format(name, value)])
    begun = server()

    def has_numpy() -> bool:
        return any("numpy" in each.path for each in begun.memory_maps())

    for _ in range(2):
        with PictureReader() as reader:
            reader.decode(PICTURE, "a")
            assert has_numpy()
        wait_for(lambda: not has_numpy(), what="it has begun anew")
    assert server() == begun


def test_a_server_of_several_threads_starts_programs_instead_of_copies(
    monkeypatch: pytest.MonkeyPatch, own_server: None
) -> None:
    monkeypatch.setattr(forked, "FEW_THREADS", {"OPENBLAS_NUM_THREADS": "2"})
    with PictureReader() as reader:
        assert reader.decode(PICTURE, "a").shape == (48, 64, 3)
        (child,) = server().children()
        assert "analysis.limited.child" in child.cmdline()
