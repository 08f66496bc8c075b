"""Which notebook of a run is on which worker of a Dask cluster."""

from __future__ import annotations

import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import msgspec
from distributed import Client, Future
from tornado.ioloop import IOLoop

from autograder.grading.dask_worker import Announcement, Assignment, LanesPlugin, grade_here
from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.grading.lane_handles import GraderFailed
from autograder.grading.lane_pool import given_up
from autograder.submission import Unreadable, digest_of, read_submission

# A worker that is started again needs about ten seconds until its lanes are there.
PATIENCE = 60.0
POLL_SECONDS = 2.0
# The second notebook of a lane travels while the first is graded.
PER_LANE = 2

Note = Callable[[str], None]


@dataclass(eq=False)
class _Ticket:
    """One start of one notebook on one worker; ``again`` if it is the second one."""

    task: Task
    again: bool
    worker: str
    future: Future[tuple[bool, bytes]] = field(repr=False)


@dataclass(frozen=True)
class _Finished:
    """A notebook came back: its result, or why its worker cannot grade.

    ``counts`` is False if it was not started, as far as anybody knows.
    """

    ticket: _Ticket
    ok: bool
    said: bytes
    counts: bool = True


@dataclass(frozen=True)
class _Left:
    """A worker is gone; ``expected`` if somebody asked it to go."""

    worker: str
    expected: bool


_Event = _Finished | _Left | Announcement


class Dispatch:
    """Which notebook is where, and which is still to be graded.

    Args:
        client: Connected to the cluster.
        assignment: What the workers are to do.
        tasks: The notebooks.
        note: Called with why a worker is not used.
    """

    def __init__(
        self, client: Client, assignment: Assignment, tasks: Sequence[Task], note: Note
    ) -> None:
        self._client = client
        self._loop = cast(IOLoop, client.loop)
        self._assignment = assignment
        self._note = note
        self._waiting = deque(tasks)
        self._suspects: deque[Task] = deque()
        self._running: dict[str, set[_Ticket]] = {}
        self._lanes: dict[str, int] = {}
        self._worth: dict[str, float] = {}
        self._refusals: list[str] = []
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()

    def register(self) -> None:
        """Have every worker, and every one that joins later, start lanes and announce them."""
        self._client.subscribe_topic(self._assignment.run, self._hear_announcement)
        self._client.subscribe_topic("all", self._hear_cluster)
        try:
            self._client.register_plugin(LanesPlugin(self._assignment))
        except Exception as error:  # noqa: BLE001 - raised on a worker, which may hold anything
            self._refuse("(one of them)", f"it cannot load the grader: install attnbook ({error})")

    def unregister(self) -> None:
        """Have every worker end its lanes of this run."""
        for topic in (self._assignment.run, "all"):
            self._client.unsubscribe_topic(topic)
        self._client.unregister_worker_plugin(self._assignment.run)

    def results(self) -> Iterator[Graded]:
        """Hand out the notebooks and yield what comes back, one result for each.

        Raises:
            GraderFailed: If no worker can grade (any more), or the scheduler is lost.
        """
        last_lane = time.monotonic()
        while self._waiting or self._suspects or any(self._running.values()):
            self._hand_out()
            if self._lanes:
                last_lane = time.monotonic()
            elif time.monotonic() - last_lane > self._patience():
                raise GraderFailed(self._no_worker())
            if self._client.status not in ("running", "connecting"):
                raise GraderFailed("the connection to the Dask scheduler is lost")
            with suppress(queue.Empty):
                yield from self._take_in(self._events.get(timeout=POLL_SECONDS))

    def _patience(self) -> float:
        """A worker that refused will refuse again: wait only if one has been there and left."""
        return POLL_SECONDS if self._refusals and not self._worth else PATIENCE

    def _no_worker(self) -> str:
        if not self._refusals:
            return "the Dask cluster has no worker (any more): start some with `dask worker`"
        return "no worker of the Dask cluster can grade:\n" + "\n".join(self._refusals)

    def _hand_out(self) -> None:
        while (worker := self._most_free()) is not None:
            if self._suspects and not self._suspect_runs():
                self._submit(self._suspects.popleft(), worker, again=True)
            elif self._waiting:
                self._submit(self._waiting.popleft(), worker, again=False)
            else:
                return

    def _suspect_runs(self) -> bool:
        return any(ticket.again for each in self._running.values() for ticket in each)

    def _most_free(self) -> str | None:
        free = {
            worker: PER_LANE * lanes - len(self._running[worker])
            for worker, lanes in self._lanes.items()
        }
        worker = max(free, key=free.__getitem__, default=None)
        return worker if worker is not None and free[worker] > 0 else None

    def _submit(self, task: Task, worker: str, *, again: bool) -> None:
        task, notebook = _with_content(task)
        future = self._client.submit(
            grade_here,
            self._assignment.run,
            msgspec.json.encode(task),
            notebook,
            key=f"{self._assignment.run}-{uuid.uuid4().hex}",
            workers=[worker],
            allow_other_workers=False,
            pure=False,
        )
        ticket = _Ticket(task, again, worker, future)
        self._running[worker].add(ticket)
        self._loop.add_callback(self._await, ticket)

    async def _await(self, ticket: _Ticket) -> None:
        """Put the ticket's result into the queue; runs in the client's own loop."""
        try:
            ok, said = await self._client.gather(ticket.future, asynchronous=True)
        except CancelledError:
            self._events.put(_Finished(ticket, False, b"was cancelled", counts=False))
        except Exception as error:  # noqa: BLE001 - it is told to whoever waits
            said = f"{type(error).__name__}: {error}".encode()
            self._events.put(_Finished(ticket, False, said))
        else:
            self._events.put(_Finished(ticket, ok, said))

    def _hear_announcement(self, event: tuple[float, object]) -> None:
        self._events.put(msgspec.convert(event[1], Announcement))

    def _hear_cluster(self, event: tuple[float, dict[str, object]]) -> None:
        said = event[1]
        if said.get("action") == "remove-worker":
            self._events.put(_Left(str(said["worker"]), bool(said["expected"])))

    def _take_in(self, event: _Event) -> Iterator[Graded]:
        match event:
            case Announcement(worker=worker, lanes=0, refusal=reason):
                self._refuse(worker, reason)
            case Announcement(worker=worker, lanes=lanes, worth=worth):
                self._lanes[worker] = lanes
                self._worth = worth
                self._running.setdefault(worker, set())
            case _Left(worker, expected):
                yield from self._lose(worker, counts=not expected)
            case _Finished(ticket=ticket) if ticket not in self._running.get(ticket.worker, ()):
                pass  # it was taken from a worker that seemed lost, and graded elsewhere
            case _Finished(ticket, True, said):
                self._running[ticket.worker].remove(ticket)
                yield msgspec.json.decode(said, type=Graded)
            case _Finished(ticket, _, said, counts):
                self._refuse(ticket.worker, said.decode(errors="replace"))
                yield from self._lose(ticket.worker, counts=counts)

    def _lose(self, worker: str, *, counts: bool) -> Iterator[Graded]:
        """Take a worker's notebooks back; those that were started twice go to a person."""
        self._lanes.pop(worker, None)
        for ticket in self._running.pop(worker, set()):
            ticket.future.cancel()
            if not counts:
                (self._suspects if ticket.again else self._waiting).appendleft(ticket.task)
            elif not ticket.again:
                self._suspects.append(ticket.task)
            else:
                yield given_up(ticket.task, self._worth.get(ticket.task.stem, 0.0))

    def _refuse(self, worker: str, reason: str) -> None:
        self._refusals.append(f"{worker}: {reason}")
        self._note(f"the Dask worker {worker} is not used: {reason}")


def _with_content(task: Task) -> tuple[Task, bytes]:
    """Read a notebook to send it; what cannot be read is sent as why."""
    path = Path(task.path)
    with suppress(OSError):
        if digest_of(path):  # empty for what is no file, or too large
            return task, path.read_bytes()
    found = read_submission(path, task.learner, task.stem)
    problem = found.message if isinstance(found, Unreadable) else "changed while it was read"
    return msgspec.structs.replace(task, problem=problem), b""
