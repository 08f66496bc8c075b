"""A course in a database: opened, closed, and read or written in transactions."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from autograder.closing import Closing
from autograder.gradebook import database, naming
from autograder.gradebook.columns import storable
from autograder.gradebook.schema import DEFAULT_COURSE


class Connected(Closing):
    """One course of a gradebook; a context manager.

    Args:
        url: Any SQLAlchemy URL, such as ``sqlite:///grades.db``, or the path of an SQLite
            file, which may hold any character. A missing file is created.
        course: Its name. A new gradebook has one course, ``default``.
        who: Who is written down as doing what is done; the account's name by default.

    Raises:
        GradebookError: From every method, if the database cannot be used; and if there is
            no such course.
    """

    def __init__(
        self, url: str | Path, *, course: str = DEFAULT_COURSE, who: str | None = None
    ) -> None:
        self._url = database.parse(url)
        self._who = storable(_account() if who is None else who)
        self._engine = database.open_engine(self._url)
        try:
            with self._reading() as session:
                self._course = naming.require_course(session, course)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Session]:
        engine = database.reading(self._engine)
        with database.plain_errors(self._url), Session(engine) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Session]:
        """Yield a session that writes alone: what it read is still so when it writes."""
        with database.plain_errors(self._url), Session(self._engine) as session, session.begin():
            database.take_turn(session.connection())
            yield session


def _account() -> str:
    """Return the name of the account that runs this program; empty if it has none."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # an account without a name, as in a container
        return ""
