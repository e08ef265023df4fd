"""Takes the network from this process for good, by a filter of the kernel's on system calls (seccomp).

The filter answers `EACCES` to what opens sockets, also by ways around (`io_uring`, the 32-bit and x32 tables), and to
what reads the memory of other processes. It holds for threads started later and over `exec`.
Source: seccomp(2), linux/filter.h, linux/seccomp.h, linux/audit.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
DENY = 0x00050000 | errno.EACCES
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, MACHINE_AT = 0, 4
"""Where `struct seccomp_data` has the number of the call and the machine's table of calls."""


@dataclass(frozen=True, slots=True)
class _Machine:
    audit_arch: int
    denied: tuple[int, ...]
    """socket, socketpair, io_uring_setup, ptrace, process_vm_readv, process_vm_writev, pidfd_getfd."""
    other_tables_from: int
    """Numbers from here on belong to another table of calls (x32)."""


_MACHINES = {
    "x86_64": _Machine(0xC000003E, (41, 53, 425, 101, 310, 311, 438), 0x40000000),
    "aarch64": _Machine(0xC00000B7, (198, 199, 425, 117, 270, 271, 438), 0x40000000),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def leave_network() -> str:
    """Lets this process open no socket any more; returns why that is not possible here, "" if it is done."""
    machine = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or machine is None:
        return f"no filter of system calls for {platform.system()} on {platform.machine()}"
    code = b"".join(_instructions(machine))
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    # A process that may gain rights may not filter itself.
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
    ):
        return f"the kernel takes no filter of system calls (errno {ctypes.get_errno()})"
    return ""


def _instructions(machine: _Machine) -> list[bytes]:
    """Returns the filter: calls of another table and the denied ones jump to the last line but one."""
    tests = len(machine.denied)
    lines = [
        _instruction(LOAD, MACHINE_AT),
        _instruction(JUMP_IF_EQUAL, machine.audit_arch, no=tests + 3),
        _instruction(LOAD, NUMBER_AT),
        _instruction(JUMP_IF_AT_LEAST, machine.other_tables_from, yes=tests + 1),
    ]
    lines += [_instruction(JUMP_IF_EQUAL, number, yes=tests - row) for row, number in enumerate(machine.denied)]
    return [*lines, _instruction(RETURN, ALLOW), _instruction(RETURN, DENY)]


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Returns a `struct sock_filter`; jumps count from the next one."""
    return struct.pack("HBBI", code, yes, no, value)
