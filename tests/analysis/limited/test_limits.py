"""What a process that has taken limits upon itself can no longer do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MB = 1_000_000
TAKE = """
import os, socket, sys
from analysis.limited.limits import Limits, limit_this_process
without = limit_this_process(Limits(100_000_000, cpu_s=1, file_bytes=1000, open_files=32, writes=sys.argv[1:]))
"""


def limited(code: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    """Runs the code in a process that may write into the folders."""
    command = [sys.executable, "-c", TAKE + code, *map(str, folders)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_it_opens_no_socket_nor_does_what_it_starts() -> None:
    code = """
print(without)
for make in (socket.socket, socket.socketpair, lambda: socket.socket(socket.AF_UNIX)):
    try:
        print("opened", make())
    except PermissionError:
        print("refused")
os.execv(sys.executable, [sys.executable, "-c", "import socket; socket.socket()"])
"""
    done = limited(code)
    assert done.stdout.splitlines() == ["", "refused", "refused", "refused"]
    assert "PermissionError" in done.stderr


def test_it_starts_threads_but_no_process(tmp_path: Path) -> None:
    """Threads are what ffmpeg and the networks work by; a process of its own could outlive who is waited for."""
    code = """
import subprocess, threading
ran = []
threads = [threading.Thread(target=ran.append, args=("thread",)) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*ran)
for start in (os.fork, lambda: subprocess.run(["/bin/true"]), lambda: os.posix_spawn("/bin/true", ["true"], {})):
    try:
        print("started", start())
    except PermissionError:
        print("refused")
"""
    done = limited(code, tmp_path)
    assert done.stdout.split() == ["thread"] * 4 + ["refused"] * 3, done.stderr


def test_it_neither_changes_files_it_may_not_open_nor_leaves_anything_behind(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"x")
    kept.chmod(0o640)
    code = f"""
import ctypes, os, resource
path = {str(kept)!r}
libc = ctypes.CDLL(None, use_errno=True)
def call(function, *arguments):
    if function(*arguments) < 0: raise OSError(ctypes.get_errno(), "")
for act in (
    lambda: os.chmod(path, 0o666),
    lambda: os.utime(path, (1, 1)),
    lambda: os.chown(path, 1, 1),
    lambda: os.setxattr(path, b"user.a", b"b"),
    lambda: call(libc.shmget, 0, 1_000_000, 0o600),
    lambda: call(libc.msgget, 0, 0o600),
    lambda: call(libc.semget, 0, 1, 0o600),
    lambda: call(libc.unshare, 0x10000000),
    lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE),
):
    try:
        print("done", act())
    except PermissionError:
        print("refused")
print(resource.prlimit(0, resource.RLIMIT_NOFILE))
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
"""
    done = limited(code, tmp_path)
    assert done.stdout.splitlines() == ["refused"] * 9 + ["(32, 32)"], done.stderr
    assert kept.stat().st_mode & 0o777 == 0o640 and kept.stat().st_mtime > 1


def test_it_takes_no_more_memory_than_it_may() -> None:
    assert limited("bytearray(60_000_000); print('fits')").stdout.strip() == "fits"
    assert "MemoryError" in limited("bytearray(120_000_000)").stderr


def test_it_is_ended_when_it_computes_for_too_long() -> None:
    assert limited("while True: pass").returncode != 0


def test_it_writes_no_large_file(tmp_path: Path) -> None:
    written = tmp_path / "large"
    code = f"""
open({str(written)!r}, 'wb', buffering=0).write(bytes(1000))
open({str(written)!r}, 'ab', buffering=0).write(b'1')
"""
    assert "File too large" in limited(code, tmp_path).stderr
    assert written.stat().st_size == 1000


def test_it_opens_few_files() -> None:
    assert "Too many open files" in limited("held = [os.open(os.devnull, os.O_RDONLY) for _ in range(40)]").stderr
