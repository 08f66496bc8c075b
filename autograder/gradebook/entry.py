"""Entering one attempt."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from autograder.gradebook import conversion
from autograder.gradebook.schema import AttemptRow, Learner, Sheet
from autograder.results import SubmissionResult


def enter(session: Session, result: SubmissionResult, *, seed: int, isolation: str) -> bool:
    """Write one attempt and return whether anything changed.

    Nothing changes where the same verdict stands already and is the one that counts.
    """
    result = conversion.storable_result(result)
    learner, sheet = _learner(session, result.learner), _sheet(session, result.stem)
    key = {"learner_id": learner.id, "sheet_id": sheet.id}
    turn = session.scalar(select(func.max(AttemptRow.turn)).filter_by(**key)) or 0
    row = session.scalar(select(AttemptRow).filter_by(**key, digest=result.digest, seed=str(seed)))
    fingerprint = conversion.fingerprint(result, isolation)
    if row is None:
        row = AttemptRow(learner=learner, sheet=sheet, digest=result.digest, seed=str(seed))
    elif (row.turn, row.fingerprint) == (turn, fingerprint):
        return False
    row.turn, row.fingerprint, row.isolation = turn + 1, fingerprint, isolation
    conversion.write(result, row)
    session.add(row)
    session.flush()
    return True


def _learner(session: Session, name: str) -> Learner:
    learner = session.scalar(select(Learner).where(Learner.name == name)) or Learner(name=name)
    session.add(learner)
    session.flush()
    return learner


def _sheet(session: Session, stem: str) -> Sheet:
    sheet = session.scalar(select(Sheet).where(Sheet.stem == stem)) or Sheet(stem=stem)
    session.add(sheet)
    session.flush()
    return sheet
