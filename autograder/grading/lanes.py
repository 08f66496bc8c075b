"""Several lanes at once: hand out notebooks, take in results, replace a lane that dies."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import msgspec

from autograder.grading.lane import Task, run_lane
from autograder.results import SubmissionResult, SubmissionStatus
from autograder.sandbox import Isolation

MOST_TRIES = 2


@dataclass
class _Running:
    """A lane with the notebook it is grading."""

    process: SpawnProcess
    pipe: Connection
    task: Task | None = None


def grade_all(
    tasks: Sequence[Task], *, lanes: int, isolation: Isolation, seed: int
) -> Iterator[SubmissionResult]:
    """Grade ``tasks`` in ``lanes`` processes and yield each result as it comes.

    A notebook whose lane dies is graded again in a new lane, once; if that lane dies
    too, the result says that a person must look.
    """
    waiting, tries = deque(tasks), dict.fromkeys(tasks, 0)
    stems = sorted({task.stem for task in tasks})
    running = [_start(stems, isolation, seed) for _ in range(min(lanes, len(tasks)))]
    try:
        for lane in running:
            _hand_out(lane, waiting, tries)
        while busy := {lane.pipe: lane for lane in running if lane.task is not None}:
            for pipe in wait(list(busy)):
                lane = busy[pipe]  # type: ignore[index]  # wait returns what it was given
                task, result = lane.task, _receive(lane.pipe)
                assert task is not None
                if result is None:
                    running.remove(lane)
                    _stop(lane)
                    lane = _start(stems, isolation, seed)
                    running.append(lane)
                    if tries[task] < MOST_TRIES:
                        waiting.appendleft(task)
                    else:
                        result = _grader_died(task)
                _hand_out(lane, waiting, tries)
                if result is not None:
                    yield result
    finally:
        for lane in running:
            _stop(lane)


def _start(stems: list[str], isolation: Isolation, seed: int) -> _Running:
    # Spawned, not forked: a lane must not inherit torch's threads or open files.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_lane, args=(theirs, stems, isolation, seed))
    process.start()
    theirs.close()
    return _Running(process, ours)


def _stop(lane: _Running) -> None:
    lane.pipe.close()
    lane.process.join(timeout=5)
    if lane.process.is_alive():
        lane.process.kill()
        lane.process.join()


def _hand_out(lane: _Running, waiting: deque[Task], tries: dict[Task, int]) -> None:
    lane.task = waiting.popleft() if waiting else None
    if lane.task is not None:
        tries[lane.task] += 1
        try:
            lane.pipe.send_bytes(msgspec.json.encode(lane.task))
        except ConnectionError:
            pass  # the lane is dead already; waiting for its answer will show it


def _receive(pipe: Connection) -> SubmissionResult | None:
    """Return what a lane answers, None if it has died."""
    try:
        return msgspec.json.decode(pipe.recv_bytes(), type=SubmissionResult)
    except (EOFError, ConnectionError):
        return None


def _grader_died(task: Task) -> SubmissionResult:
    return SubmissionResult(
        learner=task.learner,
        stem=task.stem,
        status=SubmissionStatus.UNREADABLE,
        score=0.0,
        max_score=0.0,
        flags=["the grader itself ended while grading this notebook"],
        message=f"the grader's own process ended {MOST_TRIES} times on this notebook. "
        "Grade it by hand, and report it as a defect of the grader.",
    )
