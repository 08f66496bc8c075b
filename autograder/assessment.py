"""Assess one exercise: run its checks, name the mistake, say what follows from another.

The same for a learner's own functions in their kernel and for a proxy to a
sandboxed process: ``student`` offers what the learner wrote as attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.book import heading
from autograder.checks.compare import Mismatch
from autograder.checks.session import CheckSession, Verdict
from autograder.faults.diagnose import Diagnosis, diagnose
from autograder.faults.model import FaultModel
from autograder.results import CheckResult, CheckStatus, ExerciseResult, ExerciseStatus

NO_NAME = "No known mistake gives this result. Start from the smallest case that fails."


def assess(
    checks: CheckSession,
    models: Mapping[str, FaultModel],
    exercise: str,
    student: Any,
    seed: int,
) -> ExerciseResult:
    """Return what holds of a learner's answer to one exercise, and what does not.

    Args:
        checks: The collected checks.
        models: The fault models of the sheet, by exercise.
        exercise: Name of the exercise; ``student`` must offer it.
        student: Offers what the learner wrote as attributes.
        seed: Where the inputs of the checks are drawn from.
    """
    verdicts = checks.run(exercise, student, seed)
    if all(verdict.error is None for verdict in verdicts):
        return _result(exercise, ExerciseStatus.PASSED, verdicts)
    model = models[exercise]
    if follows := _follow_through(checks, model, student, seed):
        return follows
    status, message = _status(verdicts)
    if status in (ExerciseStatus.MISSING, ExerciseStatus.TIMEOUT, ExerciseStatus.CRASHED):
        return _result(exercise, status, verdicts, message=message)
    diagnosis = _diagnosis(model, student)
    return _result(exercise, status, verdicts, message=message, model=model, diagnosis=diagnosis)


def without_answer(
    checks: CheckSession, exercise: str, status: ExerciseStatus, message: str
) -> ExerciseResult:
    """Return the result of an exercise whose function is not there to be checked."""
    not_checked = [
        CheckResult(
            name=check.name,
            status=CheckStatus.ERROR,
            points=0.0,
            max_points=check.points,
            message="not checked",
        )
        for check in checks.checks(exercise)
    ]
    return ExerciseResult(
        name=exercise,
        status=status,
        score=0.0,
        max_score=sum(result.max_points for result in not_checked),
        checks=not_checked,
        message=message,
    )


def _follow_through(
    checks: CheckSession, model: FaultModel, student: Any, seed: int
) -> ExerciseResult | None:
    """Return a full result if the answer is what follows from the learner's own other answer."""
    if model.follow_through is None:
        return None
    own = getattr(student, model.follow_through.builds_on, None)
    if own is None:
        return None
    expected = model.follow_through.expected(own)
    verdicts = checks.run(model.exercise, student, seed, instead=expected)
    if any(verdict.error is not None for verdict in verdicts):
        return None
    message = (
        f"This follows correctly from your own {model.follow_through.builds_on}, "
        "which has a mistake of its own."
    )
    return _result(model.exercise, ExerciseStatus.PASSED, verdicts, message=message)


def _status(verdicts: list[Verdict]) -> tuple[ExerciseStatus, str]:
    """Return the status that the errors add up to, and a message for people."""
    errors = [verdict.error for verdict in verdicts if verdict.error is not None]
    lost = next((error for error in errors if hasattr(error, "status")), None)
    if lost is not None:
        return ExerciseStatus(lost.status), str(lost)
    if all(isinstance(error, NotImplementedError) for error in errors):
        return ExerciseStatus.MISSING, "This function is still the stub of the sheet."
    if len(errors) == len(verdicts) and not any(isinstance(error, Mismatch) for error in errors):
        return ExerciseStatus.ERROR, _said(errors[0])
    return ExerciseStatus.FAILED, ""


def _diagnosis(model: FaultModel, student: Any) -> Diagnosis:
    try:
        return diagnose(model, getattr(student, model.exercise))
    except Exception as error:
        if hasattr(error, "status"):  # the probes were too much for the student's process
            return Diagnosis()
        raise


def _result(
    exercise: str,
    status: ExerciseStatus,
    verdicts: list[Verdict],
    *,
    message: str = "",
    model: FaultModel | None = None,
    diagnosis: Diagnosis | None = None,
) -> ExerciseResult:
    results = [_check(verdict) for verdict in verdicts]
    faults = diagnosis.faults if diagnosis else ()
    unnamed = NO_NAME if diagnosis and diagnosis.counterexample else ""
    read = (faults[0].read if faults else model.read) if model else ""
    return ExerciseResult(
        name=exercise,
        status=status,
        score=sum(result.points for result in results),
        max_score=sum(result.max_points for result in results),
        diagnosis=[fault.name for fault in faults],
        hint="\n".join(fault.hint for fault in faults) or unnamed,
        checks=results,
        counterexample=diagnosis.counterexample if diagnosis else "",
        read=read,
        read_title=heading(read) or "" if read else "",
        message=message,
    )


def _check(verdict: Verdict) -> CheckResult:
    check, error = verdict.check, verdict.error
    failed = CheckStatus.FAILED if isinstance(error, Mismatch) else CheckStatus.ERROR
    return CheckResult(
        name=check.name,
        status=CheckStatus.PASSED if error is None else failed,
        points=check.points if error is None else 0.0,
        max_points=check.points,
        message="" if error is None else _said(error),
    )


def _said(error: BaseException | None) -> str:
    """Return what an error says to a learner: its kind and message, no traceback."""
    if isinstance(error, Mismatch) or hasattr(error, "status"):
        return str(error)
    kind = getattr(error, "kind", type(error).__name__)
    message = getattr(error, "message", str(error))
    return f"{kind}: {message}"[:500]
