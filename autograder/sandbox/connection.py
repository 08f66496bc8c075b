"""One worker as the trusted side sees it: a socket to doubt, and a handle to kill it by."""

from __future__ import annotations

import os
import secrets
import select
import signal
import socket
import time

from .confined.configuration import Limits
from .confined.wire import TooLarge, WireError, read_frame, write_frame
from .conversation import Answer, Question
from .errors import WorkerLost
from .warm_process import Warm, await_lock

_EXIT_OUT_OF_MEMORY = 71


class Connection:
    """A worker that was forked for one submission.

    Raises:
        IsolationRefused: If the worker could not be locked down.
        OSError: If the warm process is gone.
    """

    def __init__(self, warm: Warm, limits: Limits) -> None:
        self._warm = warm
        self._limits = limits
        self._pid, self._handle, self._socket = warm.fork()
        self._lost: WorkerLost | None = None
        try:
            await_lock(self._socket)
            self._socket.setblocking(False)
        except BaseException:
            self.close()
            raise

    @property
    def lost(self) -> WorkerLost | None:
        """Why the worker is gone, if it is."""
        return self._lost

    def ask(self, question: Question, seconds: float) -> Answer:
        """Send a question and return its answer, which is one frame and may hold anything.

        Raises:
            WorkerLost: If the worker does not answer in time, ends, or sends anything but one
                frame.
            TooLarge: If the question does not fit a frame; nothing was sent.
        """
        if self._lost is not None:
            raise WorkerLost(self._lost.message, self._lost.status)
        nonce = secrets.randbits(64)
        deadline = time.monotonic() + seconds
        descriptor = self._socket.fileno()
        try:
            if select.select([descriptor], [], [], 0)[0]:
                # It is bytes that nobody asked for, or the end of a worker that was killed.
                unasked = self._socket.recv(1, socket.MSG_PEEK)
                raise WireError("bytes that nobody asked for") if unasked else EOFError
            write_frame(descriptor, nonce, question.header, [question.body], deadline)
            answered, header, body = read_frame(descriptor, deadline)
            if answered != nonce:
                raise WireError("an answer to another question")
            return Answer(header, body)
        except TooLarge:
            raise
        except (TimeoutError, EOFError, OSError, WireError) as error:
            ended = isinstance(error, EOFError | ConnectionError)
            raise self._end(error, seconds, ended=ended) from None

    def violation(self) -> WorkerLost:
        """End a worker whose answer is a frame and not a reply, or impossible in content."""
        return self._lost or self._end(WireError("content"), 0.0)

    def close(self) -> None:
        """Kill the worker, if it still runs."""
        if self._lost is None:
            self._end(EOFError(), 0.0)

    def _end(self, error: Exception, seconds: float, *, ended: bool = False) -> WorkerLost:
        try:
            status = self._warm.reap(self._pid, self._handle, ended=ended)
        except OSError:
            status = signal.SIGKILL
        os.close(self._handle)
        self._socket.close()
        if isinstance(error, TimeoutError):
            self._lost = WorkerLost(
                f"took longer than {seconds:.3g} second{'' if seconds == 1 else 's'}", "timeout"
            )
        elif isinstance(error, WireError):
            self._lost = WorkerLost("sent something that is not an answer", "crashed")
        else:
            self._lost = WorkerLost(self._how_it_ended(status), "crashed")
        return self._lost

    def _how_it_ended(self, status: int) -> str:
        memory = f"{self._limits.memory_bytes / (1 << 30):.3g} GB of memory"
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status) == _EXIT_OUT_OF_MEMORY:
                return f"used more than {memory}"
            return "the process ended by itself (sys.exit / os._exit)"
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return "used too much processor time"
        return f"used more than {memory} or crashed"
