"""A process that reads foreign bytes reaches its own files only: neither data, keys nor other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.limited.limits import own_environment

ROOT = Path(__file__).parents[3]
TRY = """
import json, os, sys
from analysis.limited.limits import Limits, limit_this_process
own, folder, foreign, other = sys.argv[1:]
limit_this_process(Limits(1_000_000_000, 20, file_bytes=1000, reads=[own], writes=[folder]))
def tried(act):
    try:
        return bool(act())
    except OSError:
        return False
print(json.dumps({
    "reads its own": tried(lambda: open(own).read()),
    "writes into its folder": tried(lambda: open(folder + "/new", "w").write("x")),
    "loads libraries": tried(lambda: __import__("decimal") and __import__("numpy")),
    "reads another": tried(lambda: open(foreign).read()),
    "writes over another": tried(lambda: open(foreign, "r+").write("x")),
    "empties another": tried(lambda: os.truncate(foreign, 0) is None),
    "removes another": tried(lambda: os.unlink(foreign) is None),
    "links another": tried(lambda: os.link(foreign, folder + "/linked") is None),
    "makes one elsewhere": tried(lambda: open(foreign + ".new", "w")),
    "lists a folder": tried(lambda: os.listdir(os.path.dirname(foreign))),
    "reads the environment of another": tried(lambda: open(f"/proc/{other}/environ", "rb").read()),
    "opens the memory of another": tried(lambda: open(f"/proc/{other}/mem", "r+b")),
    "opens what another has open": any(tried(lambda: open(f"/proc/{other}/fd/{each}", "rb")) for each in range(9)),
}))
"""


def test_only_its_own_files_are_reached(tmp_path: Path) -> None:
    own, folder, foreign = tmp_path / "own", tmp_path / "folder", tmp_path / "data" / "secret"
    for path in (folder, foreign.parent):
        path.mkdir()
    own.write_text("own")
    foreign.write_text("secret")
    command = [sys.executable, "-c", TRY, *map(str, (own, folder, foreign, os.getpid()))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    reached = {what for what, is_reached in json.loads(done.stdout).items() if is_reached}
    if reason := _why_not():
        pytest.skip(reason)
    assert reached == {"reads its own", "writes into its folder", "loads libraries"}
    assert foreign.read_text() == "secret"


def _why_not() -> str:
    """Asks a process of its own, as what is taken from a process is never given back."""
    asked = "from analysis.limited.own_files import keep_to_own_files; print(keep_to_own_files((), ()))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_neither_keys_nor_addresses_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ("ROLLCALL_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ROLLCALL_SMTP_PASSWORD", "AWS_SECRET_ACCESS_KEY")
    for name in secret:
        monkeypatch.setenv(name, "hidden")
    monkeypatch.setenv("ROLLCALL_WEIGHTS_DIR", "/weights")
    kept = own_environment()
    assert kept["PATH"] and kept["ROLLCALL_WEIGHTS_DIR"] == "/weights"
    assert "hidden" not in kept.values()
