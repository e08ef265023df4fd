"""Takes the network and more from this process for good, by a filter of the kernel's on system calls (seccomp).

The filter answers `EACCES` to what opens sockets, also by ways around (`io_uring`, the 32-bit and x32 tables), to what
reads the memory of other processes or sets their limits, to what changes files without opening them (modes, owners,
times, attributes), to what outlives the process (shared memory, messages, keys), to what makes namespaces, and on
request to what starts a process that is no thread. It holds for threads started later and over `exec`.
Source: seccomp(2), clone(2), linux/filter.h, linux/seccomp.h, linux/audit.h.
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
DENY, UNKNOWN = 0x00050000 | errno.EACCES, 0x00050000 | errno.ENOSYS
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, JUMP_IF_ANY, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, MACHINE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
"""Places in `struct seccomp_data`: the number of the call, the machine's table of calls, and what `clone` shares, or
whose limits are set."""
CLONE_THREAD = 0x10000


DENIED = """
socket socketpair io_uring_setup
ptrace process_vm_readv process_vm_writev pidfd_getfd
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat
setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
shmget msgget semget mq_open add_key request_key keyctl
unshare setns bpf perf_event_open userfaultfd
"""
"""By name, a line of each tuple of numbers; what ARM lacks are older ways to do the same."""


@dataclass(frozen=True, slots=True)
class _Machine:
    audit_arch: int
    denied: tuple[int, ...]
    """Those of `DENIED`, in its order; some tables have fewer."""
    prlimit: int
    forks: tuple[int, ...]
    """fork, vfork."""
    clone: int
    clone3: int
    """Its flags lie in memory, where no filter sees them: libraries take `clone` where it is unknown."""
    other_tables_from: int
    """Numbers from here on belong to another table of calls (x32)."""


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        (
            *(41, 53, 425),
            *(101, 310, 311, 438),
            *(90, 91, 268, 452, 92, 93, 94, 260, 132, 235, 261, 280),
            *(188, 189, 190, 463, 197, 198, 199, 466),
            *(29, 68, 64, 240, 248, 249, 250),
            *(272, 308, 321, 298, 323),
        ),
        302,
        (57, 58),
        56,
        435,
        0x40000000,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (
            *(198, 199, 425),
            *(117, 270, 271, 438),
            *(52, 53, 452, 54, 55, 88),
            *(5, 6, 7, 463, 14, 15, 16, 466),
            *(194, 186, 190, 180, 217, 218, 219),
            *(97, 268, 280, 241, 282),
        ),
        261,
        (),
        220,
        435,
        0x40000000,
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def leave_network(*, starts_processes: bool = False) -> str:
    """Lets this process open no socket any more, nor start others unless `starts_processes`; threads it may.

    Returns why that is not possible here, "" if it is done.
    """
    machine = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or machine is None:
        return f"no filter of system calls for {platform.system()} on {platform.machine()}"
    code = b"".join(_instructions(machine, starts_processes))
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    # A process that may gain rights may not filter itself.
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
    ):
        return f"the kernel takes no filter of system calls (errno {ctypes.get_errno()})"
    return ""


def _instructions(machine: _Machine, starts_processes: bool) -> list[bytes]:
    """Returns the filter: each test jumps over the answer that follows it."""
    answers = dict.fromkeys(machine.denied, DENY)
    if not starts_processes:
        answers |= dict.fromkeys(machine.forks, DENY) | {machine.clone3: UNKNOWN}
    code = [
        _instruction(LOAD, MACHINE_AT),
        _instruction(JUMP_IF_EQUAL, machine.audit_arch, yes=1),
        _instruction(RETURN, DENY),
        _instruction(LOAD, NUMBER_AT),
        _instruction(JUMP_IF_AT_LEAST, machine.other_tables_from, no=1),
        _instruction(RETURN, DENY),
    ]
    for number, answer in answers.items():
        code += [_instruction(JUMP_IF_EQUAL, number, no=1), _instruction(RETURN, answer)]
    code += [  # its own limits a process may lower, and learn
        _instruction(JUMP_IF_EQUAL, machine.prlimit, no=4),
        _instruction(LOAD, FIRST_ARGUMENT_AT),
        _instruction(JUMP_IF_EQUAL, 0, yes=1),
        _instruction(RETURN, DENY),
        _instruction(RETURN, ALLOW),
    ]
    if not starts_processes:
        code += [
            _instruction(JUMP_IF_EQUAL, machine.clone, no=3),
            _instruction(LOAD, FIRST_ARGUMENT_AT),
            _instruction(JUMP_IF_ANY, CLONE_THREAD, yes=1),
            _instruction(RETURN, DENY),
        ]
    return [*code, _instruction(RETURN, ALLOW)]


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Returns a `struct sock_filter`; jumps count from the next one."""
    return struct.pack("HBBI", code, yes, no, value)
