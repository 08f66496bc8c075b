"""What Dask itself costs for one notebook: a cluster whose worker answers at once."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import psutil
from distributed import Worker, WorkerPlugin

from autograder.grading import dask_dispatch
from autograder.grading.dask_lanes import grade_on_dask
from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.sandbox import Isolation

START_SECONDS = 60.0


@dataclass(frozen=True)
class Overhead:
    """Seconds for one notebook.

    Attributes:
        grader: Processor time of the process that holds the class.
        scheduler: Processor time of the scheduler.
        round_trip: From handing out one notebook to its result, when there is no other.
    """

    grader: float
    scheduler: float
    round_trip: float


def overhead(task: Task, graded: Graded, count: int) -> Overhead:
    """Send ``task`` ``count`` times to workers that answer ``graded`` at once."""
    with tempfile.TemporaryDirectory() as folder, _cluster(Path(folder), lanes=1) as (address, _):
        alone = _run(address, task, graded, count // 10, ahead=1)
    with tempfile.TemporaryDirectory() as folder, _cluster(Path(folder), lanes=16) as running:
        address, scheduler = running
        before, own = _processor(scheduler), _processor(psutil.Process())
        _run(address, task, graded, count, ahead=2)
        return Overhead(
            grader=(_processor(psutil.Process()) - own) / count,
            scheduler=(_processor(scheduler) - before) / count,
            round_trip=alone / (count // 10),
        )


def _run(address: str, task: Task, graded: Graded, count: int, ahead: int) -> float:
    """Return the seconds from the first result to the last."""
    plugin, answer = _at_once(msgspec.json.encode(graded))
    with (
        patch.object(dask_dispatch, "LanesPlugin", plugin),
        patch.object(dask_dispatch, "grade_here", answer),
        patch.object(dask_dispatch, "PER_LANE", ahead),
    ):
        results = grade_on_dask(address, [task] * (count + 1), isolation=Isolation.FULL, seed=1)
        next(results)
        start = time.perf_counter()
        assert len(list(results)) == count
        return time.perf_counter() - start


def _at_once(answer: bytes) -> tuple[Any, Any]:
    """Return a plug-in without lanes and a function without work; Dask sends both as code."""

    class WithoutLanes(WorkerPlugin):
        def __init__(self, assignment: Any) -> None:
            self.name = assignment.run

        def setup(self, worker: Worker) -> None:
            worker.log_event(self.name, {"worker": worker.address, "lanes": worker.state.nthreads})

    def answered(*_: object) -> tuple[bool, bytes]:
        return True, answer

    return WithoutLanes, answered


@contextmanager
def _cluster(folder: Path, lanes: int) -> Iterator[tuple[str, psutil.Process]]:
    """Start a scheduler and a worker, each a process of its own as they are on a cluster."""
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet: dict[str, Any] = {"cwd": folder, "stderr": subprocess.DEVNULL}
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    worker = [*dask, "worker", "--no-nanny", "--no-dashboard", "--nthreads", str(lanes)]
    with subprocess.Popen([*scheduler, "--scheduler-file", str(file)], **quiet) as first:
        try:
            address = _address(file)
            with subprocess.Popen([*worker, address], **quiet) as second:
                try:
                    yield address, psutil.Process(first.pid)
                finally:
                    second.terminate()
        finally:
            first.terminate()


def _address(file: Path) -> str:
    """Wait until a scheduler has written where it is."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.05)
    raise TimeoutError(f"no Dask scheduler started within {START_SECONDS:g} s")


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
