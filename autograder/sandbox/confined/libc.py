"""The C library, for system calls that Python does not offer."""

from __future__ import annotations

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result: int, call: str) -> int:
    """Return ``result``, or raise OSError with the name of the call if it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def prctl(option: int, *arguments: int) -> int:
    """Make the system call of this name; arguments that are left out are 0."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return checked(
        LIBC.prctl(option, *(ctypes.c_ulong(argument) for argument in padded)), f"prctl {option}"
    )
