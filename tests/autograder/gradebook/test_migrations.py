"""Tables through time: old ones are brought up to date without loss, newer ones are refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from autograder.gradebook import Gradebook, GradebookError, database, upgrading
from autograder.gradebook.migrations.versions import r0001_attempts_and_marks as first
from autograder.gradebook.schema import Base
from autograder.results import SubmissionStatus

pytestmark = pytest.mark.slow
# A gradebook that the program made before it had migrations: an attempt put back, a seed of 71
# bits, an unreadable notebook, marks set and withdrawn.
SCHEMA_1 = (Path(__file__).parent / "schema1.sql").read_text()


def old_file(path):
    """Make a gradebook of schema 1."""
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.executescript(SCHEMA_1)


@pytest.fixture
def old(new_url, tmp_path):
    """Return the URL of a gradebook of schema 1, on each kind of database."""
    if new_url.startswith("sqlite"):
        old_file(tmp_path / "grades.db")
        return new_url
    engine = sqlalchemy.create_engine(new_url)
    with engine.begin() as connection:
        first.tables.create_all(connection)
        rows = re.findall(r'(?ms)^INSERT INTO "(\w+)" VALUES(\(.*?\));$', SCHEMA_1)
        for table in first.tables.sorted_tables:
            for values in (values for name, values in rows if name == table.name):
                utc = re.sub(r"'(\d{4}-\d\d-\d\d [\d:.]+)'", r"'\1+00'", values)
                connection.exec_driver_sql(f'INSERT INTO "{table.name}" VALUES {utc}')
    engine.dispose()
    return new_url


def test_an_old_gradebook_is_brought_up_to_date_without_loss(old, graded):
    with Gradebook(old) as book:
        attempts = book.attempts()
        marks = book.manual_marks("ada", "attention")
        scores = {(one.learner, one.stem): one.score for one in book.grades()}
    assert [(one.result.learner, one.result.digest, one.seed, one.counts) for one in attempts] == [
        ("O'Hara 名前", "d3", 7, True),
        ("ada", "d2", 2**70, False),
        ("ada", "d1", 7, True),
        ("ada", "d4", 7, True),
        ("cy", "d5", 7, True),
    ]
    assert attempts[2].result == graded("ada", causal=1.0, digest="d1")
    assert attempts[1].isolation == "reduced"
    assert attempts[2].recorded_at.tzinfo is dt.UTC
    unreadable = attempts[4].result
    assert (unreadable.status, unreadable.flags) == (SubmissionStatus.UNREADABLE, ["a flag"])
    assert unreadable.message == "line 1\nline 2"
    assert [(mark.score, mark.comment) for mark in marks] == [
        (2.5, "good idea"), (None, "withdrawn"), (2.0, "after all"),
    ]  # fmt: skip
    assert scores == {
        ("O'Hara 名前", "attention"): 5.0,
        ("ada", "attention"): 5.0,
        ("ada", "masks"): 6.0,
        ("cy", "attention"): 0.0,
    }


def test_an_old_gradebook_goes_on_where_it_was(old, graded):
    with Gradebook(old, who="kim") as book:
        same = [graded("ada", causal=1.0, digest="d1"), graded("ada", "masks", digest="d4")]
        assert book.record(same, seed=7, isolation="full") == 0
        assert book.record([graded("dora"), graded("ada", digest="d9")], seed=7, isolation="full")
        book.set_manual_mark("dora", "attention", 1.0)
        assert {one.learner for one in book.grades()} == {"ada", "cy", "dora", "O'Hara 名前"}
        assert book.learners() == ["O'Hara 名前", "ada", "cy", "dora"]
        assert {event.who for event in book.history()} == {"", "kim"}
    with Gradebook(old) as book:
        assert len(book.attempts()) == 7


def test_the_old_tables_are_gone_and_programs_of_that_time_refuse(old):
    Gradebook(old).close()
    engine = sqlalchemy.create_engine(old)
    inspector = sqlalchemy.inspect(engine)
    expected = {*Base.metadata.tables, "alembic_version"}
    assert set(inspector.get_table_names()) == expected
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT version FROM gradebook_schema")) == 2
    engine.dispose()


def test_the_first_step_makes_the_tables_of_schema_1(tmp_path):
    old_file(tmp_path / "old.db")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/new.db")
    first.tables.create_all(engine)
    engine.dispose()

    def definitions(name):
        with contextlib.closing(sqlite3.connect(tmp_path / name)) as raw:
            return sorted(raw.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"))

    assert definitions("new.db") == definitions("old.db")


def test_the_migrations_end_in_the_tables_that_the_program_uses(new_url):
    Gradebook(new_url).close()
    engine = sqlalchemy.create_engine(new_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_every_key_and_reference_is_the_one_that_the_program_uses(new_url):
    """What Alembic does not compare: primary keys, and the names of constraints."""
    Gradebook(new_url).close()
    engine = sqlalchemy.create_engine(new_url)
    inspector = sqlalchemy.inspect(engine)
    for name, table in Base.metadata.tables.items():
        if name == "gradebook_schema":  # the one table that was never remade
            continue
        key = inspector.get_pk_constraint(name)
        assert key["name"] == table.primary_key.name
        assert key["constrained_columns"] == [one.name for one in table.primary_key.columns]
        references = {one["name"] for one in inspector.get_foreign_keys(name)}
        assert references == {one.name for one in table.foreign_key_constraints}
    engine.dispose()


def test_the_newest_step_is_the_one_that_the_program_names():
    config = Config()
    config.set_main_option("script_location", str(upgrading.MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [upgrading.HEAD]
    steps = [step.revision for step in script.walk_revisions()]
    assert steps == sorted(steps, reverse=True)
    assert all(re.fullmatch(r"\d{4}", step) for step in steps)


@pytest.mark.parametrize("step", ["0003", "0100"])
def test_a_newer_gradebook_is_refused_and_left_as_it_is(new_url, step):
    Gradebook(new_url).close()
    engine = sqlalchemy.create_engine(new_url)
    change = sqlalchemy.text("UPDATE alembic_version SET version_num = :step")
    with engine.begin() as connection:
        connection.execute(change, {"step": step})
    words = f"has schema {step}, and this version of autograder knows those up to 0002: use the"
    with pytest.raises(GradebookError, match=words):
        Gradebook(new_url)
    with engine.connect() as connection:
        found = connection.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    assert found == step


def test_tables_that_no_program_made_are_refused_and_left_as_they_are(file_url, tmp_path):
    old_file(tmp_path / "grades.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "grades.db")) as raw, raw:
        raw.execute("UPDATE gradebook_schema SET version = 99")
    with pytest.raises(GradebookError, match="has schema 99, and this version"):
        Gradebook(file_url)
    with contextlib.closing(sqlite3.connect(tmp_path / "grades.db")) as raw:
        assert raw.execute("SELECT count(*) FROM check_result").fetchone() == (8,)
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
    assert "alembic_version" not in tables


def test_a_migration_that_fails_leaves_the_old_gradebook_whole(old, monkeypatch):
    real = upgrading.upgrade

    def breaks_off(connection):
        real(connection)
        raise OSError("the machine went away")

    monkeypatch.setattr(upgrading, "upgrade", breaks_off)
    with pytest.raises(OSError, match="went away"):
        Gradebook(old)
    monkeypatch.undo()
    with Gradebook(old) as book:
        assert len(book.attempts()) == 5


def test_several_programs_may_open_an_old_gradebook_at_the_same_time(old):
    def count(_number):
        with Gradebook(old) as book:
            return len(book.attempts())

    with ThreadPoolExecutor(4) as programs:
        assert list(programs.map(count, range(4))) == [5] * 4


def test_several_programs_may_make_the_same_gradebook(new_url):
    def opened(_number):
        with Gradebook(new_url) as book:
            return book.courses()

    with ThreadPoolExecutor(4) as programs:
        assert list(programs.map(opened, range(4))) == [["default"]] * 4


def test_references_are_checked_again_after_a_migration(file_url, tmp_path):
    old_file(tmp_path / "grades.db")
    engine = database.open_engine(make_url(file_url))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()


def test_a_gradebook_that_is_up_to_date_is_opened_without_alembic(new_url, monkeypatch):
    Gradebook(new_url).close()
    monkeypatch.setattr(upgrading, "upgrade", None)
    Gradebook(new_url).close()
