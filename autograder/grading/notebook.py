"""Grade one notebook: run its cells in isolation, then assess every exercise of its sheet."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from autograder.assessment import assess, built_on, without_answer
from autograder.checks.session import CheckSession
from autograder.closing import Closing
from autograder.faults.diagnose import Diagnosis
from autograder.faults.model import FaultModel
from autograder.grading.graded import Graded
from autograder.grading.precedents import Case, Precedents
from autograder.plain_text import plain_text
from autograder.results import (
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
    Unexplained,
)
from autograder.sandbox import CellError, Lane, Student, WorkerLost
from autograder.similarity import fingerprints
from autograder.submission import (
    Submission,
    Unreadable,
    advice,
    defined_names,
    without_experiments,
)

MOST_SOURCE = 20_000
"""Characters of an answer that are kept to be shown to the instructor."""

LOST_CELLS = {"timeout": ExerciseStatus.TIMEOUT, "crashed": ExerciseStatus.CRASHED}


@dataclass(frozen=True)
class Sheet:
    """What every notebook of one sheet is graded with.

    Attributes:
        checks: The collected checks.
        models: The fault models of the sheet, by exercise.
        lane: Where the notebooks' cells are run.
        seed: Where the inputs of the checks are drawn from.
        precedents: What earlier notebooks answered, and what it earned.
    """

    checks: CheckSession
    models: Mapping[str, FaultModel]
    lane: Lane
    seed: int
    precedents: Precedents = field(default_factory=Precedents)


class Probed(Closing):
    """The same notebook in a worker that the checks never call, made when it is needed."""

    def __init__(self, lane: Lane, cells: Sequence[str]) -> None:
        self._lane = lane
        self._cells = cells
        self._student: Student | None = None

    def student(self) -> Student:
        """Return it; begun anew if an earlier answer has ended its process."""
        if self._student is None:
            self._student = self._lane.open(self._cells)
        elif self._student.lost:
            _restart(self._student)
        return self._student

    def close(self) -> None:
        """End its process."""
        if self._student is not None:
            self._student.close()


def grade_notebook(sheet: Sheet, submission: Submission | Unreadable) -> Graded:
    """Return what one notebook earns; ``submission`` is the notebook, or why there is none."""
    started = time.monotonic()
    if isinstance(submission, Unreadable):
        return Graded(result=_unreadable(sheet, submission))
    sources = _sources(sheet.models, submission)
    results: dict[str, ExerciseResult] = {}
    unexplained: list[Unexplained] = []

    def keep(exercise: str, diagnosis: Diagnosis) -> None:
        source = sources.get(exercise, "")
        unexplained.append(_unexplained(submission, exercise, source, diagnosis))

    cells = without_experiments(submission.cells, submission.experiments, sheet.models)
    flags = []
    with sheet.lane.open(cells) as student, Probed(sheet.lane, cells) as probed:
        for name in sheet.models:
            try:
                results[name] = _assess(
                    sheet, name, student, submission, results, probed=probed.student, keep=keep
                )
            except Exception as error:  # noqa: BLE001 - a defect of the grader costs one exercise
                message = f"the grader failed on this answer ({type(error).__name__})"
                results[name] = without_answer(sheet.checks, name, ExerciseStatus.ERROR, message)
                flags.append(f"{name}: {message}: mark it by hand")
        flags += student.flags
    result = _result(submission, list(results.values()), flags, time.monotonic() - started)
    marks = {name: fingerprints(source) for name, source in sources.items()}
    return Graded(result=result, unexplained=unexplained, fingerprints=marks)


def _result(
    submission: Submission, exercises: list[ExerciseResult], flags: list[str], seconds: float
) -> SubmissionResult:
    return SubmissionResult(
        learner=submission.learner,
        stem=submission.stem,
        status=SubmissionStatus.GRADED,
        score=sum(exercise.score for exercise in exercises),
        max_score=sum(exercise.max_score for exercise in exercises),
        seconds=round(seconds, 3),
        flags=[plain_text(flag) for flag in flags],
        message=plain_text("\n".join(submission.notes)),
        exercises=exercises,
        digest=submission.digest,
        cell_runs=submission.work.cell_runs,
        minutes=submission.work.minutes,
    )


def _unexplained(
    submission: Submission, exercise: str, source: str, diagnosis: Diagnosis
) -> Unexplained:
    return Unexplained(
        cluster=diagnosis.cluster,
        stem=submission.stem,
        exercise=exercise,
        learner=submission.learner,
        source=plain_text(source, MOST_SOURCE),
        counterexample=diagnosis.counterexample,
        behavior=diagnosis.behavior,
    )


def _sources(exercises: Iterable[str], submission: Submission) -> dict[str, str]:
    """Return for each exercise the last cell that defines it."""
    found = {}
    for source in submission.cells:
        for name in defined_names(source).intersection(exercises):
            found[name] = source
    return found


def _unreadable(sheet: Sheet, submission: Unreadable) -> SubmissionResult:
    worth = sum(check.points for name in sheet.models for check in sheet.checks.checks(name))
    return SubmissionResult(
        learner=submission.learner,
        stem=submission.stem,
        status=SubmissionStatus.UNREADABLE,
        score=0.0,
        max_score=worth,
        message=plain_text(submission.message),
        digest=submission.digest,
    )


def _assess(  # noqa: PLR0913 - one exercise of one notebook, and who else wants to know
    sheet: Sheet,
    exercise: str,
    student: Student,
    submission: Submission,
    earlier: Mapping[str, ExerciseResult],
    *,
    probed: Callable[[], Student],
    keep: Callable[[str, Diagnosis], None],
) -> ExerciseResult:
    checks, models = sheet.checks, sheet.models
    place = advice.Place(submission.file, submission.cells)
    if exercise not in student.names:
        status, message = _why_missing(exercise, student.cell_errors, place, models)
        return without_answer(checks, exercise, status, plain_text(message))
    if exercise not in student.functions:
        message = plain_text(advice.not_a_function(place, exercise))
        return without_answer(checks, exercise, ExerciseStatus.ERROR, message)
    result = _decided(sheet, exercise, student, earlier, probed=probed, keep=keep)
    if result.status in (ExerciseStatus.TIMEOUT, ExerciseStatus.CRASHED):
        _restart(student)
    return advice.advised(result, place)


def _decided(
    sheet: Sheet,
    exercise: str,
    student: Student,
    earlier: Mapping[str, ExerciseResult],
    *,
    probed: Callable[[], Student],
    keep: Callable[[str, Diagnosis], None],
) -> ExerciseResult:
    """Assess an answer, or say what the same answer earned in an earlier notebook."""
    asked_elsewhere = False

    def probed_elsewhere() -> Student:
        nonlocal asked_elsewhere
        asked_elsewhere = True
        return probed()

    # Whatever is kept as unexplained was probed elsewhere.
    return sheet.precedents.decide(
        Case(exercise, built_on(sheet.models[exercise], earlier)),
        student,
        lambda: assess(
            sheet.checks,
            sheet.models,
            exercise,
            student,
            sheet.seed,
            earlier,
            probed=probed_elsewhere,
            unexplained=keep,
        ),
        lambda: not asked_elsewhere,
    )


def _restart(student: Student) -> None:
    """Start the notebook again, so that the next exercise is graded for what it is."""
    # The budget of the whole notebook may be used up; each exercise left will say so.
    with suppress(WorkerLost):
        student.restart()


def _why_missing(
    exercise: str, errors: Iterable[CellError], place: advice.Place, others: Collection[str]
) -> tuple[ExerciseStatus, str]:
    """Return what kept a function from being defined: an error in its cell, or nothing at all."""
    for error in errors:
        if exercise in defined_names(place.cells[error.cell - 1]):
            status = LOST_CELLS.get(error.kind, ExerciseStatus.ERROR)
            return status, advice.cell_failed(place, error.cell, error.kind, error.message)
    return ExerciseStatus.MISSING, advice.nothing_defined(place, exercise, others)
