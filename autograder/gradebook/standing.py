"""Where learners stand: their attempts, what counts, and the marks and rules that made it so."""

from __future__ import annotations

import dataclasses

from sqlalchemy.orm import Session

from autograder.gradebook import naming, reading, settings
from autograder.gradebook.problem import GradebookError
from autograder.gradebook.reading import Owner, Scope, Stored
from autograder.gradebook.scores import FinalScore, ManualMark, final_score


@dataclasses.dataclass(frozen=True)
class Standing:
    """One learner's standing in one sheet.

    Attributes:
        attempts: The latest last.
        history: Every mark ever set, oldest first.
    """

    attempts: list[Stored]
    history: list[ManualMark]
    final: FinalScore

    @property
    def counting(self) -> Stored:
        """Return the attempt that counts."""
        return self.attempts[self.final.attempt - 1]


def standings(session: Session, scope: Scope) -> dict[Owner, Standing]:
    """Return everybody's standing in every sheet of the scope, sorted by name and stem."""
    groups = reading.attempts(session, scope)
    verdicts = reading.verdicts(session, scope, groups)
    marks = reading.marks(session, scope)
    rules = settings.rules(session, scope.course_id)
    extensions = settings.extensions(session, scope.course_id)
    return {
        owner: Standing(
            attempts,
            history := marks.get(owner, []),
            final_score(
                (attempts[0].values["learner"], attempts[0].values["stem"]),
                verdicts[owner],
                history,
                rules[owner[1]],
                extensions.get(owner),
            ),
        )
        for owner, attempts in groups.items()
    }


def standing(session: Session, course_id: int, learner: str, stem: str) -> Standing:
    """Return one learner's standing in one sheet.

    Raises:
        GradebookError: If there is no such learner or sheet, or no attempt.
    """
    found = standings(session, named_scope(session, course_id, learner, stem))
    if not found:
        raise GradebookError(
            f"the gradebook has no attempt of {learner!r} at {stem!r}; grade the notebook first"
        )
    return next(iter(found.values()))


def named_scope(session: Session, course_id: int, learner: str | None, stem: str | None) -> Scope:
    """Return the part of a course that is about one learner or sheet.

    Raises:
        GradebookError: If there is none of this name.
    """
    if learner is not None:
        naming.require_learner(session, learner)
    if stem is not None:
        naming.require_sheet(session, course_id, stem)
    return Scope(course_id, learner, stem)
