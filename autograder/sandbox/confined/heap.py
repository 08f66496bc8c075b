"""Making forks cheap: what they allocate lies together.

Imports leave small free pieces all over the C library's heap. A fork that is given one of them
writes to a page that nobody else writes to, and the kernel copies that page: hundreds of times.
"""

from __future__ import annotations

import ctypes

from .libc import LIBC

_SIZES = (1024, 512, 256, 128, 64, 32, 16)
_MOST_PIECES = 100_000


class _Heap(ctypes.Structure):
    """What mallinfo2(3) returns; ``keepcost`` is what is free in one piece at the heap's end."""

    _fields_ = [(f"other{number}", ctypes.c_size_t) for number in range(9)]
    _fields_ += [("keepcost", ctypes.c_size_t)]


def fill_gaps() -> int:
    """Take every free piece but the one at the heap's end; return how many those were."""
    if not hasattr(LIBC, "mallinfo2"):
        return 0
    LIBC.mallinfo2.restype = _Heap
    LIBC.malloc.restype = ctypes.c_void_p
    taken = 0
    for size in _SIZES:
        end = LIBC.mallinfo2().keepcost
        while LIBC.mallinfo2().keepcost == end and taken < _MOST_PIECES:
            LIBC.malloc(ctypes.c_size_t(size))
            taken += 1
    return taken
