"""Several lanes at once on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice

from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.grading.lane_pool import LanePool
from autograder.sandbox import Isolation


def grade_all(
    tasks: Sequence[Task], *, lanes: int, isolation: Isolation, seed: int
) -> Iterator[Graded]:
    """Grade ``tasks`` and yield each result as it comes; see `being_graded`."""
    with being_graded(tasks, lanes=lanes, isolation=isolation, seed=seed) as results:
        yield from results


@contextmanager
def being_graded(
    tasks: Sequence[Task], *, lanes: int, isolation: Isolation, seed: int
) -> Iterator[Iterator[Graded]]:
    """Begin to grade ``tasks`` in ``lanes`` processes; give each result as it comes.

    The processes take seconds to start: do something else in the meantime. They end with the
    block. Every task yields one result; see `LanePool.grade` for notebooks that cannot be graded.

    Args:
        tasks: The notebooks.
        lanes: How many are graded at once.
        isolation: How each is isolated.
        seed: Where the inputs of the checks are drawn from.

    Raises:
        IsolationRefused: If this machine cannot isolate a notebook; with the first result.
        GraderFailed: If no lane can be started; with the first result.
    """
    if not tasks:
        yield iter(())
        return
    stems, width = sorted({task.stem for task in tasks}), min(lanes, len(tasks))
    # The pool is closed first, so that the threads need not wait for their lanes.
    with (
        ThreadPoolExecutor(width, "lane") as threads,
        LanePool(stems, isolation=isolation, seed=seed, lanes=width) as pool,
    ):
        left = iter(tasks)

        def submit(count: int) -> set[Future[Graded]]:
            return {threads.submit(pool.grade, task) for task in islice(left, count)}

        yield _as_they_come(submit(2 * width), submit)


def _as_they_come(
    running: set[Future[Graded]], submit: Callable[[int], set[Future[Graded]]]
) -> Iterator[Graded]:
    """Yield results as they come; results that nobody has taken yet hold up new tasks."""
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        running |= submit(len(done))
        yield from (each.result() for each in done)
