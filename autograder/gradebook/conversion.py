"""Results as values of rows, and such values as results again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from autograder.gradebook.columns import storable
from autograder.gradebook.problem import GradebookError
from autograder.results import (
    CheckResult,
    CheckStatus,
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)

Values = dict[str, Any]
# What a result says besides its verdict: how grading and handing in went, and who it is of.
CIRCUMSTANCES = ("submitted", "cell_runs", "minutes")


def storable_result(result: SubmissionResult) -> SubmissionResult:
    """Return ``result`` with texts that every database stores unchanged."""
    try:
        if b"\\u0000" not in msgspec.json.encode(result):
            return result  # as almost always; going through every text would take ten times as long
    except UnicodeEncodeError:
        pass
    plain = msgspec.to_builtins(result, builtin_types=())
    return msgspec.convert(_storable(plain), SubmissionResult)


def fingerprint(result: SubmissionResult, isolation: str) -> str:
    """Return a SHA-256 of all that a verdict says, so that grading again the same way is equal.

    Duration and circumstances do not belong to it. A field that results did not always have
    is left out while it is empty: the verdicts of older gradebooks keep their fingerprint.
    """
    plain = msgspec.to_builtins(msgspec.structs.replace(result, seconds=0.0))
    for name in CIRCUMSTANCES:
        del plain[name]
    for exercise in plain["exercises"]:
        if not exercise["cluster"]:
            del exercise["cluster"]
    return hashlib.sha256(msgspec.json.encode([plain, isolation])).hexdigest()


def moment(submitted: str) -> dt.datetime | None:
    """Return when a notebook was handed in, none if that is not known.

    Raises:
        GradebookError: If the text is not a time in ISO 8601.
    """
    if not submitted:
        return None
    try:
        time = dt.datetime.fromisoformat(submitted)
        return time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise GradebookError(
            f"the time of handing in must be ISO 8601, as 2026-03-01T12:00:00+00:00 is; "
            f"got {submitted!r}"
        ) from None


def attempt_values(result: SubmissionResult) -> Values:
    """Return the columns of an attempt that come from its result."""
    return {
        "digest": result.digest,
        "status": result.status.value,
        "score": result.score,
        "max_score": result.max_score,
        "seconds": result.seconds,
        "flags": result.flags,
        "message": result.message,
        "cell_runs": result.cell_runs,
        "minutes": result.minutes,
    }


def exercise_values(attempt_id: int, result: SubmissionResult) -> list[Values]:
    """Return the rows of a result's exercises."""
    rows: list[Values] = []
    for position, exercise in enumerate(result.exercises):
        row = msgspec.structs.asdict(exercise)
        del row["checks"]
        row.update(attempt_id=attempt_id, position=position, status=exercise.status.value)
        rows.append(row)
    return rows


def check_values(attempt_id: int, result: SubmissionResult) -> list[Values]:
    """Return the rows of a result's checks, those of all exercises."""
    return [
        {
            "attempt_id": attempt_id,
            "exercise": place,
            "position": position,
            "name": check.name,
            "status": check.status.value,
            "points": check.points,
            "max_points": check.max_points,
            "message": check.message,
        }
        for place, exercise in enumerate(result.exercises)
        for position, check in enumerate(exercise.checks)
    ]


def read_check(row: Mapping[Any, Any]) -> CheckResult:
    """Return the check that a row was written from."""
    values = {name: row[name] for name in CheckResult.__struct_fields__}
    return CheckResult(**values | {"status": CheckStatus(row["status"])})


def read_exercise(row: Mapping[Any, Any], checks: list[CheckResult]) -> ExerciseResult:
    """Return the exercise that a row was written from."""
    names = (name for name in ExerciseResult.__struct_fields__ if name != "checks")
    values = {name: row[name] for name in names}
    return ExerciseResult(**values | {"status": ExerciseStatus(row["status"]), "checks": checks})


def read_submission(
    row: Mapping[Any, Any], submitted: dt.datetime | None, exercises: list[ExerciseResult]
) -> SubmissionResult:
    """Return the result that an attempt was written from."""
    status = SubmissionStatus(row["status"])
    same = ("learner", "stem", "score", "max_score", "seconds", "message", "digest", "cell_runs")
    return SubmissionResult(
        **{name: row[name] for name in same},
        minutes=row["minutes"],
        status=status,
        flags=list(row["flags"]),
        submitted=submitted.isoformat() if submitted else "",
        exercises=exercises,
    )


def _storable(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    return value
