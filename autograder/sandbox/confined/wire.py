"""Frames on the socket between the trusted side and a worker.

A frame is ``magic, nonce, header length, body length``, then a MessagePack header, then raw tensor
bytes. The lengths are checked before anything is allocated. A reply carries the nonce of its
request.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Sequence

MAGIC = b"AGR2"
PREFIX = struct.Struct("<4sQIQ")
MAX_HEADER_BYTES = 1 << 20
MAX_BODY_BYTES = 64 << 20
# What is not longer is written at once: a system call costs as much as the copying.
TOGETHER = 64 << 10
# Most frames are not longer. A larger buffer would go back to the kernel after every frame and
# come back page by page.
FIRST_READ = 8 << 10


class WireError(Exception):
    """What arrived is not a frame, or not one that may be sent."""


class TooLarge(ValueError):
    """What should be sent does not fit a frame."""


def write_frame(
    descriptor: int,
    nonce: int,
    header: bytes,
    body: Sequence[bytes | memoryview],
    deadline: float | None = None,
) -> None:
    """Write one frame; ``deadline`` is a time of ``time.monotonic()``.

    Raises:
        TooLarge: If the header or the body exceeds its bound.
        TimeoutError: If the deadline passes first.
    """
    body_bytes = sum(len(part) for part in body)
    if len(header) > MAX_HEADER_BYTES or body_bytes > MAX_BODY_BYTES:
        raise TooLarge(
            f"a message holds at most {MAX_HEADER_BYTES} bytes of structure and "
            f"{MAX_BODY_BYTES} bytes of tensors, got {len(header)} and {body_bytes}"
        )
    parts = (PREFIX.pack(MAGIC, nonce, len(header), body_bytes), header, *body)
    if body_bytes <= TOGETHER:
        parts = (b"".join(parts),)
    for part in parts:
        _write_all(descriptor, part, deadline)


def read_frame(descriptor: int, deadline: float | None = None) -> tuple[int, bytes, bytearray]:
    """Read one frame and return its nonce, header and body.

    Raises:
        WireError: If what arrives is not a frame within the bounds, or more than one.
        EOFError: If the other side closed its end.
        TimeoutError: If the deadline passes first.
    """
    # Most frames arrive whole at the first reading.
    data = bytearray(FIRST_READ)
    length = _read_some(descriptor, memoryview(data), deadline)
    while length < PREFIX.size:
        length += _read_some(descriptor, memoryview(data)[length:], deadline)
    magic, nonce, header_bytes, body_bytes = PREFIX.unpack_from(data)
    if magic != MAGIC:
        raise WireError("not a frame")
    if header_bytes > MAX_HEADER_BYTES or body_bytes > MAX_BODY_BYTES:
        raise WireError("frame larger than allowed")
    total = PREFIX.size + header_bytes + body_bytes
    if length > total:
        raise WireError("more than one frame")
    data = _resized(data, length, total)
    while length < total:
        length += _read_some(descriptor, memoryview(data)[length:], deadline)
    start = PREFIX.size + header_bytes
    return nonce, bytes(data[PREFIX.size : start]), data[start:]


def _resized(data: bytearray, length: int, total: int) -> bytearray:
    """Return ``total`` bytes that begin with the first ``length`` bytes of ``data``."""
    if total <= len(data):
        return data[:total]
    return data[:length] + bytearray(total - length)


def _read_some(descriptor: int, view: memoryview, deadline: float | None) -> int:
    while True:
        _wait(descriptor, select.POLLIN, deadline)
        try:
            received = os.readv(descriptor, [view])
        except BlockingIOError:
            continue
        if received == 0:
            raise EOFError("the other side closed its end")
        return received


def _write_all(descriptor: int, data: bytes | memoryview, deadline: float | None) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            _wait(descriptor, select.POLLOUT, deadline)


def _wait(descriptor: int, event: int, deadline: float | None) -> None:
    """Wait until the descriptor is ready. Without a deadline the descriptor blocks by itself."""
    if deadline is None:
        return
    remaining = deadline - time.monotonic()
    poller = select.poll()
    poller.register(descriptor, event)
    if remaining <= 0 or not poller.poll(remaining * 1000):
        raise TimeoutError
