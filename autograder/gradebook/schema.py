"""The gradebook's tables.

Rows are added and never changed or removed, so the tables are their own history: of the rows
about one thing the newest is in force. An **attempt** is one verdict on one notebook; a
**recording** says when it was entered. Grading again adds a verdict where it differs, and the
earlier one stays. Marks, extensions and settings belong to the learner and the sheet, not to
an attempt, so that grading again keeps them.

A change here needs a migration in `autograder/gradebook/migrations/versions`; a test compares.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from sqlalchemy import JSON, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from autograder.gradebook.columns import Moment, Text, now

DEFAULT_COURSE = "default"
WHOLE_SHEET = ""  # in the place of an exercise's name


class Base(DeclarativeBase):
    """What all tables share."""

    type_annotation_map: ClassVar = {str: Text, dt.datetime: Moment, list[str]: JSON}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class SchemaVersion(Base):
    """One row that makes programs from before the migrations refuse these tables."""

    __tablename__ = "gradebook_schema"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Course(Base):
    """One course: it has sheets, and learners are enrolled in it."""

    __tablename__ = "course"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Learner(Base):
    """One person, by the name of their folder; the same in every course."""

    __tablename__ = "learner"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Enrollment(Base):
    """A learner joins or leaves a course; their newest row says which."""

    __tablename__ = "enrollment"
    __table_args__ = (Index(None, "course_id", "learner_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    enrolled: Mapped[bool]
    set_at: Mapped[dt.datetime] = mapped_column(default=now)
    set_by: Mapped[str]


class Sheet(Base):
    """One exercise sheet of a course, by its stem."""

    __tablename__ = "sheet"
    __table_args__ = (UniqueConstraint("course_id", "stem"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    stem: Mapped[str]


class SheetSetting(Base):
    """The rules of a sheet. Each change adds a row with all of them."""

    __tablename__ = "sheet_setting"
    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"), index=True)
    due_at: Mapped[dt.datetime | None]
    late_rule: Mapped[str]
    late_parameter: Mapped[float]
    counting: Mapped[str]
    set_at: Mapped[dt.datetime] = mapped_column(default=now)
    set_by: Mapped[str]


class ExtensionRow(Base):
    """A due date of one learner's own; none takes it back."""

    __tablename__ = "extension"
    __table_args__ = (Index(None, "sheet_id", "learner_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"))
    due_at: Mapped[dt.datetime | None]
    reason: Mapped[str]
    set_at: Mapped[dt.datetime] = mapped_column(default=now)
    set_by: Mapped[str]


class AttemptRow(Base):
    """One verdict on one notebook: a learner, a sheet, the notebook's bytes, the run's seed."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("learner_id", "sheet_id", "digest", "seed", "fingerprint"),
        Index(None, "sheet_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"))
    digest: Mapped[str]
    seed: Mapped[str]  # a whole number of any size, which no portable integer column holds
    fingerprint: Mapped[str]
    isolation: Mapped[str]
    status: Mapped[str]
    score: Mapped[float]
    max_score: Mapped[float]
    seconds: Mapped[float]
    flags: Mapped[list[str]]
    message: Mapped[str]
    cell_runs: Mapped[int]
    minutes: Mapped[float | None]


class RecordingRow(Base):
    """An attempt was entered, as a new one or to count again; the newest is the latest."""

    __tablename__ = "recording"
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    submitted_at: Mapped[dt.datetime | None]  # when the notebook was handed in
    recorded_at: Mapped[dt.datetime] = mapped_column(default=now)
    recorded_by: Mapped[str]


class ExerciseRow(Base):
    """The result of one exercise in one attempt."""

    __tablename__ = "exercise_result"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    score: Mapped[float]
    max_score: Mapped[float]
    diagnosis: Mapped[list[str]]
    hint: Mapped[str]
    counterexample: Mapped[str]
    read: Mapped[str]
    read_title: Mapped[str]
    message: Mapped[str]
    cluster: Mapped[str]


class CheckRow(Base):
    """The result of one check of one exercise."""

    __tablename__ = "check_result"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    exercise: Mapped[int] = mapped_column(primary_key=True)  # the exercise's position
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    points: Mapped[float]
    max_points: Mapped[float]
    message: Mapped[str]


class MarkRow(Base):
    """One decision of a person; the newest of an exercise is in force."""

    __tablename__ = "manual_mark"
    __table_args__ = (Index(None, "sheet_id", "learner_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"))
    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"))
    exercise: Mapped[str]  # empty: the whole sheet
    score: Mapped[float | None]  # none: withdrawn
    comment: Mapped[str]
    digest: Mapped[str]
    given_at: Mapped[dt.datetime] = mapped_column(default=now)
    given_by: Mapped[str]
