"""One submission's result as Gradescope reads it: ``results.json``.

Gradescope's documentation, "Autograder Specifications", section "Output format",
https://gradescope-autograders.readthedocs.io/en/latest/specs/. Every text is sent as plain text,
so that Gradescope escapes what a learner may have written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from autograder.exports.cells import number_cell
from autograder.plain_text import plain_text
from autograder.results import (
    CheckResult,
    CheckStatus,
    ClassResults,
    ExerciseResult,
    Grade,
    SubmissionResult,
    SubmissionStatus,
)

Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]
VISIBILITIES: tuple[Visibility, ...] = ("hidden", "after_due_date", "after_published", "visible")
FULL = "full"


def gradescope_results(
    results: ClassResults, grades: Sequence[Grade] = (), visibility: Visibility = "visible"
) -> Iterator[tuple[str, str, bytes]]:
    """Yield learner, sheet and ``results.json`` for each submission of a class.

    Args:
        results: What the grader found.
        grades: What counts in the end, where that is known: the score that Gradescope shows.
        visibility: When learners may see it.
    """
    final = {(grade.learner, grade.stem): grade.score for grade in grades}
    for one in results.submissions:
        score = final.get((one.learner, one.stem), one.score)
        content = gradescope_json(
            one, isolation=results.isolation, score=score, visibility=visibility
        )
        yield one.learner, one.stem, content


def gradescope_json(
    submission: SubmissionResult,
    *,
    isolation: str,
    score: float | None = None,
    visibility: Visibility = "visible",
) -> bytes:
    """Return one submission's ``results.json``: a test for each check.

    Args:
        submission: What the grader found.
        isolation: How the notebook was walled off; anything but full is said at the top.
        score: What counts, if that is not the sum of the checks.
        visibility: When the learner may see it.
    """
    score = submission.score if score is None else score
    return _encode(
        {
            "score": number_cell(score),
            "execution_time": round(submission.seconds),
            "output": plain_text("\n".join(_overview(submission, isolation, score))),
            "visibility": visibility,
            "tests": list(_tests(submission.exercises, visibility)),
            "extra_data": {"sheet": submission.stem, "isolation": isolation},
        }
    )


def gradescope_refusal(message: str) -> bytes:
    """Return a ``results.json`` that says why nothing was graded, at 0 points."""
    return _encode({"score": 0, "output": plain_text(message), "visibility": "visible"})


def _encode(content: Mapping[str, Any]) -> bytes:
    plain = dict.fromkeys(("output_format", "test_output_format", "test_name_format"), "text")
    return msgspec.json.format(msgspec.json.encode({**content, **plain}), indent=1) + b"\n"


def _overview(submission: SubmissionResult, isolation: str, score: float) -> Iterator[str]:
    if submission.status is SubmissionStatus.UNREADABLE:
        yield f"The notebook could not be read: {submission.message}"
        return
    yield f"{submission.stem}: {number_cell(score)} of {number_cell(submission.max_score)} points."
    if score != submission.score:
        yield f"The checks give {number_cell(submission.score)}; a person or a due date changed it."
    if isolation != FULL:
        yield f"Graded in {isolation} isolation."
    if submission.message:
        yield submission.message


def _tests(
    exercises: Iterable[ExerciseResult], visibility: Visibility
) -> Iterator[Mapping[str, Any]]:
    for number, exercise in enumerate(exercises, start=1):
        explanation = _explanation(exercise)
        for place, check in enumerate(exercise.checks, start=1):
            passed = check.status is CheckStatus.PASSED
            text = "" if passed else _joined([check.message, explanation])
            # The mistake is explained once, at the first check that shows it.
            explanation = explanation if passed else ""
            yield _test(f"{number}.{place}", exercise, check, text, visibility)


def _test(
    number: str, exercise: ExerciseResult, check: CheckResult, text: str, visibility: Visibility
) -> Mapping[str, Any]:
    passed = check.status is CheckStatus.PASSED
    return {
        "score": number_cell(check.points),
        "max_score": number_cell(check.max_points),
        "status": "passed" if passed else "failed",
        "name": f"{exercise.name}: {check.name}",
        "number": number,
        "output": plain_text(text),
        "visibility": visibility,
    }


def _explanation(exercise: ExerciseResult) -> str:
    mistake = f"The mistake: {' + '.join(exercise.diagnosis)}" if exercise.diagnosis else ""
    case = exercise.counterexample and f"The smallest case that fails:\n{exercise.counterexample}"
    read = exercise.read_title and f"Read: {exercise.read_title}"
    return _joined([exercise.message, mistake, exercise.hint, case, read])


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text)
