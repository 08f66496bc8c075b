"""The grading process and its lanes, as seen by who hands out notebooks."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

import msgspec

from autograder.grading.graded import Graded
from autograder.grading.lane import (
    SANDBOX_GONE,
    Answer,
    EndLane,
    LaneStarted,
    Order,
    Ready,
    Refused,
    StartLane,
    Task,
)
from autograder.sandbox import Isolation, IsolationRefused

# A notebook's own process may use a third of this (`Limits.submission_seconds`); what goes
# beyond is spent in the grader itself, on an answer made to keep it busy.
MOST_SECONDS = 180.0
START_SECONDS = 120.0
MOST_RESULT_BYTES = 64 * 2**20
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
_graded = msgspec.json.Decoder(Graded)


class GraderFailed(RuntimeError):
    """Nothing can be graded here; the message says why."""


class LaneLost(Exception):
    """A lane has ended, or its time is up.

    Attributes:
        late: Whether it was its time.
        with_others: Whether what all lanes need ended: the grading process, or the sandbox.
    """

    def __init__(self, *, late: bool = False, with_others: bool = False) -> None:
        super().__init__()
        self.late = late
        self.with_others = with_others


class RunningLane:
    """One lane: grades one notebook at a time."""

    def __init__(self, process: LaneProcess, pipe: Connection, pid: int) -> None:
        self._process = process
        self._pipe = pipe
        self._pid = pid

    def grade(self, task: Task) -> Graded:
        """Return what a notebook earns.

        Raises:
            LaneLost: If there is no answer, or none in time. End the lane then.
        """
        try:
            self._pipe.send_bytes(msgspec.json.encode(task))
            if not self._pipe.poll(MOST_SECONDS):
                raise LaneLost(late=True)
            answer = self._pipe.recv_bytes(MOST_RESULT_BYTES)
            if answer == SANDBOX_GONE:
                raise LaneLost(with_others=True)
            return _graded.decode(answer)
        except (EOFError, OSError, msgspec.DecodeError):
            raise LaneLost(with_others=self._process.gone) from None

    def end(self) -> None:
        """Kill the lane, if it still runs."""
        self._pipe.close()
        self._process.end_lane(self._pid)


class LaneProcess:
    """The process that forks lanes; see `autograder.grading.lane_process`.

    Not for several threads at once.

    Raises:
        IsolationRefused: If this machine cannot isolate a notebook.
        GraderFailed: If the checks cannot be run.
        OSError: If it ended without a word.
    """

    def __init__(self, stems: Sequence[str], isolation: Isolation, seed: int) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(START_SECONDS)
        module = "autograder.grading.lane_process"
        with theirs:
            command = [sys.executable, "-P", "-m", module, str(theirs.fileno())]
            self._process = subprocess.Popen(
                [*command, isolation.value, str(seed), *stems],
                env=os.environ | ONE_THREAD,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            self.worth = self._await_start()
        except BaseException:
            self.close()
            raise

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        try:
            # It says nothing unasked, so all that can be read is the end.
            return bool(select.select([self._control], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def start_lane(self) -> RunningLane:
        """Fork a lane.

        Raises:
            OSError: If this process is gone.
        """
        ours, theirs = socket.socketpair()
        pipe = Connection(ours.detach())
        try:
            with theirs:
                self._send(StartLane(), theirs.fileno())
            answer = self._receive()
        except BaseException:
            pipe.close()
            raise
        if not isinstance(answer, LaneStarted):
            pipe.close()
            raise ConnectionError("the grading process answered out of turn")
        return RunningLane(self, pipe, answer.pid)

    def end_lane(self, pid: int) -> None:
        """Have a lane killed, if it still runs."""
        with suppress(OSError):
            self._send(EndLane(pid))

    def close(self) -> None:
        """End the process, and with it every lane."""
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_start(self) -> dict[str, float]:
        answer = self._receive()
        if isinstance(answer, Refused):
            if answer.isolation:
                raise IsolationRefused(answer.reason)
            raise GraderFailed(f"the checks cannot be run:\n{answer.reason}")
        if not isinstance(answer, Ready):
            raise ConnectionError("the grading process answered out of turn")
        return answer.worth

    def _send(self, order: Order, *descriptors: int) -> None:
        socket.send_fds(self._control, [msgspec.json.encode(order)], descriptors)

    def _receive(self) -> Answer:
        data = self._control.recv(1 << 16)
        if not data:
            raise ConnectionError("the grading process is gone")
        return _answers.decode(data)
