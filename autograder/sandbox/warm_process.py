"""The trusted side's hold on a warm process: start it, have it fork, have it reap, end it.

A warm process takes seconds of processor time to start. Lanes that grade side by side start one
and split it: each part is a fork that forks workers of its own, and ends when its lane does.
"""

from __future__ import annotations

import contextlib
import os
import select
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
    Split,
    Started,
    StartFailed,
)
from .errors import IsolationRefused
from .levels import Isolation

_START_SECONDS = 60.0
_ANSWER_SECONDS = 20.0
_LOCK_SECONDS = 10.0
# From the moment that a worker closes its socket until the kernel says that it has ended.
_ENDING_SECONDS = 5.0
_MAX_NOTICE_BYTES = 1 << 16
_encoder = msgspec.msgpack.Encoder()
_notice_decoder: msgspec.msgpack.Decoder[Notice] = msgspec.msgpack.Decoder(Notice)
_Kind = TypeVar("_Kind", Forked, Reaped)


def await_lock(worker: socket.socket) -> None:
    """Wait until a fork says that it is locked down.

    Raises:
        IsolationRefused: If it could not be; it has then run nothing.
    """
    worker.settimeout(_LOCK_SECONDS)
    first = worker.recv(1)
    if first != b"+":
        raise IsolationRefused(
            f"a worker could not be locked down: {worker.recv(4096).decode(errors='replace')}"
        )


class Warm:
    """The trusted side's end of the socket on which a warm process takes orders.

    Args:
        control: The socket; it is closed with this object.

    Attributes:
        disturbances: How many workers were ended from outside: not by this side, and not by
            anything that they may do themselves. What they were asked is not answered by that.
    """

    def __init__(self, control: socket.socket) -> None:
        self.disturbances = 0
        self._control = control
        self._lock = threading.Lock()
        control.settimeout(_ANSWER_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the process still takes orders."""
        try:
            # It says nothing unasked, so all that can be read is the end.
            return not select.select([self._control], [], [], 0)[0]
        except (OSError, ValueError):
            return False

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

    def reap(self, pid: int, handle: int, *, ended: bool = False) -> int:
        """Kill a worker, if it still runs, and return its status as waitpid(2) gives it.

        Args:
            pid: What `fork` returned.
            handle: What `fork` returned.
            ended: Whether its end of the socket is closed, so that it is about to end by itself.

        Raises:
            OSError: If the warm process is gone.
        """
        by_itself = ended and bool(select.select([handle], [], [], _ENDING_SECONDS)[0])
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        try:
            status = self._ask(Reap(pid), Reaped)[0].status
        except OSError:
            self.disturbances += 1
            raise
        # A worker may send no signal, not to itself either: somebody else killed it.
        if by_itself and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.disturbances += 1
        return status

    def split(self) -> Warm:
        """Fork the warm process itself and return the part, for another lane to use.

        Raises:
            OSError: If the warm process is gone.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        part = Warm(ours)
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [_encoder.encode(Split())], [theirs.fileno()])
            part.await_start()
        except BaseException:
            part.close()
            raise
        return part

    def await_start(self) -> None:
        """Wait until the process takes orders.

        Raises:
            IsolationRefused: If it says that it cannot work here.
            OSError: If it ended without a word.
        """
        notice, _ = self._receive()
        if isinstance(notice, StartFailed):
            raise IsolationRefused(notice.reason)
        if not isinstance(notice, Started):
            raise IsolationRefused("the sandbox answered out of turn")

    def close(self) -> None:
        """Have the process end, and with it every worker that it forked."""
        self._control.close()

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


class WarmProcess(Warm):
    """A process that has imported torch and forks one worker per submission.

    Start it from a thread that lives as long as it should: it dies with that thread.

    Args:
        isolation: How its workers are isolated.
        limits: What each of them may use.
        preload: Whether to import torch; without it a worker only tries its locks.
        wait: Whether to return when it takes orders. Without, call `await_start` before the
            first order, and do something else in the seconds that it takes to start.

    Raises:
        IsolationRefused: If it cannot be started in ``isolation``.
    """

    def __init__(
        self, isolation: Isolation, limits: Limits, *, preload: bool = True, wait: bool = True
    ) -> None:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(control)
        control.settimeout(_START_SECONDS)
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
        with theirs:
            self._start(theirs.fileno(), isolation, self._complaints.fileno())
        try:
            configuration = command.configuration(isolation, limits, preload=preload)
            with contextlib.suppress(OSError):
                control.send(_encoder.encode(configuration))
        except BaseException:
            self.close()
            raise
        if wait:
            self.await_start()

    def await_start(self) -> None:
        """Wait until the process takes orders; see `Warm.await_start`."""
        try:
            super().await_start()
        except (OSError, EOFError, msgspec.DecodeError):
            self._complaints.seek(0)
            reason = self._complaints.read(4096).decode(errors="replace").strip()
            self.close()
            raise IsolationRefused(reason or "the sandbox did not start") from None
        except BaseException:
            self.close()
            raise
        self._control.settimeout(_ANSWER_SECONDS)

    def _start(self, control: int, isolation: Isolation, complaints: int) -> None:
        self._process = subprocess.Popen(
            command.command_line(isolation, control),
            env=command.environment(),
            cwd="/",
            pass_fds=[control],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process, and with it every worker that it forked."""
        super().close()
        self._complaints.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
