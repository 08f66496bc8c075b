"""Opening a database, and saying plainly why one cannot be opened."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    exc,
    func,
    make_url,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

from autograder.gradebook import upgrading
from autograder.gradebook.problem import GradebookError

WAIT_FOR_OTHERS_MS = 30_000
ONLY_READS = "gradebook_only_reads"
WRITERS = 0x67726164  # the number of PostgreSQL's lock that writers of gradebooks share
EXAMPLE = "for example sqlite:///grades.db"


def parse(url: str | Path) -> URL:
    """Return ``url`` in parts; a path is that of an SQLite file.

    Raises:
        GradebookError: If it is not a database URL.
    """
    if isinstance(url, Path):
        return URL.create("sqlite", database=str(url))
    try:
        return make_url(url)
    except (exc.ArgumentError, ValueError):
        scheme = url.split("://")[0] if "://" in url else ""
        shown = f"{scheme}://…" if scheme else repr(url)  # what follows may hold a password
        raise GradebookError(
            f"the gradebook's URL must be a database URL, {EXAMPLE}; got {shown}"
        ) from None


def open_engine(url: URL) -> Engine:
    """Return an engine whose tables exist and are up to date.

    Raises:
        GradebookError: If the database cannot be opened or holds a newer version's tables.
    """
    _require_folder(url)
    with plain_errors(url):
        if url.get_backend_name() == "sqlite":
            engine = create_engine(url)
            _make_crash_safe(engine)
        else:
            # A server may have been restarted since the last call.
            engine = create_engine(url, pool_pre_ping=True)
        try:
            _prepare(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def reading(engine: Engine) -> Engine:
    """Return ``engine`` for transactions that only read: one state of everything, no lock."""
    if engine.dialect.name == "sqlite":  # a transaction sees one state as it is
        return engine.execution_options(**{ONLY_READS: True})
    return engine.execution_options(isolation_level="REPEATABLE READ")


def take_turn(connection: Connection) -> None:
    """Wait until no other program writes to the gradebook; the transaction's end lets go.

    With SQLite a transaction that may write has waited when it began.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(WRITERS)))


@contextlib.contextmanager
def plain_errors(url: URL) -> Iterator[None]:
    """Turn what a database driver raises into a GradebookError that names the gradebook."""
    try:
        yield
    except exc.NoSuchModuleError:
        raise GradebookError(f"no such kind of database: {url.drivername}; {EXAMPLE}") from None
    except ModuleNotFoundError as error:
        raise GradebookError(
            f"{url.drivername} needs the Python package {error.name}: install it first{_extra(url)}"
        ) from None
    except exc.DBAPIError as error:
        raise GradebookError(
            f"cannot use the gradebook {_name(url)}: {_reason(str(error.orig))}"
        ) from error
    except exc.SQLAlchemyError as error:
        raise GradebookError(f"cannot use the gradebook {_name(url)}: {error}") from error


def _prepare(engine: Engine) -> None:
    try:
        with reading(engine).begin() as connection:
            current = upgrading.is_current(connection)
        if not current:
            _upgrade(engine)
    except upgrading.UnknownSchemaError as error:
        raise GradebookError(
            f"the gradebook {_name(engine.url)} has schema {error}, and this version of autograder "
            f"knows those up to {upgrading.HEAD}: use the newer autograder that made it"
        ) from None


def _upgrade(engine: Engine) -> None:
    with engine.begin() as connection:
        take_turn(connection)
        upgrading.upgrade(connection)  # nothing is left to do if another program was first


def _make_crash_safe(engine: Engine) -> None:
    """Let SQLite survive a kill at any moment, and two writers wait for each other."""

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _record: Any) -> None:
        # Python's own transaction handling begins too late for the lock below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {WAIT_FOR_OTHERS_MS}")
        _use_write_ahead_log(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def take_write_lock(connection: Any) -> None:
        # A transaction that reads first and writes later would fail when another wrote in between.
        reads = connection.get_execution_options().get(ONLY_READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _use_write_ahead_log(cursor: DBAPICursor) -> None:
    """Turn the log on, once for the life of the file.

    SQLite does not wait for other programs here, whatever its time-out, so this does.
    """
    give_up = time.monotonic() + WAIT_FOR_OTHERS_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _require_folder(url: URL) -> None:
    """SQLite says only "unable to open database file"; say which folder is missing."""
    if (
        url.get_backend_name() != "sqlite"
        or not url.database
        or url.database.startswith((":memory:", "file:"))
    ):
        return
    path = Path(url.database)
    if path.is_dir():
        remedy = f"name a file in it, such as {path / 'grades.db'}"
        raise GradebookError(f"cannot use the gradebook {path}: it is a folder; {remedy}")
    if not path.parent.is_dir():
        raise GradebookError(
            f"cannot use the gradebook {path}: the folder {path.parent} does not exist"
        )


def _extra(url: URL) -> str:
    return ", as attnbook[postgresql] does" if url.get_backend_name() == "postgresql" else ""


def _name(url: URL) -> str:
    """Return how people call this database; never with its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return url.render_as_string(hide_password=True)


def _reason(original: str) -> str:
    remedies = {
        "file is not a database": "the file is not an SQLite database; choose another file",
        "disk image is malformed": "the file is damaged; restore a copy, or grade into a new one",
        "readonly": "the file may not be written",
        "unable to open": "the file may not be read or written by this user",
        "locked": "another program keeps it locked; close that program and try again",
    }
    return next((remedy for sign, remedy in remedies.items() if sign in original), original)
