"""Who takes part in a course. Everybody who hands something in does, until they are withdrawn."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from autograder.gradebook.columns import now
from autograder.gradebook.naming import table_of
from autograder.gradebook.schema import Enrollment, Learner


def enrolled(session: Session, course_id: int) -> list[str]:
    """Return the names of a course's learners, sorted."""
    taking_part = [key for key, takes_part in _states(session, course_id).items() if takes_part]
    names = dict(session.execute(select(Learner.id, Learner.name)).all())
    return sorted(names[learner_id] for learner_id in taking_part)


def enroll_new(session: Session, course_id: int, learner_ids: Iterable[int], who: str) -> None:
    """Enroll those who never were; whoever was withdrawn stays so."""
    wanted = set(learner_ids)
    query = select(Enrollment.learner_id).where(
        Enrollment.course_id == course_id, Enrollment.learner_id.in_(wanted)
    )
    _add(session, course_id, sorted(wanted.difference(session.scalars(query))), who, enrolled=True)


def set_enrolled(
    session: Session, course_id: int, learner_ids: Iterable[int], who: str, *, enrolled: bool
) -> None:
    """Let learners join or leave; those for whom that is so already are left as they are."""
    states = _states(session, course_id)
    changed = sorted(key for key in set(learner_ids) if states.get(key, False) is not enrolled)
    _add(session, course_id, changed, who, enrolled=enrolled)


def _states(session: Session, course_id: int) -> dict[int, bool]:
    """Return whether each learner takes part: what their newest row says."""
    query = (
        select(Enrollment.learner_id, Enrollment.enrolled)
        .where(Enrollment.course_id == course_id)
        .order_by(Enrollment.id)
    )
    return dict(session.execute(query).all())


def _add(
    session: Session, course_id: int, learner_ids: Iterable[int], who: str, *, enrolled: bool
) -> None:
    rows = [
        {
            "course_id": course_id,
            "learner_id": learner_id,
            "enrolled": enrolled,
            "set_at": now(),
            "set_by": who,
        }
        for learner_id in learner_ids
    ]
    if rows:
        session.execute(insert(table_of(Enrollment)), rows)
