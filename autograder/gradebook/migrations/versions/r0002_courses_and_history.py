"""Courses, enrollment, due dates, extensions, late rules; and rows are never changed any more.

An attempt's turn becomes rows of `recording`, whose newest is the latest attempt.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

tables = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _needed(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _place(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _name(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, unique=True)


def _reference(table: str, column: str, *, index: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id")
    return sa.Column(column, sa.Integer, key, nullable=False, index=index)


def _by_hand(at: str, by: str) -> tuple[sa.Column[Any], ...]:
    return (sa.Column(at, sa.DateTime(timezone=True), nullable=False), _needed(by, sa.Text))


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))


sa.Table("course", tables, _id(), _name("name"))
sa.Table("learner", tables, _id(), _name("name"))
sa.Table(
    "enrollment",
    tables,
    _id(),
    _reference("course", "course_id"),
    _reference("learner", "learner_id"),
    _needed("enrolled", sa.Boolean),
    *_by_hand("set_at", "set_by"),
    sa.Index(None, "course_id", "learner_id"),
)
sa.Table(
    "sheet",
    tables,
    _id(),
    _reference("course", "course_id"),
    _needed("stem", sa.Text),
    sa.UniqueConstraint("course_id", "stem"),
)
sa.Table(
    "sheet_setting",
    tables,
    _id(),
    _reference("sheet", "sheet_id", index=True),
    _moment("due_at"),
    _needed("late_rule", sa.Text),
    _needed("late_parameter", sa.Double),
    _needed("counting", sa.Text),
    *_by_hand("set_at", "set_by"),
)
sa.Table(
    "extension",
    tables,
    _id(),
    _reference("learner", "learner_id"),
    _reference("sheet", "sheet_id"),
    _moment("due_at"),
    _needed("reason", sa.Text),
    *_by_hand("set_at", "set_by"),
    sa.Index(None, "sheet_id", "learner_id"),
)
sa.Table(
    "attempt",
    tables,
    _id(),
    _reference("learner", "learner_id"),
    _reference("sheet", "sheet_id", index=True),
    *(_needed(name, sa.Text) for name in ("digest", "seed", "fingerprint", "isolation", "status")),
    *(_needed(name, sa.Double) for name in ("score", "max_score", "seconds")),
    _needed("flags", sa.JSON),
    _needed("message", sa.Text),
    _needed("cell_runs", sa.Integer),
    sa.Column("minutes", sa.Double),
    sa.UniqueConstraint("learner_id", "sheet_id", "digest", "seed", "fingerprint"),
)
sa.Table(
    "recording",
    tables,
    _id(),
    _reference("attempt", "attempt_id", index=True),
    _moment("submitted_at"),
    *_by_hand("recorded_at", "recorded_by"),
)
sa.Table(
    "exercise_result",
    tables,
    sa.Column("attempt_id", sa.Integer, sa.ForeignKey("attempt.id"), primary_key=True),
    _place("position"),
    *(_needed(name, sa.Text) for name in ("name", "status")),
    *(_needed(name, sa.Double) for name in ("score", "max_score")),
    _needed("diagnosis", sa.JSON),
    *(_needed(name, sa.Text) for name in ("hint", "counterexample", "read", "read_title")),
    *(_needed(name, sa.Text) for name in ("message", "cluster")),
)
sa.Table(
    "check_result",
    tables,
    sa.Column("attempt_id", sa.Integer, sa.ForeignKey("attempt.id"), primary_key=True),
    _place("exercise"),
    _place("position"),
    *(_needed(name, sa.Text) for name in ("name", "status")),
    *(_needed(name, sa.Double) for name in ("points", "max_points")),
    _needed("message", sa.Text),
)
sa.Table(
    "manual_mark",
    tables,
    _id(),
    _reference("learner", "learner_id"),
    _reference("sheet", "sheet_id"),
    _needed("exercise", sa.Text),
    sa.Column("score", sa.Double),
    *(_needed(name, sa.Text) for name in ("comment", "digest")),
    *_by_hand("given_at", "given_by"),
    sa.Index(None, "sheet_id", "learner_id"),
)

# What is dropped, in an order in which nothing refers to what is gone (SQLite would empty what
# does); and its indexes.
OLD = ("check_result", "exercise_result", "manual_mark", "attempt", "sheet", "learner")
OLD_INDEXES = (
    ("check_result", "exercise_id"),
    ("exercise_result", "attempt_id"),
    ("manual_mark", "learner_id"),
    ("manual_mark", "sheet_id"),
    ("attempt", "learner_id"),
    ("attempt", "sheet_id"),
)
COPY = (
    "INSERT INTO course (id, name) VALUES (1, 'default')",
    "INSERT INTO learner (id, name) SELECT id, name FROM old_learner",
    "INSERT INTO sheet (id, course_id, stem) SELECT id, 1, stem FROM old_sheet",
    """INSERT INTO enrollment (course_id, learner_id, enrolled, set_at, set_by)
       SELECT 1, learner_id, TRUE, min(recorded_at), '' FROM old_attempt GROUP BY learner_id""",
    """INSERT INTO attempt (id, learner_id, sheet_id, digest, seed, fingerprint, isolation,
                            status, score, max_score, seconds, flags, message, cell_runs)
       SELECT id, learner_id, sheet_id, digest, seed, fingerprint, isolation,
              status, score, max_score, seconds, flags, message, 0 FROM old_attempt""",
    """INSERT INTO recording (attempt_id, recorded_at, recorded_by)
       SELECT id, recorded_at, '' FROM old_attempt ORDER BY turn, recorded_at""",
    """INSERT INTO exercise_result (attempt_id, position, name, status, score, max_score,
                                    diagnosis, hint, counterexample, read, read_title,
                                    message, cluster)
       SELECT attempt_id, position, name, status, score, max_score,
              diagnosis, hint, counterexample, read, '', message, '' FROM old_exercise_result""",
    """INSERT INTO check_result (attempt_id, exercise, position, name, status, points,
                                 max_points, message)
       SELECT e.attempt_id, e.position, c.position, c.name, c.status, c.points,
              c.max_points, c.message
       FROM old_check_result AS c JOIN old_exercise_result AS e ON e.id = c.exercise_id""",
    """INSERT INTO manual_mark (id, learner_id, sheet_id, exercise, score, comment, digest,
                                given_at, given_by)
       SELECT id, learner_id, sheet_id, exercise, score, comment, digest, given_at, ''
       FROM old_manual_mark""",
    "UPDATE gradebook_schema SET version = 2",
)


def upgrade() -> None:
    """Make the new tables beside the old ones, copy every row, and drop the old ones."""
    connection = op.get_bind()
    for table, column in OLD_INDEXES:
        op.drop_index(f"ix_{table}_{column}", table)
    for name in OLD:
        op.rename_table(name, f"old_{name}")
    tables.create_all(connection, checkfirst=False)
    for statement in COPY:
        op.execute(statement)
    for name in OLD:
        op.drop_table(f"old_{name}")
    if connection.dialect.name == "postgresql":
        _count_on()


def _count_on() -> None:
    """PostgreSQL gives new rows the number after the highest only if it is told what that is."""
    for name in ("course", "learner", "sheet", "attempt", "manual_mark"):
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "  # noqa: S608
            f"(SELECT coalesce(max(id), 0) + 1 FROM {name}), false)"
        )
