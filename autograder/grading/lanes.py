"""Several lanes at once: hand out notebooks, take in results, replace a lane that dies."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import cast

import msgspec

from autograder.grading.lane import Task, run_lane
from autograder.results import SubmissionResult, SubmissionStatus
from autograder.sandbox import Isolation

MOST_TRIES = 2
# A notebook's own process may use a third of this (`Limits.submission_seconds`); what goes
# beyond is spent in the grader itself, on an answer made to keep it busy.
MOST_SECONDS = 180.0


class _Running:
    """A lane's process, and the notebook it is grading."""

    def __init__(self, stems: list[str], isolation: Isolation, seed: int) -> None:
        # Spawned, not forked: a lane must not inherit torch's threads or open files.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=run_lane, args=(theirs, stems, isolation, seed))
        self._process.start()
        theirs.close()
        self.task: Task | None = None
        self.deadline = 0.0

    def send(self, task: Task) -> None:
        self.task, self.deadline = task, time.monotonic() + MOST_SECONDS
        # A lane that is dead already shows when its answer is waited for.
        with suppress(ConnectionError):
            self.pipe.send_bytes(msgspec.json.encode(task))

    def receive(self) -> SubmissionResult | None:
        """Return the lane's answer, None if the lane has died or its time is up."""
        self.task = None
        if not self.pipe.poll():
            self._process.kill()
            return None
        try:
            return msgspec.json.decode(self.pipe.recv_bytes(), type=SubmissionResult)
        except (EOFError, ConnectionError):
            return None

    def stop(self) -> None:
        self.pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def grade_all(
    tasks: Sequence[Task],
    *,
    lanes: int,
    isolation: Isolation,
    seed: int,
    worth: Mapping[str, float],
) -> Iterator[SubmissionResult]:
    """Grade ``tasks`` in ``lanes`` processes and yield each result as it comes.

    A notebook whose lane dies is graded again in a new lane, once; if that lane dies
    too, or one takes too long, the result says that a person must look.

    Args:
        tasks: The notebooks.
        lanes: How many are graded at once.
        isolation: How each is isolated.
        seed: Where the inputs of the checks are drawn from.
        worth: What each sheet is worth in all, by stem.
    """
    stems = sorted({task.stem for task in tasks})
    waiting, tries = deque(tasks), Counter[Task]()
    running: dict[Connection, _Running] = {}

    def start_next() -> None:
        lane = _Running(stems, isolation, seed)
        running[lane.pipe] = lane
        _hand_out(lane, waiting, tries)

    try:
        for _ in range(min(lanes, len(tasks))):
            start_next()
        while busy := [pipe for pipe, lane in running.items() if lane.task is not None]:
            for pipe in _ready(busy, running):
                lane = running[pipe]
                task, result = cast(Task, lane.task), lane.receive()
                if result is not None:
                    _hand_out(lane, waiting, tries)
                    yield result
                    continue
                running.pop(pipe).stop()
                if tries[task] < MOST_TRIES and time.monotonic() < lane.deadline:
                    waiting.appendleft(task)
                else:
                    yield _grader_died(task, worth.get(task.stem, 0.0))
                start_next()
    finally:
        for lane in running.values():
            lane.stop()


def _hand_out(lane: _Running, waiting: deque[Task], tries: Counter[Task]) -> None:
    if waiting:
        task = waiting.popleft()
        tries[task] += 1
        lane.send(task)


def _ready(busy: list[Connection], running: Mapping[Connection, _Running]) -> list[Connection]:
    """Wait, and return the lanes that answered, died or have used up their time."""
    left = min(running[pipe].deadline for pipe in busy) - time.monotonic()
    answered = cast(list[Connection], wait(busy, timeout=max(0.0, left)))
    late = time.monotonic()
    return [pipe for pipe in busy if pipe in answered or running[pipe].deadline <= late]


def _grader_died(task: Task, worth: float) -> SubmissionResult:
    return SubmissionResult(
        learner=task.learner,
        stem=task.stem,
        status=SubmissionStatus.UNREADABLE,
        score=0.0,
        max_score=worth,
        flags=["the grader itself ended while grading this notebook"],
        message="The grader could not finish this notebook. "
        "Mark it by hand, and report it as a defect of the grader.",
    )
