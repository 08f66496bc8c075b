"""The trusted side's hold on a warm process: start it, have it fork, have it reap, end it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
from typing import TypeVar

import msgspec

from . import command
from .confined.configuration import (
    Fork,
    Forked,
    Limits,
    Notice,
    Order,
    Reap,
    Reaped,
    Started,
    StartFailed,
)
from .errors import IsolationRefused
from .levels import Isolation

_START_SECONDS = 60.0
_ANSWER_SECONDS = 20.0
_MAX_NOTICE_BYTES = 1 << 16
_encoder = msgspec.msgpack.Encoder()
_notice_decoder: msgspec.msgpack.Decoder[Notice] = msgspec.msgpack.Decoder(Notice)
_Kind = TypeVar("_Kind", Forked, Reaped)


class WarmProcess:
    """A process that has imported torch and forks one worker per submission.

    Start it from a thread that lives as long as it should: it dies with that thread.

    Raises:
        IsolationRefused: If it cannot be started in ``isolation``.
    """

    def __init__(self, isolation: Isolation, limits: Limits, *, preload: bool = True) -> None:
        self._lock = threading.Lock()
        with tempfile.TemporaryFile() as complaints:
            self._start(isolation, limits, preload, complaints.fileno())
            try:
                notice, _ = self._receive()
            except (OSError, EOFError, msgspec.DecodeError):
                self.close()
                complaints.seek(0)
                reason = complaints.read(4096).decode(errors="replace").strip()
                raise IsolationRefused(reason or "the sandbox did not start") from None
        if isinstance(notice, StartFailed):
            self.close()
            raise IsolationRefused(notice.reason)
        if not isinstance(notice, Started):
            raise IsolationRefused("the sandbox answered out of turn")
        self._control.settimeout(_ANSWER_SECONDS)

    def _start(self, isolation: Isolation, limits: Limits, preload: bool, complaints: int) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_START_SECONDS)
        with theirs:
            self._process = subprocess.Popen(
                command.command_line(isolation, theirs.fileno()),
                env=command.environment(),
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
            )
        with contextlib.suppress(OSError):
            self._control.send(
                _encoder.encode(command.configuration(isolation, limits, preload=preload))
            )

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def fork(self) -> tuple[int, int, socket.socket]:
        """Fork a worker; return its pid as the warm process counts, its pidfd, and its socket.

        Raises:
            OSError: If the warm process is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                forked, descriptors = self._ask(Fork(), Forked, theirs.fileno())
            except BaseException:
                ours.close()
                raise
        return forked.pid, descriptors[0], ours

    def reap(self, pid: int, handle: int) -> int:
        """Kill a worker, if it still runs, and return its status as waitpid(2) gives it."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return self._ask(Reap(pid), Reaped)[0].status

    def close(self) -> None:
        """End the process, and with it every worker that it forked."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, order: Order, kind: type[_Kind], *descriptors: int) -> tuple[_Kind, list[int]]:
        with self._lock:
            socket.send_fds(self._control, [_encoder.encode(order)], descriptors)
            notice, received = self._receive()
        if not isinstance(notice, kind):
            for descriptor in received:
                os.close(descriptor)
            raise OSError("the warm process answered out of turn")
        return notice, received

    def _receive(self) -> tuple[Notice, list[int]]:
        data, descriptors, _, _ = socket.recv_fds(self._control, _MAX_NOTICE_BYTES, 1)
        if not data:
            raise BrokenPipeError("the warm process is gone")
        return _notice_decoder.decode(data), list(descriptors)
