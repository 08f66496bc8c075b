"""A course's people and rules: who takes part, what is due when, and what being late costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from autograder.gradebook import enrollment, naming, settings
from autograder.gradebook.columns import storable
from autograder.gradebook.connected import Connected
from autograder.gradebook.late import Late
from autograder.gradebook.problem import unknown
from autograder.gradebook.schema import Course, Sheet
from autograder.gradebook.scores import Extension, SheetRules


class Rulebook(Connected):
    """Courses, enrollment, sheets, due dates, extensions and late rules."""

    def courses(self) -> list[str]:
        """Return the names of all courses in this database, sorted."""
        with self._reading() as session:
            return sorted(session.scalars(select(Course.name)))

    def add_course(self, name: str) -> None:
        """Add a course, unless there is one of this name; open it with ``Gradebook(course=…)``."""
        with self._writing() as session:
            if session.scalar(select(Course.id).where(Course.name == name)) is None:
                session.add(Course(name=name))

    def learners(self) -> list[str]:
        """Return the names of those who take part, sorted."""
        with self._reading() as session:
            return enrollment.enrolled(session, self._course)

    def enroll(self, *names: str) -> None:
        """Let learners take part, also those who have handed in nothing yet."""
        self._enroll(names, enrolled=True)

    def withdraw(self, *names: str) -> None:
        """Let learners leave: they have no grades any more, and their attempts stay.

        Raises:
            GradebookError: If one of them does not take part; then nobody leaves.
        """
        taking_part = self.learners()
        for name in names:
            if storable(name) not in taking_part:
                remedy = "only who takes part can leave"
                raise unknown("learner", name, taking_part, remedy)
        self._enroll(names, enrolled=False)

    def sheets(self) -> dict[str, SheetRules]:
        """Return the course's sheets by stem, sorted, with their rules."""
        with self._reading() as session:
            rules = settings.rules(session, self._course)
            query = select(Sheet.stem, Sheet.id).where(Sheet.course_id == self._course)
            stems = session.execute(query).all()
        return {stem: rules[sheet_id] for stem, sheet_id in sorted(stems)}

    def add_sheet(self, stem: str) -> None:
        """Add a sheet that nobody has handed in yet, so that its rules can be set."""
        with self._writing() as session:
            naming.sheet_ids(session, self._course, [storable(stem)])

    def set_due(self, stem: str, due: dt.datetime | None) -> None:
        """Say when a sheet is due, as a time with its zone; none if it never is.

        Raises:
            GradebookError: If there is no such sheet, or the time has no zone.
        """
        self._change(stem, due=due)

    def set_late_rule(self, stem: str, rule: str, parameter: float = 0.0) -> None:
        """Say what being late costs: a rule's name and number, see `autograder.gradebook.late`.

        Raises:
            GradebookError: If there is no such sheet or rule, or it takes no such number.
        """
        self._change(stem, late=Late(rule, parameter))

    def set_counting(self, stem: str, counting: str) -> None:
        """Say which attempt counts: ``latest`` (recorded last) or ``best`` (worth most).

        With ``best`` each attempt has its own lateness: with the late rule ``cut_off(0)``
        it is the best of those that were on time.

        Raises:
            GradebookError: If there is no such sheet or choice.
        """
        self._change(stem, counting=counting)

    def extend(self, learner: str, stem: str, due: dt.datetime | None, *, reason: str = "") -> None:
        """Give a learner a due date of their own in place of the sheet's; none takes it back.

        Raises:
            GradebookError: If there is no such learner or sheet, or the time has no zone.
        """
        with self._writing() as session:
            owner = (
                naming.require_learner(session, learner),
                naming.require_sheet(session, self._course, stem),
            )
            before = settings.extensions(session, self._course).get(owner)
            after = None if due is None else Extension(due, storable(reason))
            settings.extend(session, owner, before, after, self._who)

    def _enroll(self, names: tuple[str, ...], *, enrolled: bool) -> None:
        with self._writing() as session:
            ids = naming.learner_ids(session, map(storable, names)).values()
            enrollment.set_enrolled(session, self._course, ids, self._who, enrolled=enrolled)

    def _change(self, stem: str, **new: Any) -> None:
        with self._writing() as session:
            sheet_id = naming.require_sheet(session, self._course, stem)
            before = settings.rules(session, self._course)[sheet_id]
            settings.change(session, sheet_id, before, self._who, **new)
