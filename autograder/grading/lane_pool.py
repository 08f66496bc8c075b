"""A pool of lanes on this machine: start them, hand out notebooks, replace what dies.

The same on the machine that holds the class and in a Dask worker.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from contextlib import nullcontext

import msgspec

from autograder.closing import Closing
from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.grading.lane_handles import GraderFailed, LaneLost, LaneProcess, RunningLane
from autograder.plain_text import printable
from autograder.results import SubmissionResult, SubmissionStatus
from autograder.sandbox import Isolation

MOST_STARTS = 2
# How often a notebook is started when its own lane dies, and when what dies is what all lanes
# need. The latter is hardly ever its own doing.
MOST_TRIES = 2
MOST_TRIES_WITH_OTHERS = 5


class LanePool(Closing):
    """Lanes that grade one notebook each at a time, for as many threads as there are lanes.

    Args:
        stems: The sheets whose notebooks are graded.
        isolation: How each notebook is isolated.
        seed: Where the inputs of the checks are drawn from.
        lanes: How many notebooks are graded at once.

    Attributes:
        worth: How many points each sheet gives in all, by stem; empty until a lane has started.
    """

    def __init__(
        self, stems: Sequence[str], *, isolation: Isolation, seed: int, lanes: int
    ) -> None:
        self.worth: dict[str, float] = {}
        self._what = (stems, isolation, seed)
        self._process: LaneProcess | None = None
        self._closed = False
        self._starting = threading.Lock()
        self._alone = threading.Lock()
        self._idle: queue.SimpleQueue[RunningLane | None] = queue.SimpleQueue()
        for _ in range(lanes):
            self._idle.put(None)

    def start(self) -> None:
        """Start the grading process now, not with the first notebook.

        Raises:
            IsolationRefused: If this machine cannot isolate a notebook.
            GraderFailed: If the checks cannot be run.
        """
        lane = self._idle.get()
        try:
            lane = lane or self._start_lane()
        finally:
            self._idle.put(lane)

    def grade(self, task: Task) -> Graded:
        """Grade one notebook and return what it earns.

        A notebook whose lane dies is graded again in a new lane, once. While it is, no other
        such notebook is: one that takes its neighbors with it shall meet each of them once. If
        that lane dies too, or one takes too long, the result says that a person must look.

        Raises:
            IsolationRefused: If this machine cannot isolate a notebook any more.
            GraderFailed: If no lane can be started, or the pool is closed.
        """
        own = 0
        for tries in range(MOST_TRIES_WITH_OTHERS):
            try:
                with self._alone if tries else nullcontext():
                    return self._try(task)
            except LaneLost as lost:
                own += not lost.with_others
                if lost.late or own == MOST_TRIES:
                    break
        return given_up(task, self.worth.get(task.stem, 0.0))

    def close(self) -> None:
        """End every lane, whatever it is doing."""
        self._closed = True
        with self._starting:
            if self._process is not None:
                self._process.close()
                self._process = None

    def _try(self, task: Task) -> Graded:
        lane = self._idle.get()
        try:
            lane = lane or self._start_lane()
            return lane.grade(task)
        except LaneLost:
            if lane is not None:
                with self._starting:
                    lane.end()
            lane = None
            raise
        finally:
            self._idle.put(lane)

    def _start_lane(self) -> RunningLane:
        with self._starting:
            for _ in range(MOST_STARTS):
                if self._closed:
                    raise GraderFailed("the lanes were closed")
                try:
                    self._process = self._process or LaneProcess(*self._what)
                    self.worth = self._process.worth
                    return self._process.start_lane()
                except (OSError, msgspec.DecodeError):
                    if self._process is not None:
                        self._process.close()
                        self._process = None
        raise GraderFailed(
            f"no lane could be started in {MOST_STARTS} tries; `autograder doctor` may say why"
        )


def given_up(task: Task, worth: float) -> Graded:
    """Return the result of a notebook that the grader could not finish."""
    return Graded(
        result=SubmissionResult(
            learner=task.learner,
            stem=task.stem,
            status=SubmissionStatus.UNREADABLE,
            score=0.0,
            max_score=worth,
            flags=["the grader itself ended while grading this notebook"],
            message=f"{printable(task.learner)}/{task.stem}: the grader could not finish this "
            "notebook. Mark it by hand, and report it as a defect of the grader.",
        )
    )
