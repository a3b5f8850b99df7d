"""What the child of parsing takes from itself before it reads a byte: memory, time, files, network, other programs.

Resource limits hold everywhere. On Linux (x86-64, AArch64) the kernel also refuses it sockets and programs (seccomp)
and every write outside its own folder (Landlock); neither needs a privilege. Where they are missing (macOS, old
kernels), Python's sockets are closed, which stops libraries that mean no harm.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import socket
import struct
from pathlib import Path
from typing import NoReturn

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_X32 = 0x40000000  # the x86-64 kernel's second table of calls: the same calls by other numbers
# socket connect accept sendto sendmsg bind listen socketpair accept4 sendmmsg · execve execveat ptrace · io_uring_*
# process_vm_writev, pidfd_getfd
_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 43, 44, 46, 49, 50, 53, 288, 307, 59, 322, 101, 425, 426, 427, 311, 438)),
    "aarch64": (0xC00000B7, (198, 203, 202, 206, 211, 200, 201, 199, 242, 269, 221, 281, 117, 425, 426, 427, 271, 438)),
}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_WRITES = 0b1_1111_1111_0010  # every right of Landlock's first version but execute and the two kinds of reading


def confine(folder: Path, *, memory: int, cpu_seconds: int, file_bytes: int) -> None:
    """Take effect at once and for good. Nothing raises: what the system cannot do is left out."""
    for which, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS
            resource.setrlimit(which, (value, value))
    _close_python_sockets()
    if platform.system() == "Linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _write_only_in(libc, folder)
        _refuse_calls(libc)


class _NoSocket(socket.socket):
    """A class still, since libraries derive theirs from it when they are imported."""

    def __init__(self, *_: object, **__: object) -> None:
        raise PermissionError("a parser needs no network")


def _close_python_sockets() -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError("a parser needs no network")

    socket.socket = _NoSocket  # type: ignore[misc]
    for name in ("create_connection", "getaddrinfo", "gethostbyname"):
        setattr(socket, name, refuse)


def _refuse_calls(libc: ctypes.CDLL) -> None:
    if platform.machine() not in _CALLS:
        return
    architecture, calls = _CALLS[platform.machine()]
    refuse = len(calls) + 5  # where the last step stands; a jump counts from the step after its own
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 0, refuse - 2, architecture),  # calls of another architecture are refused, all of them
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, refuse - 4, 0, _X32),
        *((_EQUAL, refuse - 5 - place, 0, call) for place, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(kept))
    libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, header, 0, 0)


def _write_only_in(libc: ctypes.CDLL, folder: Path) -> None:
    rules = struct.pack("Q", _WRITES)
    ruleset = libc.syscall(_LANDLOCK_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        return
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    with contextlib.closing(_Handle(ruleset)), contextlib.closing(_Handle(place)):
        libc.syscall(_LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", _WRITES, place), 0)
        libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)


class _Handle:
    def __init__(self, number: int) -> None:
        self._number = number

    def close(self) -> None:
        os.close(self._number)
