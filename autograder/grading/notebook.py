"""Grade one notebook: run its cells in isolation, then assess every exercise of its sheet."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from autograder.assessment import assess, without_answer
from autograder.checks.session import CheckSession
from autograder.faults.model import FaultModel
from autograder.results import (
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)
from autograder.sandbox import CellError, Lane, Student, WorkerLost
from autograder.submission import Submission, Unreadable, defined_names

LOST_CELLS = {"timeout": ExerciseStatus.TIMEOUT, "crashed": ExerciseStatus.CRASHED}


def grade_notebook(
    checks: CheckSession,
    models: Mapping[str, FaultModel],
    lane: Lane,
    submission: Submission | Unreadable,
    seed: int,
) -> SubmissionResult:
    """Return what one notebook earns.

    Args:
        checks: The collected checks.
        models: The fault models of the notebook's sheet, by exercise.
        lane: Where the notebook's cells are run.
        submission: The notebook, or why there is none.
        seed: Where the inputs of the checks are drawn from.
    """
    started = time.monotonic()
    if isinstance(submission, Unreadable):
        return _unreadable(checks, models, submission)
    with lane.open(submission.cells) as student:
        exercises = [_assess(checks, models, name, student, submission, seed) for name in models]
        flags = list(student.flags)
    return SubmissionResult(
        learner=submission.learner,
        stem=submission.stem,
        status=SubmissionStatus.GRADED,
        score=sum(exercise.score for exercise in exercises),
        max_score=sum(exercise.max_score for exercise in exercises),
        seconds=round(time.monotonic() - started, 3),
        flags=[storable(flag) for flag in flags],
        message=storable("\n".join(submission.notes)),
        exercises=exercises,
        digest=submission.digest,
    )


def storable(text: str) -> str:
    """Return ``text`` without what UTF-8 cannot hold: half characters are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _unreadable(
    checks: CheckSession, models: Mapping[str, FaultModel], submission: Unreadable
) -> SubmissionResult:
    worth = sum(check.points for name in models for check in checks.checks(name))
    return SubmissionResult(
        learner=submission.learner,
        stem=submission.stem,
        status=SubmissionStatus.UNREADABLE,
        score=0.0,
        max_score=worth,
        message=storable(submission.message),
        digest=submission.digest,
    )


def _assess(
    checks: CheckSession,
    models: Mapping[str, FaultModel],
    exercise: str,
    student: Student,
    submission: Submission,
    seed: int,
) -> ExerciseResult:
    if exercise not in student.names:
        status, message = _why_missing(exercise, student.cell_errors, submission.cells)
        return without_answer(checks, exercise, status, storable(message))
    result = assess(checks, models, exercise, student, seed)
    if result.status in (ExerciseStatus.TIMEOUT, ExerciseStatus.CRASHED):
        _restart(student)
    return result


def _restart(student: Student) -> None:
    """Start the notebook again, so that the next exercise is graded for what it is."""
    # The budget of the whole notebook may be used up; each exercise left will say so.
    with suppress(WorkerLost):
        student.restart()


def _why_missing(
    exercise: str, errors: Iterable[CellError], cells: list[str]
) -> tuple[ExerciseStatus, str]:
    """Return what kept a function from being defined: an error in its cell, or nothing at all."""
    for error in errors:
        if exercise in defined_names(cells[error.cell - 1]):
            status = LOST_CELLS.get(error.kind, ExerciseStatus.ERROR)
            return status, f"code cell {error.cell}: {error.kind}: {error.message}"
    return ExerciseStatus.MISSING, f"the notebook defines no {exercise}"
