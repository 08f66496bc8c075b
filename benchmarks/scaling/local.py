"""What grading costs on this machine: lanes, journal, gradebook, reports."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.demo import sample_class, write_class
from autograder.grading.course import grade
from autograder.grading.graded import Graded
from autograder.grading.journal import Journal, RunIdentity
from autograder.grading.lane import Task
from autograder.grading.lane_pool import LanePool
from autograder.grading.lanes import grade_all
from autograder.sandbox import Isolation

SEED = 1


@dataclass(frozen=True)
class Measured:
    """One lane, one notebook after another.

    Attributes:
        service: Seconds for each notebook, from handing it out to having its result.
        start: Seconds until the lane took the first one.
        results: What came back.
    """

    service: list[float]
    start: float
    results: list[Graded]


def sample_tasks(folder: Path, notebooks: int) -> list[Task]:
    """Write a class of known mistakes and return its notebooks."""
    write_class("attention", sample_class("attention", notebooks), folder)
    return [
        Task(path.parent.name, "attention", str(path))
        for path in sorted(folder.glob("*/attention.ipynb"))
    ]


def one_lane(tasks: list[Task]) -> Measured:
    """Grade ``tasks`` one after another."""
    service, results = [], []
    with LanePool(["attention"], isolation=Isolation.FULL, seed=SEED, lanes=1) as pool:
        begin = time.perf_counter()
        pool.start()
        start = time.perf_counter() - begin
        for task in tasks:
            begin = time.perf_counter()
            results.append(pool.grade(task))
            service.append(time.perf_counter() - begin)
    return Measured(service, start, results)


def whole_class(tasks: list[Task], lanes: int) -> float:
    """Return the seconds that grading takes on several lanes, the start included."""
    begin = time.perf_counter()
    count = sum(1 for _ in grade_all(tasks, lanes=lanes, isolation=Isolation.FULL, seed=SEED))
    assert count == len(tasks)
    return time.perf_counter() - begin


def taking_in(results: list[Graded]) -> float:
    """Return the grader's processor time to decode a result and keep it in the journal."""
    encoded = [msgspec.json.encode(each) for each in results]
    identity = RunIdentity(seed=SEED, isolation=Isolation.FULL.value, rules="")
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        with Journal(Path(folder) / "journal", identity) as journal:
            for data in encoded:
                journal.add(msgspec.json.decode(data, type=Graded))
        return (time.process_time() - begin) / len(results)


def afterwards(folder: Path, notebooks: int) -> float:
    """Return the grader's processor time for one notebook of a class that is graded already.

    What a class of any size takes is not in it: the difference to a run over half of it is.
    """
    seconds = []
    for count in (notebooks // 2, notebooks):
        root = folder / str(count)
        sample_tasks(root / "in", count)
        for _ in range(2):  # the second time everything is in the journal
            begin = time.process_time()
            grade(root / "in", root / "out", isolation=Isolation.FULL, lanes=2, seed=SEED)
            last = time.process_time() - begin
        seconds.append(last)
    return (seconds[1] - seconds[0]) / (notebooks - notebooks // 2)
