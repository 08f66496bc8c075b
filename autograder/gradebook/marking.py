"""Marks that people set: which are possible, and how they are kept."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.gradebook.problem import GradebookError
from autograder.gradebook.schema import WHOLE_SHEET, ExerciseRow, MarkRow
from autograder.gradebook.scores import in_force
from autograder.gradebook.standing import Standing


def add(
    session: Session,
    standing: Standing,
    exercise: str | None,
    score: float | None,
    comment: str,
    who: str,
) -> None:
    """Add a mark, unless the one in force says the same of the same notebook.

    Raises:
        GradebookError: If the sheet has no such exercise, or the score is out of range.
    """
    _require_possible(session, standing, exercise, score)
    attempt = standing.counting.values
    said = (exercise, score, comment, attempt["digest"])
    if said in [
        (mark.exercise, mark.score, mark.comment, mark.digest)
        for mark in in_force(standing.history)
    ]:
        return
    session.add(
        MarkRow(
            learner_id=attempt["learner_id"],
            sheet_id=attempt["sheet_id"],
            exercise=exercise or WHOLE_SHEET,
            score=score,
            comment=comment,
            digest=attempt["digest"],
            given_by=who,
        )
    )


def _require_possible(
    session: Session, standing: Standing, exercise: str | None, score: float | None
) -> None:
    query = select(ExerciseRow.name, ExerciseRow.max_score).order_by(ExerciseRow.position)
    attempt = standing.counting
    maxima = dict(session.execute(query.where(ExerciseRow.attempt_id == attempt.id)).all())
    if exercise is None:
        highest = standing.final.max_score
    elif exercise in maxima:
        highest = maxima[exercise]
    elif not maxima:  # an unreadable notebook, marked by hand
        highest = standing.final.max_score
    else:
        stem, listed = standing.final.stem, ", ".join(maxima)
        raise GradebookError(f"{stem} has no exercise {exercise!r}; it has {listed}")
    if score is not None and not 0 <= score <= highest:  # NaN lies nowhere
        raise GradebookError(f"a mark must lie between 0 and {highest:g}, got {score:g}")
