"""The gradebook's tables.

A learner's attempts at a sheet are ordered by ``turn``: the highest one counts. Manual marks
belong to the learner and the sheet, not to an attempt, so that grading again keeps them.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import ClassVar

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, UniqueConstraint
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

SCHEMA = 1
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return ``text`` with what no database stores (NUL, lone surrogates) as visible escapes."""
    return _NOT_STORABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


class Text(TypeDecorator[str]):
    """Text of any length and any origin."""

    impl = SqlText
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Escape what cannot be stored."""
        return None if value is None else storable(value)


class Moment(TypeDecorator[dt.datetime]):
    """A point in time, in UTC; SQLite forgets time zones, so it is said again on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        """Say that stored times are in UTC."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=dt.UTC)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Base(DeclarativeBase):
    """What all tables share."""

    type_annotation_map: ClassVar = {str: Text, dt.datetime: Moment, list[str]: JSON}


class SchemaVersion(Base):
    """One row that says which tables these are."""

    __tablename__ = "gradebook_schema"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Learner(Base):
    """One person, by the name of their folder."""

    __tablename__ = "learner"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Sheet(Base):
    """One exercise sheet, by its stem."""

    __tablename__ = "sheet"
    id: Mapped[int] = mapped_column(primary_key=True)
    stem: Mapped[str] = mapped_column(unique=True)


class AttemptRow(Base):
    """One graded notebook: a learner, a sheet, the notebook's bytes and the run's seed."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("learner_id", "sheet_id", "digest", "seed"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"), index=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"), index=True)
    digest: Mapped[str]
    seed: Mapped[str]  # a whole number of any size, which no portable integer column holds
    turn: Mapped[int]
    fingerprint: Mapped[str]
    isolation: Mapped[str]
    status: Mapped[str]
    score: Mapped[float]
    max_score: Mapped[float]
    seconds: Mapped[float]
    flags: Mapped[list[str]]
    message: Mapped[str]
    recorded_at: Mapped[dt.datetime] = mapped_column(default=_now, onupdate=_now)
    learner: Mapped[Learner] = relationship()
    sheet: Mapped[Sheet] = relationship()
    exercises: Mapped[list[ExerciseRow]] = relationship(
        order_by="ExerciseRow.position", cascade="all, delete-orphan", passive_deletes=True
    )


class ExerciseRow(Base):
    """The result of one exercise in one attempt."""

    __tablename__ = "exercise_result"
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(
        ForeignKey("attempt.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    name: Mapped[str]
    status: Mapped[str]
    score: Mapped[float]
    max_score: Mapped[float]
    diagnosis: Mapped[list[str]]
    hint: Mapped[str]
    counterexample: Mapped[str]
    read: Mapped[str]
    message: Mapped[str]
    checks: Mapped[list[CheckRow]] = relationship(
        order_by="CheckRow.position", cascade="all, delete-orphan", passive_deletes=True
    )


class CheckRow(Base):
    """The result of one check of one exercise."""

    __tablename__ = "check_result"
    id: Mapped[int] = mapped_column(primary_key=True)
    exercise_id: Mapped[int] = mapped_column(
        ForeignKey("exercise_result.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    name: Mapped[str]
    status: Mapped[str]
    points: Mapped[float]
    max_points: Mapped[float]
    message: Mapped[str]


class MarkRow(Base):
    """One decision of a person. Rows are only added; the newest of an exercise is in force."""

    __tablename__ = "manual_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"), index=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"), index=True)
    exercise: Mapped[str]  # empty: the whole sheet
    score: Mapped[float | None]  # none: withdrawn
    comment: Mapped[str]
    digest: Mapped[str]
    given_at: Mapped[dt.datetime] = mapped_column(default=_now)
