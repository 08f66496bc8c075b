"""What runs in a Dask worker: a pool of lanes, as many as the worker has threads.

Only bytes cross: a notebook as it was handed in, and typed JSON. Nothing that a learner wrote
is ever unpickled.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from distributed import Worker, WorkerPlugin, get_worker

from autograder.grading.lane import Task
from autograder.grading.lane_handles import GraderFailed
from autograder.grading.lane_pool import LanePool
from autograder.grading.rules import rules
from autograder.sandbox import Isolation, IsolationRefused
from autograder.sandbox.isolation import why_not

# A grader that was killed cannot say that its lanes are not needed any more.
IDLE_SECONDS = 300.0


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What the workers of one run are to do.

    Attributes:
        run: Names the run; events are announced under it.
        rules: Digest of what decides a mark; see `autograder.grading.rules`.
        isolation: How each notebook is to be isolated.
        seed: Where the inputs of the checks are drawn from.
        stems: The sheets.
    """

    run: str
    rules: str
    isolation: Isolation
    seed: int
    stems: list[str]


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says when it has looked at an assignment.

    Attributes:
        worker: Its address.
        lanes: How many notebooks it grades at once; 0 if it refuses.
        refusal: Why it refuses, and what to do.
        worth: How many points each sheet gives in all, by stem.
    """

    worker: str
    lanes: int = 0
    refusal: str = ""
    worth: dict[str, float] = {}


class LanesPlugin(WorkerPlugin):
    """Keeps the lanes of one run in a worker, and announces them.

    Args:
        assignment: What the worker is to do.
    """

    def __init__(self, assignment: Assignment) -> None:
        self.name = assignment.run
        self._assignment = assignment
        self._pool: LanePool | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Dask sends a plugin when it is new: there is no pool to send.
        return LanesPlugin, (self._assignment,)

    async def setup(self, worker: Worker) -> None:
        """Start the lanes, or find out why this worker cannot grade; tell the grader which."""
        lanes = worker.state.nthreads
        said = await asyncio.to_thread(self._start, worker.address, lanes)
        worker.log_event(self.name, msgspec.to_builtins(said))
        self._watch = asyncio.create_task(self._end_when_idle())

    async def teardown(self, worker: Worker) -> None:
        """End the lanes."""
        self._watch.cancel()
        await asyncio.to_thread(self._close)

    def grade(self, task: Task, notebook: bytes) -> bytes:
        """Grade one notebook and return its `Graded` as JSON.

        Raises:
            GraderFailed: If this worker cannot grade any more.
        """
        self._used = time.monotonic()
        if self._pool is None:
            raise GraderFailed("this worker has closed its lanes")
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            path = Path(folder) / Path(task.path).name
            path.write_bytes(notebook)
            graded = self._pool.grade(msgspec.structs.replace(task, path=str(path)))
        self._used = time.monotonic()
        return msgspec.json.encode(graded)

    def _start(self, address: str, lanes: int) -> Announcement:
        wanted = self._assignment
        if rules() != wanted.rules:
            refusal = (
                "it has other checks or fault models: install the grader's version of attnbook"
            )
            return Announcement(worker=address, refusal=refusal)
        if reason := why_not(wanted.isolation):
            refusal = f"it cannot isolate notebooks ({wanted.isolation.value}): {reason}"
            return Announcement(worker=address, refusal=refusal)
        pool = LanePool(wanted.stems, isolation=wanted.isolation, seed=wanted.seed, lanes=lanes)
        try:
            pool.start()
        except (GraderFailed, IsolationRefused) as error:
            return Announcement(worker=address, refusal=str(error))
        self._pool, self._used = pool, time.monotonic()
        return Announcement(worker=address, lanes=lanes, worth=pool.worth)

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    async def _end_when_idle(self) -> None:
        while self._pool is not None:
            await asyncio.sleep(IDLE_SECONDS / 10)
            if time.monotonic() - self._used > IDLE_SECONDS:
                await asyncio.to_thread(self._close)


def grade_here(run: str, task: bytes, notebook: bytes) -> tuple[bool, bytes]:
    """Grade one notebook in the worker that runs this.

    Args:
        run: Which run's lanes to use.
        task: A `Task` as JSON; of its path only the name counts.
        notebook: The file's bytes.

    Returns:
        (True, a `Graded` as JSON), or (False, why this worker cannot grade any more).
    """
    plugin = get_worker().plugins.get(run)
    if not isinstance(plugin, LanesPlugin):
        return False, b"the worker has no lanes for this run"
    try:
        return True, plugin.grade(msgspec.json.decode(task, type=Task), notebook)
    except (GraderFailed, IsolationRefused, OSError) as error:
        return False, f"{type(error).__name__}: {error}".encode()
