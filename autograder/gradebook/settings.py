"""Due dates, late rules and extensions: what is in force, and how it is changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.gradebook.late import Late
from autograder.gradebook.problem import GradebookError, unknown
from autograder.gradebook.schema import ExtensionRow, Sheet, SheetSetting
from autograder.gradebook.scores import COUNTING, Extension, SheetRules


def rules(session: Session, course_id: int) -> dict[int, SheetRules]:
    """Return the rules of a course's sheets, by the sheet's id."""
    found = dict.fromkeys(
        session.scalars(select(Sheet.id).where(Sheet.course_id == course_id)), SheetRules()
    )
    query = (
        select(SheetSetting)
        .join(Sheet, Sheet.id == SheetSetting.sheet_id)
        .where(Sheet.course_id == course_id)
        .order_by(SheetSetting.id)
    )
    return found | {row.sheet_id: read_rules(row) for row in session.scalars(query)}


def read_rules(row: SheetSetting) -> SheetRules:
    """Return the rules that a row holds."""
    return SheetRules(row.due_at, Late(row.late_rule, row.late_parameter), row.counting)


def change(session: Session, sheet_id: int, before: SheetRules, who: str, **new: Any) -> None:
    """Let other rules hold for a sheet; nothing is added where they are the same.

    Raises:
        GradebookError: If there is no such rule, or a time without a time zone was given.
    """
    after = dataclasses.replace(before, **new)
    require_zone(after.due)
    after.late.function()
    if after.counting not in COUNTING:
        raise unknown("way of counting attempts", after.counting, COUNTING, "choose one of these")
    if after != before:
        session.add(
            SheetSetting(
                sheet_id=sheet_id,
                due_at=after.due,
                late_rule=after.late.rule,
                late_parameter=after.late.parameter,
                counting=after.counting,
                set_by=who,
            )
        )


def extensions(session: Session, course_id: int) -> dict[tuple[int, int], Extension]:
    """Return the extensions in force, by the ids of learner and sheet."""
    query = (
        select(ExtensionRow)
        .join(Sheet, Sheet.id == ExtensionRow.sheet_id)
        .where(Sheet.course_id == course_id)
        .order_by(ExtensionRow.id)
    )
    newest = {(row.learner_id, row.sheet_id): row for row in session.scalars(query)}
    return {
        owner: Extension(row.due_at, row.reason)
        for owner, row in newest.items()
        if row.due_at is not None
    }


def extend(
    session: Session,
    owner: tuple[int, int],
    before: Extension | None,
    after: Extension | None,
    who: str,
) -> None:
    """Give a learner a due date of their own, or take it back.

    Raises:
        GradebookError: If the time has no time zone.
    """
    due, reason = (after.due, after.reason) if after else (None, "")
    require_zone(due)
    if after != before:
        learner_id, sheet_id = owner
        session.add(
            ExtensionRow(
                learner_id=learner_id, sheet_id=sheet_id, due_at=due, reason=reason, set_by=who
            )
        )


def require_zone(time: dt.datetime | None) -> None:
    """Raise a GradebookError for a time that means another moment in every place."""
    if time is not None and time.tzinfo is None:
        raise GradebookError(
            f"a due date needs a time zone, as 2026-03-01T23:59+01:00 has; got {time.isoformat()}"
        )
