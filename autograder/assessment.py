"""Assess one exercise: run its checks, name the mistake, say what follows from another.

The same for a learner's own functions in their kernel and for a proxy to a
sandboxed process: ``student`` offers what the learner wrote as attributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from autograder.book import heading
from autograder.checks.compare import Mismatch
from autograder.checks.session import CheckSession, Verdict
from autograder.faults.diagnose import Diagnosis, diagnose
from autograder.faults.model import FaultModel, Function
from autograder.plain_text import plain_text
from autograder.results import CheckResult, CheckStatus, ExerciseResult, ExerciseStatus

FOLLOWS = (
    "This follows correctly from your answer to another exercise, which has a mistake of its own."
)
NO_NAME = "No known mistake gives this result. Start from the smallest case that fails."
NO_CASE = "No known mistake gives this result, and no small case shows it: go by what fails."


def ignore(exercise: str, diagnosis: Diagnosis) -> None:
    """Do nothing with a wrong answer that has no name."""


def assess(  # noqa: PLR0913 - what decides a mark, and who else wants to know
    checks: CheckSession,
    models: Mapping[str, FaultModel],
    exercise: str,
    student: Any,
    seed: int,
    earlier: Mapping[str, ExerciseResult] = MappingProxyType({}),
    *,
    probed: Callable[[], Any] | None = None,
    unexplained: Callable[[str, Diagnosis], None] = ignore,
) -> ExerciseResult:
    """Return what holds of a learner's answer to one exercise, and what does not.

    Args:
        checks: The collected checks.
        models: The fault models of the sheet, by exercise.
        exercise: Name of the exercise; ``student`` must offer it.
        student: Offers what the learner wrote as attributes.
        seed: Where the inputs of the checks are drawn from.
        earlier: Results of the learner's other answers, which this one may build on.
        probed: Offers the same answers where no check has called them. An answer that has
            seen the checks' inputs could pass them on through what is shown of it.
        unexplained: Called with the exercise and what is known about it if the answer is
            wrong and no known mistake explains it.
    """
    verdicts = checks.run(exercise, student, seed)
    if all(verdict.error is None for verdict in verdicts):
        return _result(exercise, ExerciseStatus.PASSED, verdicts)
    model = models[exercise]
    status, message = _status(verdicts, model)
    others = built_on(model, earlier)
    if status is ExerciseStatus.FAILED and (own := _known_function(models, model, others)):
        followed = checks.run(exercise, student, seed, instead=own)
        if all(verdict.error is None for verdict in followed):
            return _result(exercise, ExerciseStatus.PASSED, followed, message=FOLLOWS)
    if status in (ExerciseStatus.MISSING, ExerciseStatus.TIMEOUT, ExerciseStatus.CRASHED):
        return _result(exercise, status, verdicts, message=message)
    diagnosis = _diagnosis(model, lambda: student)
    if probed is not None and diagnosis.in_own_words:
        diagnosis = _diagnosis(model, probed)
    if diagnosis.cluster:
        unexplained(exercise, diagnosis)
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


class BuiltOn(msgspec.Struct, frozen=True, array_like=True):
    """What matters of another answer that an answer builds on: right, or how wrong."""

    name: str
    right: bool
    diagnosis: tuple[str, ...]


def built_on(model: FaultModel, earlier: Mapping[str, ExerciseResult]) -> tuple[BuiltOn, ...]:
    """Return all that an assessment knows of earlier answers; nothing unless all are there."""
    names = model.follow_through.names if model.follow_through else ()
    if not earlier.keys() >= set(names):
        return ()
    results = [earlier[name] for name in names]
    return tuple(
        BuiltOn(one.name, one.status is ExerciseStatus.PASSED, tuple(one.diagnosis))
        for one in results
    )


def _known_function(
    models: Mapping[str, FaultModel], model: FaultModel, others: Sequence[BuiltOn]
) -> Function | None:
    """Return what follows from the mistakes in other answers, if those mistakes have names.

    It is worked out from the named mistakes and not from the learner's own functions,
    which could answer one thing when it is checked and another when it is built on.
    """
    follows = model.follow_through
    # What follows from nothing but right answers is right, and was compared already.
    if follows is None or not any(other.diagnosis for other in others):
        return None
    # An answer that is right is worked out like one with no mistake.
    if not all(other.right or _has_known_mistakes(models, other) for other in others):
        return None
    return follows.expected(*(models[other.name].faulty(other.diagnosis) for other in others))


def _has_known_mistakes(models: Mapping[str, FaultModel], other: BuiltOn) -> bool:
    # A mistake that is known by its behavior alone has no function that could be built on.
    faults = {fault.name for fault in models[other.name].faults}
    return bool(other.diagnosis) and faults.issuperset(other.diagnosis)


def _status(verdicts: list[Verdict], model: FaultModel) -> tuple[ExerciseStatus, str]:
    """Return the status that the errors add up to, and a message for people."""
    errors = [verdict.error for verdict in verdicts if verdict.error is not None]
    lost = next((error for error in errors if hasattr(error, "status")), None)
    if lost is not None:
        return ExerciseStatus(lost.status), str(lost)
    if all(isinstance(error, NotImplementedError) for error in errors):
        return ExerciseStatus.MISSING, _still_a_stub(model, str(errors[0]))
    if len(errors) == len(verdicts) and not any(isinstance(error, Mismatch) for error in errors):
        return ExerciseStatus.ERROR, _said(errors[0])
    return ExerciseStatus.FAILED, ""


def _still_a_stub(model: FaultModel, said: str) -> str:
    """Return what is said of an answer that is not written; of a class, which method is meant."""
    if not isinstance(model.implementation, type):
        return "This function is still the stub of the sheet."
    missing = re.search(rf"\b{model.exercise}\.\w+", said)
    which = f": {missing[0]} is not written" if missing else ""
    return f"This class is still the stub of the sheet{which}."


def _diagnosis(model: FaultModel, probed: Callable[[], Any]) -> Diagnosis:
    try:
        return diagnose(model, getattr(probed(), model.exercise))
    except Exception as error:
        # The probes were too much for the student's process, or there is no function to call.
        if hasattr(error, "status") or hasattr(error, "kind"):
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
    if status is ExerciseStatus.FAILED and not unnamed:
        unnamed = NO_CASE
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
        cluster=diagnosis.cluster if diagnosis else "",
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
        return plain_text(str(error))
    kind = getattr(error, "kind", type(error).__name__)
    message = getattr(error, "message", str(error))
    return plain_text(f"{kind}: {message}", 500)
