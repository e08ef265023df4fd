"""Leaves this process only the files that it is to read and write, for good (Landlock).

It also keeps it from the processes that are not limited with it: from what they hold in memory and have open, and from
kernel 6.12 on from sending them signals. It holds for threads started later and over `exec`.
Source: landlock(7), linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from analysis.weights import weights_folder

PR_SET_NO_NEW_PRIVS = 38
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the calls, the same on all machines."""
VERSION_ONLY, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_FILE, REFER, TRUNCATE = (
    1 << bit for bit in (0, 1, 2, 3, 5, 8, 13, 14)
)
ALL_FROM_THE_FIRST = (1 << 13) - 1
READING = EXECUTE | READ_FILE | READ_DIR
WRITING = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_FILE | MAKE_FILE | TRUNCATE
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
"""What can be allowed for a path that is no folder."""
TRUNCATE_SINCE, REFER_SINCE, SCOPE_SINCE = 3, 2, 6
SCOPES = 0b11
"""Abstract sockets and signals of others."""
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/proc", "/sys", "/dev/urandom", "/etc/ld.so.cache", "/etc/localtime")
SINKS = ("/dev/null",)
CAPABILITIES_VERSION = 0x20080522
FILES_OF_OTHERS = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: where root runs it, data may be of another user."""
PACKAGE = Path(__file__).resolve().parents[1]


def keep_to_own_files(reads: Sequence[str], writes: Sequence[str]) -> str:
    """Lets this process read only programs, libraries, weights and `reads`, and write only into the folders `writes`.

    Files that are open stay open. Returns why that is not possible here, "" if it is done.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(CREATE_RULESET, None, 0, VERSION_ONLY) if platform.system() == "Linux" else -1
    if version < 1:
        return "the kernel keeps no process to its own files (Landlock)"
    handled = ALL_FROM_THE_FIRST
    handled |= REFER if version >= REFER_SINCE else 0
    handled |= TRUNCATE if version >= TRUNCATE_SINCE else 0
    # Later fields may only be given to kernels that know them.
    rules = struct.pack("QQQ", handled, 0, SCOPES) if version >= SCOPE_SINCE else struct.pack("Q", handled)
    drop_capabilities()
    ruleset = libc.syscall(CREATE_RULESET, rules, len(rules), 0)
    if ruleset < 0:
        return f"the kernel takes no rules on files (errno {ctypes.get_errno()})"
    try:
        for path, allowed in _rules(reads, writes):
            _allow(libc, ruleset, path, allowed & handled)
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(RESTRICT_SELF, ruleset, 0):
            return f"the kernel takes no rules on files (errno {ctypes.get_errno()})"
    finally:
        os.close(ruleset)
    return ""


def drop_capabilities() -> None:
    """Gives up what root may do beyond other users, but for reading and writing their files; raises OSError.

    With more it could look into other processes in spite of everything above. Source: capabilities(7), capget(2).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("Ii", CAPABILITIES_VERSION, 0)
    held = ctypes.create_string_buffer(struct.calcsize("6I"))
    if libc.capget(header, held):
        raise OSError(ctypes.get_errno(), "capget")
    effective, permitted = struct.unpack("6I", held.raw)[:2]
    kept = struct.pack("6I", effective & FILES_OF_OTHERS, permitted & FILES_OF_OTHERS, 0, 0, 0, 0)
    if libc.capset(header, kept):
        raise OSError(ctypes.get_errno(), "capset")


def _rules(reads: Iterable[str], writes: Iterable[str]) -> Iterator[tuple[str, int]]:
    # The folder of the project itself is not on the list: data may lie in it.
    libraries = [path for path in sys.path if Path(path).is_absolute() and Path(path).resolve() != PACKAGE.parent]
    for path in (*SYSTEM, sys.prefix, sys.base_prefix, *libraries, str(PACKAGE), str(weights_folder()), *reads):
        yield path, READING
    for path in writes:
        yield path, WRITING
    for path in SINKS:
        yield path, READ_FILE | WRITE_FILE


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, allowed: int) -> None:
    """Allows it for the path and what is beneath it; leaves out what is not there. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not Path(path).is_dir():
            allowed &= OF_FILES
        beneath = struct.pack("=Qi", allowed, descriptor)
        if libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, beneath, 0):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)
    finally:
        os.close(descriptor)
