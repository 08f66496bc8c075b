"""Several lanes at once on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.grading.lane_pool import LanePool
from autograder.sandbox import Isolation


def grade_all(
    tasks: Sequence[Task], *, lanes: int, isolation: Isolation, seed: int
) -> Iterator[Graded]:
    """Grade ``tasks`` in ``lanes`` processes and yield each result as it comes.

    Every task yields one result; see `LanePool.grade` for notebooks that cannot be graded.

    Args:
        tasks: The notebooks.
        lanes: How many are graded at once.
        isolation: How each is isolated.
        seed: Where the inputs of the checks are drawn from.

    Raises:
        IsolationRefused: If this machine cannot isolate a notebook.
        GraderFailed: If no lane can be started.
    """
    if not tasks:
        return
    stems, width = sorted({task.stem for task in tasks}), min(lanes, len(tasks))
    # The pool is closed first, so that the threads need not wait for their lanes.
    with (
        ThreadPoolExecutor(width, "lane") as threads,
        LanePool(stems, isolation=isolation, seed=seed, lanes=width) as pool,
    ):
        yield from _windowed(lambda task: threads.submit(pool.grade, task), tasks, 2 * width)


def _windowed(
    submit: Callable[[Task], Future[Graded]], tasks: Iterable[Task], width: int
) -> Iterator[Graded]:
    """Yield results as they come; results that nobody has taken yet hold up new tasks."""
    running: set[Future[Graded]] = set()
    for task in tasks:
        running.add(submit(task))
        if len(running) >= width:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (each.result() for each in done)
