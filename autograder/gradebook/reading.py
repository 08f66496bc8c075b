"""Attempts as they are stored, read in a few statements for a whole class."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVarTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from autograder.gradebook.columns import storable
from autograder.gradebook.conversion import read_check, read_exercise, read_submission
from autograder.gradebook.naming import table_of
from autograder.gradebook.schema import (
    AttemptRow,
    CheckRow,
    ExerciseRow,
    Learner,
    MarkRow,
    RecordingRow,
    Sheet,
)
from autograder.gradebook.scores import ManualMark, Verdict
from autograder.results import CheckResult, ExerciseResult, SubmissionResult

Owner = tuple[int, int]  # the ids of a learner and a sheet
Row = TypeVarTuple("Row")


@dataclasses.dataclass(frozen=True)
class Scope:
    """Which part of the gradebook is asked for: a course, or one learner or sheet of it."""

    course_id: int
    learner: str | None = None
    stem: str | None = None

    def narrow(self, query: Select[*Row]) -> Select[*Row]:
        """Return ``query``, which has the tables learner and sheet, within this scope."""
        query = query.where(Sheet.course_id == self.course_id)
        if self.learner is not None:
            query = query.where(Learner.name == storable(self.learner))
        if self.stem is not None:
            query = query.where(Sheet.stem == storable(self.stem))
        return query

    def narrow_attempts(self, query: Select[*Row]) -> Select[*Row]:
        """Return ``query``, which has the table attempt, within this scope."""
        joined = query.join(Learner, Learner.id == AttemptRow.learner_id)
        return self.narrow(joined.join(Sheet, Sheet.id == AttemptRow.sheet_id))


@dataclasses.dataclass(frozen=True)
class Stored:
    """One attempt without its exercises.

    Attributes:
        values: The columns of its row, and ``learner`` and ``stem``.
        order: Of two attempts, the later one's is higher.
        recorded_at: When it was recorded last.
        submitted: When its notebook was first handed in, whatever attempt said so.
    """

    values: Mapping[Any, Any]
    order: int
    recorded_at: dt.datetime
    recorded_by: str
    submitted: dt.datetime | None

    @property
    def id(self) -> int:
        """Return the attempt's id."""
        return int(self.values["id"])

    @property
    def owner(self) -> Owner:
        """Return the ids of learner and sheet."""
        return self.values["learner_id"], self.values["sheet_id"]


def attempts(session: Session, scope: Scope) -> dict[Owner, list[Stored]]:
    """Return the attempts of each learner and sheet, sorted by name, the latest last.

    A verdict that a later one on the same notebook with the same seed replaced is left out.
    """
    found = _recorded(session, scope)
    found.sort(key=lambda one: (one.values["learner"], one.values["stem"], one.order))
    newest = {(*one.owner, one.values["digest"], one.values["seed"]): one.id for one in found}
    standing = set(newest.values())
    groups: dict[Owner, list[Stored]] = defaultdict(list)
    for one in found:
        if one.id in standing:
            groups[one.owner].append(one)
    return groups


def _recorded(session: Session, scope: Scope) -> list[Stored]:
    columns = (*table_of(AttemptRow).c, Learner.name.label("learner"), Sheet.stem.label("stem"))
    rows = session.execute(scope.narrow_attempts(select(*columns).select_from(AttemptRow)))
    values = {row["id"]: row for row in rows.mappings()}
    recording = table_of(RecordingRow)
    joined = select(recording).join(AttemptRow, AttemptRow.id == recording.c.attempt_id)
    last = {}
    submitted: dict[tuple[int, int, str], dt.datetime] = {}
    for row in session.execute(scope.narrow_attempts(joined).order_by(recording.c.id)):
        last[row.attempt_id] = row
        if row.submitted_at is not None:
            notebook = _notebook(values[row.attempt_id])
            first = submitted.get(notebook, row.submitted_at)
            submitted[notebook] = min(first, row.submitted_at)
    return [
        Stored(values[key], row.id, row.recorded_at, row.recorded_by, submitted.get(notebook))
        for key, row in last.items()
        for notebook in [_notebook(values[key])]
    ]


def _notebook(values: Mapping[Any, Any]) -> tuple[int, int, str]:
    return values["learner_id"], values["sheet_id"], values["digest"]


def results(
    session: Session, scope: Scope, stored: Iterable[Stored]
) -> dict[int, SubmissionResult]:
    """Return what was recorded, by the attempt's id."""
    checks: dict[tuple[int, int], list[CheckResult]] = defaultdict(list)
    for check in _parts(session, scope, CheckRow):
        checks[check["attempt_id"], check["exercise"]].append(read_check(check))
    exercises: dict[int, list[ExerciseResult]] = defaultdict(list)
    for row in _parts(session, scope, ExerciseRow):
        place = row["attempt_id"], row["position"]
        exercises[row["attempt_id"]].append(read_exercise(row, checks.get(place, [])))
    return {
        one.id: read_submission(one.values, one.submitted, exercises.get(one.id, []))
        for one in stored
    }


def verdicts(
    session: Session, scope: Scope, groups: Mapping[Owner, list[Stored]]
) -> dict[Owner, list[Verdict]]:
    """Return what final scores are made from, for each learner and sheet."""
    row = table_of(ExerciseRow)
    query = select(row.c.attempt_id, row.c.name, row.c.score)
    query = query.join(AttemptRow, AttemptRow.id == row.c.attempt_id)
    scores: dict[int, dict[str, float]] = defaultdict(dict)
    for attempt_id, name, score in session.execute(scope.narrow_attempts(query)):
        scores[attempt_id][name] = score
    return {
        owner: [
            Verdict(
                one.values["score"],
                one.values["max_score"],
                one.values["digest"],
                scores.get(one.id, {}),
                one.submitted,
            )
            for one in attempts
        ]
        for owner, attempts in groups.items()
    }


def marks(session: Session, scope: Scope) -> dict[Owner, list[ManualMark]]:
    """Return every mark ever set, by the ids of learner and sheet, oldest first."""
    query = (
        select(MarkRow)
        .join(Learner, Learner.id == MarkRow.learner_id)
        .join(Sheet, Sheet.id == MarkRow.sheet_id)
        .order_by(MarkRow.id)
    )
    found: dict[Owner, list[ManualMark]] = defaultdict(list)
    for row in session.scalars(scope.narrow(query)):
        found[row.learner_id, row.sheet_id].append(
            ManualMark(
                row.exercise or None, row.score, row.comment, row.digest, row.given_at, row.given_by
            )
        )
    return found


def _parts(
    session: Session, scope: Scope, row: type[ExerciseRow | CheckRow]
) -> Iterable[Mapping[Any, Any]]:
    table = table_of(row)
    query = select(table).join(AttemptRow, AttemptRow.id == table.c.attempt_id)
    ordered = scope.narrow_attempts(query).order_by(*table.primary_key.columns)
    return session.execute(ordered).mappings()
