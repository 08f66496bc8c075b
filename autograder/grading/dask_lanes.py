"""Grade on a Dask cluster: the lanes of every worker, one notebook to each at a time.

The grader itself decides which worker gets which notebook, and asks Dask to run it there and
nowhere else. So it knows what a lost worker was doing, and no notebook is started more than
twice; left to itself, Dask would start it on four workers, one after another.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress

from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.grading.lane_handles import GraderFailed
from autograder.grading.rules import rules
from autograder.sandbox import Isolation

try:
    from distributed import Client
except ModuleNotFoundError as missing:
    raise GraderFailed(
        "grading on a cluster needs Dask: pip install 'attnbook[scale]'"
    ) from missing

from autograder.grading.dask_dispatch import Dispatch, Note
from autograder.grading.dask_worker import Assignment

CONNECT_SECONDS = 10.0


def grade_on_dask(
    address: str,
    tasks: Sequence[Task],
    *,
    isolation: Isolation,
    seed: int,
    note: Note = lambda message: None,
) -> Generator[Graded, None, None]:
    """Grade ``tasks`` on the workers of a Dask cluster and yield each result as it comes.

    Every task yields one result. What a lost worker was grading is graded on another one, once;
    while it is, no other such notebook is, so that one notebook that ends workers ends two of
    them and the notebooks beside it are graded. After that a person must look at it.

    Args:
        address: The scheduler's, such as ``tcp://host:8786``. It must be running.
        tasks: The notebooks; they are read here and sent as bytes.
        isolation: How each is isolated. A worker that offers less is not used.
        seed: Where the inputs of the checks are drawn from.
        note: Called with what an instructor should know, such as why a worker is not used.

    Raises:
        GraderFailed: If there is no such cluster, or none of its workers can grade (any more).
    """
    if not tasks:
        return
    assignment = Assignment(
        run=f"autograder-{uuid.uuid4().hex}",
        rules=rules(),
        isolation=isolation,
        seed=seed,
        stems=sorted({task.stem for task in tasks}),
    )
    with _connected(address) as client:
        dispatch = Dispatch(client, assignment, tasks, note)
        try:
            dispatch.register()
            yield from dispatch.results()
        finally:
            with suppress(Exception):
                dispatch.unregister()


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GraderFailed(
            f"no Dask scheduler answers at {address} within {CONNECT_SECONDS:g} s ({error}): "
            "start one with `dask scheduler`, and workers with `dask worker ADDRESS`"
        ) from None
    with client:
        yield client
