"""Who did what, when: everything that ever happened to a course, read from its tables."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.gradebook import settings
from autograder.gradebook.columns import storable
from autograder.gradebook.explaining import time
from autograder.gradebook.reading import Scope
from autograder.gradebook.schema import (
    AttemptRow,
    Enrollment,
    ExtensionRow,
    Learner,
    MarkRow,
    RecordingRow,
    Sheet,
    SheetSetting,
)
from autograder.gradebook.scores import SheetRules


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        who: The account that did it; empty if it was done before that was written down.
        learner: Whom it was about; empty for everybody.
        stem: What sheet it was about; empty for the course.
        what: In words.
    """

    at: dt.datetime
    who: str
    learner: str
    stem: str
    what: str


def events(session: Session, scope: Scope) -> list[Event]:
    """Return what happened within the scope, oldest first."""
    found = [
        *_recordings(session, scope),
        *_marks(session, scope),
        *_extensions(session, scope),
        *_settings(session, scope),
        *_enrollments(session, scope),
    ]
    return sorted(found, key=lambda event: event.at)


def _recordings(session: Session, scope: Scope) -> Iterator[Event]:
    query = (
        select(RecordingRow, AttemptRow, Learner.name, Sheet.stem)
        .join(AttemptRow, AttemptRow.id == RecordingRow.attempt_id)
        .order_by(RecordingRow.id)
    )
    seen: dict[int, dt.datetime | None] = {}
    for row, attempt, learner, stem in session.execute(scope.narrow_attempts(query)):
        what = (
            f"{attempt.status}: {attempt.score:g} of {attempt.max_score:g} "
            f"(notebook {attempt.digest[:8] or '?'}, seed {attempt.seed}, "
            f"isolation {attempt.isolation})"
        )
        again = "graded again, the same verdict: " if attempt.id in seen else ""
        handed_in = f", handed in {time(row.submitted_at)}" if row.submitted_at else ""
        seen[attempt.id] = row.submitted_at
        yield Event(row.recorded_at, row.recorded_by, learner, stem, again + what + handed_in)


def _marks(session: Session, scope: Scope) -> Iterator[Event]:
    query = (
        select(MarkRow, Learner.name, Sheet.stem)
        .join(Learner, Learner.id == MarkRow.learner_id)
        .join(Sheet, Sheet.id == MarkRow.sheet_id)
        .order_by(MarkRow.id)
    )
    for row, learner, stem in session.execute(scope.narrow(query)):
        score = "no mark" if row.score is None else f"{row.score:g} points"
        comment = f": {row.comment}" if row.comment else ""
        what = f"{score} by hand on {row.exercise or 'the whole sheet'}{comment}"
        yield Event(row.given_at, row.given_by, learner, stem, what)


def _extensions(session: Session, scope: Scope) -> Iterator[Event]:
    query = (
        select(ExtensionRow, Learner.name, Sheet.stem)
        .join(Learner, Learner.id == ExtensionRow.learner_id)
        .join(Sheet, Sheet.id == ExtensionRow.sheet_id)
        .order_by(ExtensionRow.id)
    )
    for row, learner, stem in session.execute(scope.narrow(query)):
        what = f"extended to {time(row.due_at)}" if row.due_at else "extension taken back"
        reason = f": {row.reason}" if row.reason else ""
        yield Event(row.set_at, row.set_by, learner, stem, what + reason)


def _settings(session: Session, scope: Scope) -> Iterator[Event]:
    query = (
        select(SheetSetting, Sheet.stem)
        .join(Sheet, Sheet.id == SheetSetting.sheet_id)
        .where(Sheet.course_id == scope.course_id)
        .order_by(SheetSetting.id)
    )
    if scope.stem is not None:
        query = query.where(Sheet.stem == scope.stem)
    before: dict[str, SheetRules] = {}
    for row, stem in session.execute(query):
        after = settings.read_rules(row)
        what = _difference(before.get(stem, SheetRules()), after)
        before[stem] = after
        yield Event(row.set_at, row.set_by, "", stem, what)


def _difference(before: SheetRules, after: SheetRules) -> str:
    changes = []
    if after.due != before.due:
        changes.append(f"due {time(after.due)}" if after.due else "no due date")
    if after.late != before.late:
        changes.append(f"late rule {after.late}")
    if after.counting != before.counting:
        changes.append(f"the {after.counting} attempt counts")
    return ", ".join(changes)


def _enrollments(session: Session, scope: Scope) -> Iterator[Event]:
    if scope.stem is not None:
        return
    query = (
        select(Enrollment, Learner.name)
        .join(Learner, Learner.id == Enrollment.learner_id)
        .where(Enrollment.course_id == scope.course_id)
        .order_by(Enrollment.id)
    )
    if scope.learner is not None:
        query = query.where(Learner.name == storable(scope.learner))
    for row, learner in session.execute(query):
        yield Event(row.set_at, row.set_by, learner, "", "joined" if row.enrolled else "left")
