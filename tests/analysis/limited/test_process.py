"""Asking limited processes: what they say, and what becomes of it when they break."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from analysis.errors import Cancelled, UnknownPicture, UnreadablePicture
from analysis.images.encode import encode_png
from analysis.images.limited_read import LIMITS, PicturePreparation, PictureReader
from analysis.limited.process import LimitedProcess, run_limited
from tests import clips

PICTURE = encode_png(clips.flat(90, 64, 48))
BIG = encode_png(clips.flat(90, 6000, 6000))


others: list[psutil.Process] = []
"""Children that other tests of this process have left at work."""


@pytest.fixture(autouse=True)
def leave_others_alone() -> Iterator[None]:
    others.extend(children())
    yield
    others.clear()


def children() -> list[psutil.Process]:
    alive = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
    servers = [each for each in alive if "analysis.limited.fork_server" in each.cmdline()]
    return [child for server in servers for child in server.children() if child not in others]


def test_one_process_answers_many_questions_and_ends_with_who_asked() -> None:
    with PictureReader() as reader:
        assert reader.decode(PICTURE, "a").shape == (48, 64, 3)
        (child,) = children()
        with pytest.raises(UnreadablePicture, match="not a picture of a known kind"):
            reader.decode(b"nothing", "b")
        assert reader.decode(PICTURE, "c").shape == (48, 64, 3)
        assert children() == [child]
    assert not child.is_running()


def test_a_question_that_breaks_the_process_costs_only_itself() -> None:
    with LimitedProcess("decode_picture", replace(LIMITS, memory_bytes=160_000_000), UnreadablePicture) as process:
        with pytest.raises(UnreadablePicture, match=r"big\.png: .*(memory|crashed)"):
            process.ask_once({"name": "big.png", "least_side": None}, [BIG], name="big.png")
        said, _ = process.ask_once({"name": "a", "least_side": None}, [PICTURE], name="a")
        assert said["shape"] == [48, 64, 3]
        for child in children():
            os.kill(child.pid, signal.SIGSEGV)
            child.wait()
        with pytest.raises(UnreadablePicture, match="crashed"):
            process.ask_once({"name": "a", "least_side": None}, [PICTURE], name="a")
        process.ask_once({"name": "a", "least_side": None}, [PICTURE], name="a")
        assert 0 < process.peak_memory_bytes < 200_000_000


def test_errors_of_a_task_keep_their_kind() -> None:
    preparing = PicturePreparation()
    with pytest.raises(UnknownPicture):
        preparing.prepare(b"nothing", "a.txt", 8, None)
    preparing.close()


def test_who_waits_may_stop(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.mp4")

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        limits = replace(LIMITS, reads=[str(tmp_path)])
        list(run_limited("probe", {"path": str(tmp_path / "never.mp4")}, limits, name="never", while_waiting=stop))
    assert children() == []
