"""Results as rows, and rows as results again."""

from __future__ import annotations

import hashlib

import msgspec

from autograder.gradebook.schema import AttemptRow, CheckRow, ExerciseRow, storable
from autograder.results import (
    CheckResult,
    CheckStatus,
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)


def storable_result(result: SubmissionResult) -> SubmissionResult:
    """Return ``result`` with texts that every database stores unchanged."""
    plain = msgspec.to_builtins(result, builtin_types=())
    return msgspec.convert(_storable(plain), SubmissionResult)


def fingerprint(result: SubmissionResult, isolation: str) -> str:
    """Return a SHA-256 of all that a result says except its duration, so that a rerun is equal."""
    timeless = msgspec.structs.replace(result, seconds=0.0)
    return hashlib.sha256(
        msgspec.json.encode([timeless, isolation], order="deterministic")
    ).hexdigest()


def write(result: SubmissionResult, row: AttemptRow) -> None:
    """Make ``row`` say what ``result`` says; exercises that it held before are replaced."""
    row.status, row.message = result.status.value, result.message
    row.score, row.max_score, row.seconds = result.score, result.max_score, result.seconds
    row.flags = list(result.flags)
    row.exercises = [
        _exercise_row(position, exercise) for position, exercise in enumerate(result.exercises)
    ]


def read(row: AttemptRow) -> SubmissionResult:
    """Return the result that ``row`` was written from."""
    return SubmissionResult(
        learner=row.learner.name,
        stem=row.sheet.stem,
        status=SubmissionStatus(row.status),
        score=row.score,
        max_score=row.max_score,
        seconds=row.seconds,
        flags=list(row.flags),
        message=row.message,
        exercises=[_exercise(exercise) for exercise in row.exercises],
        digest=row.digest,
    )


def _storable(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    return value


def _exercise_row(position: int, result: ExerciseResult) -> ExerciseRow:
    return ExerciseRow(
        position=position,
        name=result.name,
        status=result.status.value,
        score=result.score,
        max_score=result.max_score,
        diagnosis=list(result.diagnosis),
        hint=result.hint,
        counterexample=result.counterexample,
        read=result.read,
        message=result.message,
        checks=[_check_row(place, check) for place, check in enumerate(result.checks)],
    )


def _check_row(position: int, result: CheckResult) -> CheckRow:
    return CheckRow(
        position=position,
        name=result.name,
        status=result.status.value,
        points=result.points,
        max_points=result.max_points,
        message=result.message,
    )


def _exercise(row: ExerciseRow) -> ExerciseResult:
    return ExerciseResult(
        name=row.name,
        status=ExerciseStatus(row.status),
        score=row.score,
        max_score=row.max_score,
        diagnosis=list(row.diagnosis),
        hint=row.hint,
        checks=[_check(check) for check in row.checks],
        counterexample=row.counterexample,
        read=row.read,
        message=row.message,
    )


def _check(row: CheckRow) -> CheckResult:
    return CheckResult(
        name=row.name,
        status=CheckStatus(row.status),
        points=row.points,
        max_points=row.max_points,
        message=row.message,
    )
