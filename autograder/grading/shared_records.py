"""Records that the lanes of one process write for each other, in memory that they share."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

MOST_BYTES = 64 << 20
"""What all records together may take. From there on lanes keep theirs to themselves."""

_LENGTH = struct.Struct("<Q")


class SharedRecords:
    """A list of records that every fork of the process that made it can add to and read.

    A record counts from the moment that the length in front of all of them says so: a fork that
    is killed while it writes leaves nothing behind.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._file = os.memfd_create("records", os.MFD_CLOEXEC)
        self._most_bytes = most_bytes
        os.pwrite(self._file, _LENGTH.pack(_LENGTH.size), 0)
        self._seen = _LENGTH.size

    def add(self, record: bytes) -> list[bytes]:
        """Add a record, if there is room; return what the others have added since `unread`."""
        with self._alone():
            others = self.unread()
            end = self._seen + _LENGTH.size + len(record)
            if end <= self._most_bytes:
                _write(self._file, _LENGTH.pack(len(record)) + record, self._seen)
                os.pwrite(self._file, _LENGTH.pack(end), 0)
                self._seen = end
        return others

    def unread(self) -> list[bytes]:
        """Return the records that others have added since this was asked last."""
        (end,) = _LENGTH.unpack(os.pread(self._file, _LENGTH.size, 0))
        records = []
        while self._seen < end:
            (length,) = _LENGTH.unpack(os.pread(self._file, _LENGTH.size, self._seen))
            records.append(os.pread(self._file, length, self._seen + _LENGTH.size))
            self._seen += _LENGTH.size + length
        return records

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # Of this kind of lock each process has its own, and loses it when it ends.
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)


def _write(file: int, data: bytes, place: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, place)
        view, place = view[written:], place + written
