"""A class on any number of lanes, event by event.

One grader hands notebooks out and takes results in; a scheduler passes both on; workers with
several lanes each do the work. The grader and the scheduler do one thing at a time.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LANES_OF_A_WORKER = 16


@dataclass(frozen=True)
class Costs:
    """What was measured, in seconds; everything but ``start`` is for one notebook.

    Attributes:
        service: How long a lane took for each of some notebooks; drawn from at random.
        start: Until the first lane takes a notebook.
        hand_out: Of the grader, to read and send it.
        take_in: Of the grader, to decode a result and write it to the journal.
        after: Of the grader, when the class is graded: gradebook, results and reports.
        scheduler: Of the scheduler, both ways together.
        travel: One way, without the time that anybody works on it.
    """

    service: Sequence[float]
    start: float
    hand_out: float
    take_in: float
    after: float
    scheduler: float = 0.0
    travel: float = 0.0


@dataclass(frozen=True)
class Simulated:
    """How a class went.

    Attributes:
        seconds: From the command to its end.
        grading: Of them, from the first notebook handed out to the last result taken in.
        busy: Which part of ``grading`` the lanes worked, from 0 to 1.
        grader: Which part of it the grader did.
    """

    seconds: float
    grading: float
    busy: float
    grader: float


def simulate(
    costs: Costs, *, notebooks: int, lanes: int, ahead: int = 2, seed: int = 1
) -> Simulated:
    """Grade a class of ``notebooks`` on ``lanes``; a lane is sent ``ahead`` notebooks at most."""
    run = _Run(costs, notebooks, lanes, ahead, seed)
    grading = run.until_done()
    return Simulated(
        seconds=costs.start + grading + costs.after * notebooks,
        grading=grading,
        busy=run.worked / (grading * lanes),
        grader=notebooks * (costs.hand_out + costs.take_in) / grading,
    )


class _Worker:
    def __init__(self, lanes: int, ahead: int) -> None:
        self.idle = lanes
        self.places = lanes * ahead
        self.waiting = 0


class _Run:
    def __init__(self, costs: Costs, notebooks: int, lanes: int, ahead: int, seed: int) -> None:
        self.worked = 0.0
        self._costs = costs
        self._chance = random.Random(seed)  # noqa: S311 - a draw, not a secret
        self._to_send = self._to_take = notebooks
        self._workers = [
            _Worker(min(LANES_OF_A_WORKER, lanes - first), ahead)
            for first in range(0, lanes, LANES_OF_A_WORKER)
        ]
        # The one with the most places free is first.
        self._free = [(-worker.places, n) for n, worker in enumerate(self._workers)]
        heapq.heapify(self._free)
        self._results: deque[_Worker] = deque()
        self._grader_works = False
        self._scheduler_free = 0.0
        self._now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def until_done(self) -> float:
        self._let_grader_work()
        while self._to_take:
            self._now, _, happen = heapq.heappop(self._events)
            happen()
        return self._now

    def _at(self, time: float, happen: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (time, self._number, happen))

    def _let_grader_work(self) -> None:
        """Hand out whatever there is place for; else take in a result; else wait."""
        if self._grader_works:
            return
        if self._to_send and self._free[0][0] < 0:
            self._to_send -= 1
            worker = self._take_place()
            self._work(self._costs.hand_out, lambda: self._pass_on(lambda: self._arrive(worker)))
        elif self._results:
            worker = self._results.popleft()
            self._work(self._costs.take_in, lambda: self._take_in(worker))

    def _work(self, seconds: float, then: Callable[[], None]) -> None:
        self._grader_works = True

        def end() -> None:
            self._grader_works = False
            then()
            self._let_grader_work()

        self._at(self._now + seconds, end)

    def _take_place(self) -> _Worker:
        _, number = heapq.heappop(self._free)
        worker = self._workers[number]
        worker.places -= 1
        heapq.heappush(self._free, (-worker.places, number))
        return worker

    def _take_in(self, worker: _Worker) -> None:
        self._to_take -= 1
        worker.places += 1
        number = self._workers.index(worker)
        self._free = [entry for entry in self._free if entry[1] != number]
        heapq.heapify(self._free)
        heapq.heappush(self._free, (-worker.places, number))

    def _pass_on(self, then: Callable[[], None]) -> None:
        """Through the scheduler, which serves in the order of arrival."""
        start = max(self._now, self._scheduler_free)
        self._scheduler_free = start + self._costs.scheduler / 2
        self._at(self._scheduler_free + self._costs.travel, then)

    def _arrive(self, worker: _Worker) -> None:
        if worker.idle:
            worker.idle -= 1
            self._grade(worker)
        else:
            worker.waiting += 1

    def _grade(self, worker: _Worker) -> None:
        seconds = self._chance.choice(self._costs.service)
        self.worked += seconds
        self._at(self._now + seconds, lambda: self._graded(worker))

    def _graded(self, worker: _Worker) -> None:
        if worker.waiting:
            worker.waiting -= 1
            self._grade(worker)
        else:
            worker.idle += 1
        self._pass_on(lambda: self._come_back(worker))

    def _come_back(self, worker: _Worker) -> None:
        self._results.append(worker)
        self._let_grader_work()
