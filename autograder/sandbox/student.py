"""A submission as the checks see it: its functions can be called as if they were here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from autograder.closing import Closing

from .budget import Budget
from .confined.configuration import Limits
from .confined.messages import CellDone, Reply, Request, RunCell, Target
from .confined.wire import TooLarge, WireError
from .connection import Connection
from .conversation import Answer, Conversation, Exchanged, Question, Remark, asked, opened
from .errors import CellError, MissingName, WorkerLost
from .proxy import Remote, RemoteCallable

_MAX_FLAGS = 50
_MAX_FATAL_CELLS = 20


class Student(Closing):
    """One submission in its worker. Attributes that are not listed here are the notebook's.

    Attributes:
        names: The public names that the notebook defines, modules left out.
        functions: Those among them that can be called: functions and classes.
        cell_errors: The cells that failed.
        output: What the notebook printed, up to a bound.
        flags: Things for a person to look at; they never change a mark.
    """

    def __init__(
        self, connect: Callable[[], Connection], cells: Sequence[str], limits: Limits
    ) -> None:
        self.names: frozenset[str] = frozenset()
        self.functions: frozenset[str] = frozenset()
        self.cell_errors: list[CellError] = []
        self.output = ""
        self.flags: list[str] = []
        self._connect = connect
        self._limits = limits
        self._budget = Budget(limits.submission_seconds)
        # What is blank does nothing, and costs as much to send as a call.
        self._remaining = {place: cell for place, cell in enumerate(cells, 1) if cell.strip()}
        self._replaying = False
        self._furthest = 0
        self._fatal_cells = 0
        self._remote = Remote(self._exchange, self._violation, self._budget)
        self._anew = False
        self._conversation: Conversation | None = None
        self._connection = connect()
        self._run_cells()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        """Return what the notebook defines as ``name``, even where this class has one, too.

        Raises:
            MissingName: If the notebook does not define it.
            WorkerLost: If it is a plain value and the worker is gone.
        """
        if name not in self.names and self._budget.left <= 0:
            raise self._out_of_time()
        if name not in self.names:
            raise MissingName(f"the submission does not define {name}")
        if name in self.functions:
            return RemoteCallable(self._remote, Target(name=name), name)
        return self._remote.get(Target(name=name))

    @property
    def lost(self) -> bool:
        """Whether the worker has ended; `restart` begins anew."""
        return self._connection.lost is not None

    def restart(self) -> None:
        """Begin anew in a fresh worker with the same cells, without those that ended a worker."""
        self._reconnect()
        self._run_cells()

    @contextmanager
    def conversation(self) -> Iterator[Conversation]:
        """Keep all that is asked and answered until the block is left.

        It begins with a worker that has forgotten the objects and graphs of earlier calls, and
        counts from the start. So equal questions are sent as equal bytes, whatever came before.
        """
        self._anew = True
        self._remote.forget_everything()
        self._conversation = Conversation(lambda question: self._ask(question, None))
        try:
            yield self._conversation
        finally:
            self._conversation = None

    def note(self, remark: Remark) -> None:
        """Keep what was printed, and flag what a person may want to look at."""
        observed, label = remark
        if not self._replaying:
            self.output = (self.output + observed.output)[: self._limits.output_total]
        flags = [f"{label} calls torch's {routine}" for routine in observed.routines]
        flags += [f"{label} tries to import {package}" for package in observed.imports]
        self.flags += [flag for flag in dict.fromkeys(flags) if flag not in self.flags][
            : _MAX_FLAGS - len(self.flags)
        ]

    def close(self) -> None:
        """End the worker."""
        self._connection.close()

    def _run_cells(self) -> None:
        """Run all cells; when one ends the worker, drop it and run the others in a fresh worker."""
        while (fatal := self._run_until_lost()) is not None:
            del self._remaining[fatal]
            self._fatal_cells += 1
            if self._budget.left <= 0:
                self._do_not_run(self._out_of_time(), fatal)
                break
            if self._fatal_cells >= _MAX_FATAL_CELLS:
                # Once more what ran until now; a cell that ends that is the end.
                last = self._furthest if self._fatal_cells == _MAX_FATAL_CELLS else 0
                self._do_not_run(_too_many_fatal_cells(), last)
            self._reconnect()
        self._replaying = False
        self.cell_errors.sort(key=lambda error: error.cell)

    def _do_not_run(self, reason: WorkerLost, last: int) -> None:
        """Drop the cells after ``last`` and record why."""
        dropped = [position for position in self._remaining if position > last]
        self.cell_errors = [error for error in self.cell_errors if error.cell not in dropped]
        for position in dropped:
            del self._remaining[position]
            self.cell_errors.append(
                CellError(position, reason.status, f"not run: {reason.message}")
            )

    def _reconnect(self) -> None:
        with self._budget.spending():
            self._connection.close()
            if self._budget.left > 0:
                self._connection = self._connect()
        self._remote.forget_everything()

    def _run_until_lost(self) -> int | None:
        """Run the cells that are left; return the position of the one that ended the worker."""
        self.names = self.functions = frozenset()
        self.cell_errors = [
            error for error in self.cell_errors if error.cell not in self._remaining
        ]
        for position, source in self._remaining.items():
            self._replaying = position <= self._furthest
            self._furthest = max(position, self._furthest)
            request = RunCell(position=position, source=source)
            try:
                reply = self._exchange(
                    request, (), self._limits.cell_seconds, f"cell {position}"
                ).reply
            except TooLarge as error:
                self.cell_errors.append(CellError(position, "TooLarge", str(error)))
            except WorkerLost as lost:
                self.cell_errors.append(CellError(position, lost.status, lost.message))
                return position
            else:
                self._note_cell(position, reply)
        return None

    def _note_cell(self, position: int, reply: Reply) -> None:
        if isinstance(reply, CellDone):
            self.functions = frozenset(reply.functions)
            self.names = self.functions | frozenset(reply.values)
            if reply.failure is not None:
                failure = reply.failure
                self.cell_errors.append(
                    CellError(position, failure.type_name, failure.message, failure.traceback)
                )

    def _exchange(
        self, request: Request, tensors: Sequence[Tensor], seconds: float | None, label: str
    ) -> Exchanged:
        """Send a request within its own time and the submission's; note what it printed."""
        with self._budget.spending():
            question = asked(request, tensors, label, anew=self._anew)
            self._anew = False
            if self._conversation is None or isinstance(request, RunCell):
                answer = self._ask(question, seconds)
            else:
                answer = self._conversation.ask(question)
            try:
                exchanged = opened(answer)
            except WireError:
                raise self._violation() from None
        if isinstance(exchanged.reply, CellDone) != isinstance(request, RunCell):
            raise self._violation()
        self.note(Remark(exchanged.reply.observed, label))
        return exchanged

    def _ask(self, question: Question, seconds: float | None) -> Answer:
        if self._budget.left <= 0:
            self._connection.close()
            raise self._out_of_time()
        with self._budget.spending():
            bound = min(seconds or self._limits.call_seconds, self._budget.left)
            return self._connection.ask(question, bound)

    def _out_of_time(self) -> WorkerLost:
        return WorkerLost(f"the notebook used up its {self._budget.allowed:.3g} seconds", "timeout")

    def _violation(self) -> WorkerLost:
        return self._connection.violation()


def _too_many_fatal_cells() -> WorkerLost:
    return WorkerLost(f"{_MAX_FATAL_CELLS} other cells ended the process that ran them", "crashed")
