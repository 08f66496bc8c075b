"""The gradebook itself: what is entered, and what is asked of it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, selectinload

from autograder.gradebook import conversion, database, marking
from autograder.gradebook.database import GradebookError
from autograder.gradebook.entry import enter
from autograder.gradebook.schema import AttemptRow, ExerciseRow, Learner, Sheet, storable
from autograder.gradebook.scores import FinalScore, ManualMark, final_score
from autograder.results import SubmissionResult

BATCH = 100


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One graded notebook as the gradebook holds it.

    Attributes:
        counts: Whether this is the learner's latest attempt at the sheet.
        recorded_at: When it was entered or last changed, in UTC.
    """

    result: SubmissionResult
    seed: int
    isolation: str
    recorded_at: dt.datetime
    counts: bool


class Gradebook:
    """Attempts and manual marks in a database; a context manager.

    Args:
        url: Any SQLAlchemy URL, such as ``sqlite:///grades.db``, or the path of an SQLite
            file, which may hold any character. A missing file is created.

    Raises:
        GradebookError: From every method, if the database cannot be used.
    """

    def __init__(self, url: str | Path) -> None:
        self._url = database.parse(url)
        self._engine = database.open_engine(self._url)

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def record(self, results: Iterable[SubmissionResult], *, seed: int, isolation: str) -> int:
        """Enter attempts, and return how many of them changed the gradebook.

        An attempt is a learner, a sheet, the notebook's digest and the seed. Recording it
        again changes nothing; if its verdict differs (the checks were corrected), the new
        verdict replaces the old. The attempt recorded last is the one that counts.
        Results are read as a stream and written in batches: a crash loses the last batch,
        never half of a submission.
        """
        stream = iter(results)
        changes = 0
        while batch := list(itertools.islice(stream, BATCH)):
            with self._transaction() as session:
                changes += sum(
                    enter(session, result, seed=seed, isolation=isolation) for result in batch
                )
        return changes

    def attempts(self, learner: str | None = None, stem: str | None = None) -> list[Attempt]:
        """Return attempts, oldest first for each learner and sheet; all of them by default."""
        with self._transaction() as session:
            rows = _attempt_rows(session, learner, stem)
            latest = {(row.learner_id, row.sheet_id): row.turn for row in rows}
            return [
                _attempt(row, counts=latest[row.learner_id, row.sheet_id] == row.turn)
                for row in rows
            ]

    def set_manual_mark(
        self,
        learner: str,
        stem: str,
        score: float | None,
        *,
        exercise: str | None = None,
        comment: str = "",
    ) -> None:
        """Let a person's decision count instead of the automatic score, now and when graded again.

        ``score`` is in points, from 0 to the maximum; none withdraws a mark, or only comments.
        Without ``exercise`` the mark is for the whole sheet.

        Raises:
            GradebookError: If there is no such attempt or exercise, or the score is out of range.
        """
        with self._transaction() as session:
            marking.add(
                session, _counting(session, learner, stem), exercise, score, storable(comment)
            )

    def manual_marks(self, learner: str, stem: str) -> list[ManualMark]:
        """Return every mark ever set for a learner's sheet, oldest first."""
        with self._transaction() as session:
            return marking.history(session, _counting(session, learner, stem))

    def final_score(self, learner: str, stem: str) -> FinalScore:
        """Return what counts: the latest attempt's score with the manual marks in force.

        Raises:
            GradebookError: If the learner has no attempt at this sheet.
        """
        with self._transaction() as session:
            row = _counting(session, learner, stem)
            return final_score(conversion.read(row), marking.history(session, row))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Session]:
        with database.plain_errors(self._url), Session(self._engine) as session, session.begin():
            yield session


def _attempt_rows(session: Session, learner: str | None, stem: str | None) -> list[AttemptRow]:
    query = (
        select(AttemptRow)
        .join(AttemptRow.learner)
        .join(AttemptRow.sheet)
        .options(contains_eager(AttemptRow.learner), contains_eager(AttemptRow.sheet))
        .options(selectinload(AttemptRow.exercises).selectinload(ExerciseRow.checks))
        .order_by(Learner.name, Sheet.stem, AttemptRow.turn)
    )
    if learner is not None:
        query = query.where(Learner.name == storable(learner))
    if stem is not None:
        query = query.where(Sheet.stem == storable(stem))
    return list(session.scalars(query))


def _counting(session: Session, learner: str, stem: str) -> AttemptRow:
    rows = _attempt_rows(session, learner, stem)
    if not rows:
        raise GradebookError(
            f"the gradebook has no attempt of {learner!r} at {stem!r}; grade the notebook first"
        )
    return rows[-1]


def _attempt(row: AttemptRow, *, counts: bool) -> Attempt:
    return Attempt(conversion.read(row), int(row.seed), row.isolation, row.recorded_at, counts)
