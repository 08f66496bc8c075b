"""Lanes share one warm process; what is killed from outside is told from what ends by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import psutil
import pytest
import torch

from autograder.sandbox import Isolation, Lane, Limits, Student, WorkerLost
from autograder.sandbox.warm_process import WarmProcess

pytestmark = pytest.mark.slow


@pytest.fixture(
    scope="module", params=list(Isolation), ids=lambda isolation: isolation.name.lower()
)
def warm(request: pytest.FixtureRequest) -> Iterator[WarmProcess]:
    process = WarmProcess(request.param, Limits(), wait=False)
    process.isolation = request.param  # type: ignore[attr-defined]
    process.await_start()
    yield process
    process.close()


def lane_of(warm: WarmProcess) -> Lane:
    return Lane(warm.isolation, warm=warm.split())  # type: ignore[attr-defined]


ANSWERS = (
    "import os\n"
    "def double(x): return 2 * x\n"
    "def end(): os._exit(0)\n"
    "def crash():\n    import ctypes\n    ctypes.string_at(8)\n"
    "def take(): return bytearray(10**11)\n"
    "def loop():\n    while True: pass\n"
    "def kill(): os.kill(os.getpid(), 9)\n"
    "def shut(): os.close(3)\n"
)


def test_parts_answer_at_the_same_time_and_end_one_by_one(warm: WarmProcess) -> None:
    first, second = lane_of(warm), lane_of(warm)
    with first.open([ANSWERS]) as one, second.open([ANSWERS]) as other:
        assert one.double(torch.ones(2)).tolist() == other.double(torch.ones(2)).tolist() == [2, 2]
        first.close()
        call_until_lost(one)
        assert other.double(3) == 6
        assert (first.usable, second.usable, warm.alive) == (False, True, True)
    with lane_of(warm) as third, third.open([ANSWERS]) as student:
        assert student.double(4) == 8
    second.close()


def call_until_lost(student: Student) -> None:
    """A worker dies with its part, but the kernel takes a moment."""

    def call() -> None:
        for _ in range(100_000):
            student.double(1)

    with pytest.raises(WorkerLost):
        call()


def test_a_part_that_is_gone_says_so(warm: WarmProcess) -> None:
    lane = lane_of(warm)
    lane.close()
    assert not lane.usable
    with pytest.raises(OSError, match="Bad file descriptor"):
        lane.open([ANSWERS])


def worker_of(lane: Lane) -> psutil.Process:
    """Return the youngest descendant of this process: the worker that was forked last."""
    family = psutil.Process().children(recursive=True)
    return max(family, key=lambda process: (process.create_time(), process.pid))


@pytest.mark.parametrize("moment", [0.0, 0.5], ids=["in a call", "between two calls"])
def test_a_worker_that_is_killed_from_outside_is_noticed(warm: WarmProcess, moment: float) -> None:
    with lane_of(warm) as lane:
        student = lane.open([ANSWERS])
        assert student.double(1) == 2
        os.kill(worker_of(lane).pid, signal.SIGKILL)
        time.sleep(moment)
        with pytest.raises(WorkerLost):
            student.double(1)
        assert lane.disturbances == 1
        student.restart()
        assert student.double(1) == 2
        student.close()
        assert lane.disturbances == 1


@pytest.mark.parametrize("way", ["end", "crash", "take", "loop", "kill", "shut"])
def test_what_a_learner_does_is_no_disturbance(warm: WarmProcess, way: str) -> None:
    """Or a notebook could have itself graded again."""
    limits = Limits(call_seconds=1.0)
    with Lane(warm.isolation, limits, warm=warm.split()) as lane:  # type: ignore[attr-defined]
        student = lane.open([ANSWERS])
        with pytest.raises(Exception):  # noqa: B017, PT011 - each is lost or refused in its own way
            getattr(student, way)()
        student.close()
        assert lane.disturbances == 0
        assert lane.usable


def test_a_lane_whose_part_is_killed_is_disturbed_and_cannot_go_on(warm: WarmProcess) -> None:
    with lane_of(warm) as lane:
        student = lane.open([ANSWERS])
        part = worker_of(lane).parent()
        assert part is not None
        part.kill()
        call_until_lost(student)
        assert lane.disturbances == 1
        assert not lane.usable
    assert warm.alive
