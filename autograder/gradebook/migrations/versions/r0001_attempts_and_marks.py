"""The first tables: learners, sheets, attempts with their results, and manual marks.

Files from before there were migrations hold exactly these.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

tables = sa.MetaData()


def _needed(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _name(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, unique=True)


def _reference(table: str, column: str, *, cascade: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else None)
    return sa.Column(column, sa.Integer, key, nullable=False, index=True)


schema_version = sa.Table(
    "gradebook_schema",
    tables,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)
learner = sa.Table("learner", tables, _id(), _name("name"))
sheet = sa.Table("sheet", tables, _id(), sa.Column("stem", sa.Text, nullable=False, unique=True))
attempt = sa.Table(
    "attempt",
    tables,
    _id(),
    _reference("learner", "learner_id"),
    _reference("sheet", "sheet_id"),
    _needed("digest", sa.Text),
    _needed("seed", sa.Text),
    _needed("turn", sa.Integer),
    _needed("fingerprint", sa.Text),
    _needed("isolation", sa.Text),
    _needed("status", sa.Text),
    _needed("score", sa.Double),
    _needed("max_score", sa.Double),
    _needed("seconds", sa.Double),
    _needed("flags", sa.JSON),
    _needed("message", sa.Text),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.UniqueConstraint("learner_id", "sheet_id", "digest", "seed"),
)
exercise_result = sa.Table(
    "exercise_result",
    tables,
    _id(),
    _reference("attempt", "attempt_id", cascade=True),
    _needed("position", sa.Integer),
    _needed("name", sa.Text),
    _needed("status", sa.Text),
    _needed("score", sa.Double),
    _needed("max_score", sa.Double),
    _needed("diagnosis", sa.JSON),
    _needed("hint", sa.Text),
    _needed("counterexample", sa.Text),
    _needed("read", sa.Text),
    _needed("message", sa.Text),
)
check_result = sa.Table(
    "check_result",
    tables,
    _id(),
    _reference("exercise_result", "exercise_id", cascade=True),
    _needed("position", sa.Integer),
    _needed("name", sa.Text),
    _needed("status", sa.Text),
    _needed("points", sa.Double),
    _needed("max_points", sa.Double),
    _needed("message", sa.Text),
)
manual_mark = sa.Table(
    "manual_mark",
    tables,
    _id(),
    _reference("learner", "learner_id"),
    _reference("sheet", "sheet_id"),
    _needed("exercise", sa.Text),
    sa.Column("score", sa.Double),
    _needed("comment", sa.Text),
    _needed("digest", sa.Text),
    sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
)


def upgrade() -> None:
    """Make the tables."""
    tables.create_all(op.get_bind(), checkfirst=False)
    op.execute(schema_version.insert().values(version=1))
