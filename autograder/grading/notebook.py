"""Grade one notebook: run its cells in isolation, then assess every exercise of its sheet."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from autograder.assessment import assess, without_answer
from autograder.checks.session import CheckSession
from autograder.faults.model import FaultModel
from autograder.plain_text import plain_text
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
    results: dict[str, ExerciseResult] = {}
    flags = []
    with lane.open(submission.cells) as student:
        for name in models:
            try:
                results[name] = _assess(checks, models, name, student, submission, seed, results)
            except Exception as error:  # noqa: BLE001 - a defect of the grader costs one exercise
                message = f"the grader failed on this answer ({type(error).__name__})"
                results[name] = without_answer(checks, name, ExerciseStatus.ERROR, message)
                flags.append(f"{name}: {message}: mark it by hand")
        flags += student.flags
    exercises = list(results.values())
    return SubmissionResult(
        learner=submission.learner,
        stem=submission.stem,
        status=SubmissionStatus.GRADED,
        score=sum(exercise.score for exercise in exercises),
        max_score=sum(exercise.max_score for exercise in exercises),
        seconds=round(time.monotonic() - started, 3),
        flags=[plain_text(flag) for flag in flags],
        message=plain_text("\n".join(submission.notes)),
        exercises=exercises,
        digest=submission.digest,
    )


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
        message=plain_text(submission.message),
        digest=submission.digest,
    )


def _assess(  # noqa: PLR0913 - what `assess` needs, and the notebook
    checks: CheckSession,
    models: Mapping[str, FaultModel],
    exercise: str,
    student: Student,
    submission: Submission,
    seed: int,
    earlier: Mapping[str, ExerciseResult],
) -> ExerciseResult:
    if exercise not in student.names:
        status, message = _why_missing(exercise, student.cell_errors, submission.cells)
        return without_answer(checks, exercise, status, plain_text(message))
    if exercise not in student.functions:
        message = f"{exercise} is a value in this notebook, not a function"
        return without_answer(checks, exercise, ExerciseStatus.ERROR, message)
    result = assess(checks, models, exercise, student, seed, earlier)
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
