"""Bringing a gradebook's tables up to date, in one transaction and once.

Schema 1 is from before there were migrations; its tables are those of step 0001.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "0002"
MIGRATIONS = Path(__file__).parent / "migrations"
FIRST_SCHEMA = 1
_one_at_a_time = threading.Lock()  # what Alembic migrates is a global variable


class UnknownSchemaError(ValueError):
    """The tables are of a version that this program does not know; the argument names it."""


def is_current(connection: Connection) -> bool:
    """Return whether there is nothing to do; cheap, since every opened gradebook asks.

    Raises:
        UnknownSchemaError: If a newer program made the tables.
    """
    step = _step(connection)
    if step is None or step == HEAD:
        return step is not None
    if step > HEAD:  # steps are numbers of four digits
        raise UnknownSchemaError(step)
    return False


def upgrade(connection: Connection) -> None:
    """Run the missing steps within the caller's transaction.

    Raises:
        UnknownSchemaError: If the tables are of an unknown version.
    """
    from alembic import command  # a gradebook that is up to date is opened without it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    schema = _first_schema(connection) if _step(connection) is None else None
    if schema not in (None, FIRST_SCHEMA):
        raise UnknownSchemaError(str(schema))
    with _one_at_a_time:
        if schema == FIRST_SCHEMA:
            command.stamp(config, "0001")
        command.upgrade(config, HEAD)


def _step(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    step = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if step is None else str(step)


def _first_schema(connection: Connection) -> int | None:
    if not inspect(connection).has_table("gradebook_schema"):
        return None
    schema = connection.scalar(text("SELECT version FROM gradebook_schema"))
    return None if schema is None else int(schema)
