"""Loading a system call filter that the trusted side compiled."""

from __future__ import annotations

import ctypes

from .libc import LIBC, checked

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_INSTRUCTION_BYTES = 8


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def load_filter(program: bytes) -> None:
    """Apply ``program``, an array of struct sock_filter, for good. Needs no_new_privs."""
    instructions = ctypes.create_string_buffer(program, len(program))
    description = _Program(len(program) // _INSTRUCTION_BYTES, ctypes.addressof(instructions))
    result = LIBC.prctl(
        _PR_SET_SECCOMP,
        ctypes.c_ulong(_SECCOMP_MODE_FILTER),
        ctypes.byref(description),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )
    checked(result, "seccomp")
