"""What a pool does when lanes die, with lanes that only say how they die."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest

from autograder.grading import lane_pool
from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.grading.lane_handles import GraderFailed, LaneLost
from autograder.grading.lane_pool import LanePool
from autograder.grading.lanes import grade_all
from autograder.results import SubmissionResult, SubmissionStatus
from autograder.sandbox import Isolation, IsolationRefused

Behavior = Callable[[Task], None]


def task(learner: str) -> Task:
    return Task(learner, "attention", "")


class FakeProcess:
    """Forks lanes that do what the test says with each task, and then find it right."""

    behave: Behavior
    worth: ClassVar[dict[str, float]] = {"attention": 12.0}
    starts = 0
    ended = 0

    def __init__(self, *what: Any) -> None:
        type(self).starts += 1

    def start_lane(self) -> FakeProcess:
        return self

    def grade(self, task: Task) -> Graded:
        type(self).behave(task)
        result = SubmissionResult(
            learner=task.learner,
            stem=task.stem,
            status=SubmissionStatus.GRADED,
            score=12.0,
            max_score=12.0,
        )
        return Graded(result=result)

    def end(self) -> None:
        type(self).ended += 1

    def close(self) -> None:
        pass


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeProcess]]:
    class Fake(FakeProcess):
        pass

    monkeypatch.setattr(lane_pool, "LaneProcess", Fake)
    return Fake


def pool(lanes: int = 1) -> LanePool:
    return LanePool(["attention"], isolation=Isolation.FULL, seed=1, lanes=lanes)


@pytest.mark.parametrize(
    ("lost", "times", "tries"),
    [
        ({}, 1, 2),
        ({}, 9, 2),
        ({"late": True}, 9, 1),
        ({"with_others": True}, 4, 5),
        ({"with_others": True}, 9, 5),
    ],
    ids=[
        "a lane that dies once",
        "a lane that dies each time",
        "a lane that takes too long",
        "a sandbox that ends four times",
        "a sandbox that ends each time",
    ],
)
def test_how_often_a_notebook_is_tried(
    process: type[FakeProcess], lost: dict[str, bool], times: int, tries: int
) -> None:
    seen: list[str] = []

    def behave(task: Task) -> None:
        seen.append(task.learner)
        if len(seen) <= times:
            raise LaneLost(**lost)

    process.behave = staticmethod(behave)
    with pool() as lanes:
        result = lanes.grade(task("ada")).result
    assert len(seen) == tries
    assert process.ended == min(times, tries), "a lane that is lost must be ended"
    assert result.status == ("graded" if times < tries else "unreadable")
    assert (result.score, result.max_score) == (12.0 if times < tries else 0.0, 12.0)
    assert bool(result.flags) == (times >= tries)


def test_a_notebook_whose_lane_died_is_tried_again_beside_no_other_such_notebook(
    process: type[FakeProcess],
) -> None:
    seen: list[str] = []
    again: list[str] = []
    most: list[int] = []
    counting = threading.Lock()

    def behave(task: Task) -> None:
        with counting:
            first = task.learner not in seen
            seen.append(task.learner)
            if not first:
                again.append(task.learner)
                most.append(len(again))
        time.sleep(0.02)
        if first:
            raise LaneLost
        with counting:
            again.remove(task.learner)

    process.behave = staticmethod(behave)
    names = [f"learner {number}" for number in range(8)]
    with pool(4) as lanes, ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lanes.grade, map(task, names)))
    assert [each.result.status for each in results] == ["graded"] * 8
    assert max(most) == 1


def test_results_that_nobody_takes_hold_up_new_notebooks(process: type[FakeProcess]) -> None:
    seen: list[str] = []
    process.behave = staticmethod(lambda task: seen.append(task.learner))
    tasks = [task(f"learner {number}") for number in range(100)]
    results = grade_all(tasks, lanes=2, isolation=Isolation.FULL, seed=1)
    next(results)
    time.sleep(0.1)
    assert len(seen) < 10
    rest = [each.result.learner for each in results]
    assert len(rest) == 99
    assert len(seen) == len(set(seen)) == 100
    assert process.starts == 1, "lanes share one process"


@pytest.mark.parametrize("error", [IsolationRefused("no"), GraderFailed("checks")])
def test_what_keeps_every_lane_from_starting_ends_the_run_at_once(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*what: Any) -> None:
        raise error

    monkeypatch.setattr(lane_pool, "LaneProcess", refuse)
    with pytest.raises(type(error), match=str(error)):
        list(grade_all([task("ada")] * 50, lanes=2, isolation=Isolation.FULL, seed=1))


def test_a_process_that_ends_when_it_starts_is_tried_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts: list[object] = []

    def ends(*what: Any) -> None:
        starts.append(what)
        raise ConnectionError

    monkeypatch.setattr(lane_pool, "LaneProcess", ends)
    with pytest.raises(GraderFailed, match="no lane could be started in 2 tries"):
        list(grade_all([task("ada")], lanes=1, isolation=Isolation.FULL, seed=1))
    assert len(starts) == 2


def test_a_closed_pool_starts_nothing(process: type[FakeProcess]) -> None:
    lanes = pool()
    lanes.close()
    with pytest.raises(GraderFailed, match="closed"):
        lanes.grade(task("ada"))
    assert process.starts == 0


@pytest.mark.slow
def test_checks_that_cannot_be_run_are_named_and_nothing_is_left_behind() -> None:
    with (
        LanePool(["no_such_sheet"], isolation=Isolation.FULL, seed=1, lanes=1) as lanes,
        pytest.raises(GraderFailed, match="no_such_sheet"),
    ):
        lanes.grade(Task("ada", "no_such_sheet", ""))
