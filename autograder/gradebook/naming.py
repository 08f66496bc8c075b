"""From names to the rows that bear them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from autograder.gradebook.columns import storable
from autograder.gradebook.problem import unknown
from autograder.gradebook.schema import Base, Course, Learner, Sheet


def table_of(row: type[Base]) -> Table:
    """Return the table behind a row's class, for inserting many at once."""
    return cast(Table, row.__table__)


def learner_ids(session: Session, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of learners by name; those who are not there yet are added."""
    return _ids(session, Learner, "name", names)


def sheet_ids(session: Session, course_id: int, stems: Iterable[str]) -> dict[str, int]:
    """Return the ids of a course's sheets by stem; those that are not there yet are added."""
    return _ids(session, Sheet, "stem", stems, course_id=course_id)


def require_course(session: Session, name: str) -> int:
    """Return a course's id.

    Raises:
        GradebookError: If there is none of this name.
    """
    courses = dict(session.execute(select(Course.name, Course.id)).all())
    if storable(name) not in courses:
        raise unknown("course", name, courses, "add it first if it is a new one")
    return courses[storable(name)]


def require_learner(session: Session, name: str) -> int:
    """Return a learner's id.

    Raises:
        GradebookError: If there is none of this name; it lists near ones.
    """
    found = session.scalar(select(Learner.id).where(Learner.name == name))
    if found is None:
        known = session.scalars(select(Learner.name))
        raise unknown("learner", name, known, "grade a notebook of theirs or enroll them first")
    return found


def require_sheet(session: Session, course_id: int, stem: str) -> int:
    """Return a sheet's id.

    Raises:
        GradebookError: If the course has none of this stem; it lists near ones.
    """
    stems = select(Sheet.stem, Sheet.id).where(Sheet.course_id == course_id)
    sheets = dict(session.execute(stems).all())
    if storable(stem) not in sheets:
        raise unknown("sheet", stem, sheets, "grade one or add it first")
    return sheets[storable(stem)]


def _ids(
    session: Session, row: type[Learner | Sheet], key: str, names: Iterable[str], **fixed: Any
) -> dict[str, int]:
    table, wanted = table_of(row), set(names)
    query = select(table.c[key], table.c.id).filter_by(**fixed).where(table.c[key].in_(wanted))
    known: dict[str, int] = dict(session.execute(query).all())
    if missing := sorted(wanted - known.keys()):
        session.execute(insert(table), [{key: name, **fixed} for name in missing])
        known = dict(session.execute(query).all())
    return known
