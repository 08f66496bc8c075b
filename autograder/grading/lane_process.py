"""The process that grades: it imports and collects everything once, and forks a lane when asked.

    python -m autograder.grading.lane_process DESCRIPTOR ISOLATION SEED STEM…

A lane is a fork of it: one trusted process that grades one notebook after another, with a part
of the one warm sandbox. So a lane costs milliseconds to start, and torch is imported twice for
all lanes together: here, and in the sandbox. Every lane ends when this process does.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from autograder.grading.lane import Answer, EndLane, LaneStarted, Order, Ready, Refused, StartLane
from autograder.sandbox import Isolation, IsolationRefused, Limits
from autograder.sandbox.confined.privileges import die_with_parent
from autograder.sandbox.warm_process import Warm, WarmProcess

if TYPE_CHECKING:
    from autograder.checks.session import CheckSession

MOST_BYTES = 6 * 2**30
MOST_REASON = 8_000
_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
RunLane = Callable[[Connection, Warm], None]


def main(arguments: list[str]) -> None:
    """Serve orders from the socket that is named first, until its other end is closed."""
    # Imports leave little garbage, and looking for it takes a sixth of their time.
    gc.disable()
    # Ctrl-C reaches every process of the terminal; the one that keeps the journal decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, isolation, seed, *stems = arguments
    control = socket.socket(fileno=int(descriptor))
    try:
        _serve(control, Isolation(isolation), int(seed), stems)
    except (BrokenPipeError, ConnectionResetError):
        pass  # nobody is there any more to grade for
    except IsolationRefused as refused:
        _answer(control, Refused(str(refused)[:MOST_REASON], isolation=True))
    except Exception:  # noqa: BLE001 - whoever waits for lanes must hear why there are none
        _answer(control, Refused(traceback.format_exc()[-MOST_REASON:], isolation=False))


def _serve(control: socket.socket, isolation: Isolation, seed: int, stems: list[str]) -> None:
    # The sandbox imports torch while this process does.
    warm = WarmProcess(isolation, Limits(), wait=False)
    from autograder.grading.lane_work import collected, grade_until_closed, rehearse
    from autograder.grading.shared_records import SharedRecords

    def work(checks: CheckSession, worth: Mapping[str, float]) -> None:
        rehearse(checks, stems, seed)
        warm.await_start()
        _require_one_thread()
        gc.freeze()
        gc.enable()

        records = SharedRecords()

        def run_lane(pipe: Connection, part: Warm) -> None:
            grade_until_closed(
                pipe, part, isolation=isolation, checks=checks, seed=seed, records=records
            )

        _Lanes(control, isolation, warm, run_lane).serve(worth)

    try:
        collected(stems, work)
    finally:
        warm.close()


class _Lanes:
    """The lanes that run, and the sandbox that they share."""

    def __init__(
        self, control: socket.socket, isolation: Isolation, warm: WarmProcess, run_lane: RunLane
    ) -> None:
        self._control = control
        self._isolation = isolation
        self._warm = warm
        self._run_lane = run_lane
        self._running: set[int] = set()

    def serve(self, worth: Mapping[str, float]) -> None:
        _answer(self._control, Ready(dict(worth)))
        try:
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
                if not data:
                    return
                match _orders.decode(data):
                    case StartLane():
                        self._start(descriptors[0])
                    case EndLane(pid):
                        self._end(pid)
        finally:
            for pid in list(self._running):
                self._end(pid)

    def _start(self, pipe: int) -> None:
        if not self._warm.alive:
            self._warm.close()
            self._warm = WarmProcess(self._isolation, Limits())
        part = self._warm.split()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_lane(pipe, part, parent)
        part.close()
        os.close(pipe)
        self._running.add(pid)
        _answer(self._control, LaneStarted(pid))

    def _end(self, pid: int) -> None:
        if pid in self._running:
            self._running.remove(pid)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _become_lane(self, pipe: int, part: Warm, parent: int) -> NoReturn:
        """Grade until the other end of ``pipe`` is closed. Never returns."""
        try:
            die_with_parent()
            if os.getppid() == parent:
                self._control.close()
                _limit_memory()
                self._run_lane(Connection(pipe), part)
            os._exit(0)
        except OSError:
            os._exit(1)  # who waits for this lane is gone
        except BaseException:  # noqa: BLE001 - a fork must not go on with its parent's work
            traceback.print_exc()
            os._exit(1)


def _answer(control: socket.socket, answer: Answer) -> None:
    control.send(msgspec.json.encode(answer))


def _limit_memory() -> None:
    """An answer made to exhaust the grader's memory must end this lane, not the machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, hard))


def _require_one_thread() -> None:
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(
            f"the grading process must run one thread, got {threads}: its lanes would hang. "
            "Set OMP_NUM_THREADS=1."
        )


if __name__ == "__main__":
    main(sys.argv[1:])
    # To take torch and pytest apart in good order takes half a second.
    os._exit(0)
