"""Marks that people set: which are possible, and how they are kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.gradebook.database import GradebookError
from autograder.gradebook.schema import AttemptRow, MarkRow
from autograder.gradebook.scores import ManualMark, in_force

WHOLE_SHEET = ""


def history(session: Session, attempt: AttemptRow) -> list[ManualMark]:
    """Return the marks of the attempt's learner and sheet, oldest first."""
    query = (
        select(MarkRow)
        .filter_by(learner_id=attempt.learner_id, sheet_id=attempt.sheet_id)
        .order_by(MarkRow.id)
    )
    return [
        ManualMark(row.exercise or None, row.score, row.comment, row.digest, row.given_at)
        for row in session.scalars(query)
    ]


def add(
    session: Session, attempt: AttemptRow, exercise: str | None, score: float | None, comment: str
) -> None:
    """Add a mark, unless the one in force says the same of the same notebook.

    Raises:
        GradebookError: If the sheet has no such exercise, or the score is out of range.
    """
    _require_possible(attempt, exercise, score)
    said = (exercise, score, comment, attempt.digest)
    if said in [
        (mark.exercise, mark.score, mark.comment, mark.digest)
        for mark in in_force(history(session, attempt))
    ]:
        return
    session.add(
        MarkRow(
            learner_id=attempt.learner_id,
            sheet_id=attempt.sheet_id,
            exercise=exercise or WHOLE_SHEET,
            score=score,
            comment=comment,
            digest=attempt.digest,
        )
    )


def _require_possible(attempt: AttemptRow, exercise: str | None, score: float | None) -> None:
    maxima = {row.name: row.max_score for row in attempt.exercises}
    if exercise is None:
        highest = attempt.max_score
    elif exercise in maxima:
        highest = maxima[exercise]
    elif not maxima:  # an unreadable notebook, marked by hand
        highest = attempt.max_score
    else:
        raise GradebookError(
            f"{attempt.sheet.stem} has no exercise {exercise!r}; it has {_listed(list(maxima))}"
        )
    if score is not None and not 0 <= score <= highest:  # NaN lies nowhere
        raise GradebookError(f"a mark must lie between 0 and {highest:g}, got {score:g}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
