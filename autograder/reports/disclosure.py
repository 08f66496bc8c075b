"""What a learner may read of a result: nothing that tells the inputs of the checks.

What a learner's own function raises inside a check is text of the learner's, and may hold what
the function was given; so its kind is told and its text is not. The same error on a public
probe stands in the smallest failing case, with its text. All of it stays in results.json.

Covered: text of errors, on purpose or by accident. A function that keeps what it was given and
returns it for a probe is stopped elsewhere: what is shown of an answer without a name comes from
a process that no check has called. Not covered: the shapes and differences that a check reports.
"""

from __future__ import annotations

import msgspec

from autograder.plain_text import what_was_raised
from autograder.results import CheckResult, CheckStatus, ExerciseResult, ExerciseStatus

NOT_CHECKED = "not checked"
_OUR_WORDS = frozenset({ExerciseStatus.TIMEOUT, ExerciseStatus.CRASHED})


def for_learner(exercise: ExerciseResult) -> ExerciseResult:
    """Return ``exercise`` without the text of errors that were raised inside checks."""
    hidden = {
        check.message: what_was_raised(check.message)
        for check in exercise.checks
        if _is_told(check, exercise)
    }
    if not hidden:
        return exercise
    return msgspec.structs.replace(
        exercise,
        message=hidden.get(exercise.message, exercise.message),
        checks=[
            msgspec.structs.replace(check, message=hidden[check.message])
            if _is_told(check, exercise)
            else check
            for check in exercise.checks
        ],
    )


def _is_told(check: CheckResult, exercise: ExerciseResult) -> bool:
    """Return whether the learner's code told the message, and not the grader."""
    if check.status is not CheckStatus.ERROR or check.message in ("", NOT_CHECKED):
        return False
    return not (exercise.status in _OUR_WORDS and check.message == exercise.message)
