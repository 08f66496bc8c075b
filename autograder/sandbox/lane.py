"""A lane of grading: one warm process, and the submissions that are opened in it."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.closing import Closing

from .confined.configuration import Limits
from .connection import Connection
from .levels import Isolation
from .student import Student
from .warm_process import Warm, WarmProcess


class Lane(Closing):
    """Opens submissions, each in a fork of its own. Never sees a learner's code itself.

    Keep it in the thread that made it: the warm process dies with that thread. If the warm process
    is gone, the next submission starts another.

    Args:
        isolation: What ``find_isolation`` returned.
        limits: What one submission may use.
        warm: A part of the warm process of several lanes (`WarmProcess.split`), made with the same
            isolation and limits. If that is gone, the lane cannot be used any more.

    Raises:
        IsolationRefused: If ``isolation`` does not work here.
    """

    def __init__(
        self, isolation: Isolation, limits: Limits | None = None, warm: Warm | None = None
    ) -> None:
        self.isolation = isolation
        self.limits = limits if limits is not None else Limits()
        self._shared = warm is not None
        self._earlier_disturbances = 0
        self._warm: Warm = warm if warm is not None else WarmProcess(isolation, self.limits)

    @property
    def usable(self) -> bool:
        """Whether another submission can be opened."""
        return not self._shared or self._warm.alive

    @property
    def disturbances(self) -> int:
        """How many workers were ended from outside; see `Warm.disturbances`.

        A submission during which this number grows was not answered for what it is.
        """
        return self._earlier_disturbances + self._warm.disturbances

    def open(self, cells: Sequence[str]) -> Student:
        """Run the code cells of a notebook, in order, in a fresh worker.

        A cell that fails is recorded in ``Student.cell_errors``; nothing that a cell does raises
        here.

        Raises:
            IsolationRefused: If no worker can be locked down.
            OSError: If the warm process is shared, and gone.
        """
        return Student(self._connect, cells, self.limits)

    def close(self) -> None:
        """End the warm process and all its workers."""
        self._warm.close()

    def _connect(self) -> Connection:
        if not self._shared and not self._warm.alive:
            self._warm.close()
            self._earlier_disturbances = self.disturbances
            self._warm = WarmProcess(self.isolation, self.limits)
        return Connection(self._warm, self.limits)
