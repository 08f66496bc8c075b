"""The work of a lane: read a notebook, grade it in the sandbox, send what it earns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import msgspec
import torch

from autograder.assessment import assess
from autograder.checks.session import CheckSession, with_checks
from autograder.faults import fault_models
from autograder.faults.model import FaultModel
from autograder.grading.graded import Graded
from autograder.grading.lane import SANDBOX_GONE, Task
from autograder.grading.notebook import Sheet, grade_notebook
from autograder.grading.precedents import Precedents
from autograder.grading.shared_records import SharedRecords
from autograder.sandbox import Isolation, Lane
from autograder.sandbox.warm_process import Warm
from autograder.submission import Submission, Unreadable, read_submission

_tasks = msgspec.json.Decoder(Task)


def collected(
    stems: Iterable[str], work: Callable[[CheckSession, Mapping[str, float]], None]
) -> None:
    """Collect the checks of ``stems`` and call ``work`` with them, and with each sheet's worth."""
    torch.set_num_threads(1)  # lanes share the machine's cores among themselves
    stems = list(stems)

    def with_worth(checks: CheckSession) -> None:
        work(checks, {stem: _worth(checks, fault_models(stem)) for stem in stems})

    with_checks(stems, with_worth)


def rehearse(checks: CheckSession, stems: Iterable[str], seed: int) -> None:
    """Assess a wrong answer to every exercise, so that what is worked out once is worked out.

    The lanes are forks: they share what the reference and the known mistakes answer, and what
    torch imports late.
    """
    for stem in stems:
        models = fault_models(stem)
        for name, model in models.items():
            wrong = {name: model.faulty([model.faults[0].name])}
            assess(checks, models, name, SimpleNamespace(**wrong), seed)


def grade_until_closed(
    pipe: Connection,
    part: Warm,
    *,
    isolation: Isolation,
    checks: CheckSession,
    seed: int,
    records: SharedRecords,
) -> None:
    """Grade what comes through ``pipe`` until its other end is closed or the sandbox is gone."""
    with Lane(isolation, warm=part) as lane:
        precedents = Precedents(records)
        sheets: dict[str, Sheet] = {}
        while (task := _next_task(pipe)) is not None:
            if task.stem not in sheets:
                models = fault_models(task.stem)
                sheets[task.stem] = Sheet(checks, models, lane, seed, precedents)
            answer = _answer(sheets[task.stem], task)
            pipe.send_bytes(answer)
            if answer == SANDBOX_GONE:
                return


def _answer(sheet: Sheet, task: Task) -> bytes:
    """Return what a lane sends for a task: a `Graded`, or that it cannot go on."""
    try:
        graded = _graded(sheet, _submission(task))
    except OSError:
        if sheet.lane.usable:
            raise
        return SANDBOX_GONE
    return msgspec.json.encode(graded) if sheet.lane.usable else SANDBOX_GONE


def _graded(sheet: Sheet, submission: Submission | Unreadable) -> Graded:
    before = sheet.lane.disturbances
    graded = grade_notebook(sheet, submission)
    if sheet.lane.disturbances > before and sheet.lane.usable:
        # Its process was killed from outside, which is no fault of the notebook's. If that
        # happens again, it is: a crowded machine kills what takes the most memory.
        graded = grade_notebook(sheet, submission)
    return graded


def _submission(task: Task) -> Submission | Unreadable:
    if task.problem:
        return Unreadable(task.learner, task.stem, task.problem)
    return read_submission(Path(task.path), task.learner, task.stem)


def _next_task(pipe: Connection) -> Task | None:
    try:
        return _tasks.decode(pipe.recv_bytes())
    except (EOFError, ConnectionError):
        return None


def _worth(checks: CheckSession, models: Mapping[str, FaultModel]) -> float:
    return sum(check.points for name in models for check in checks.checks(name))
