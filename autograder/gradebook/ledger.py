"""The gradebook itself: what is entered, and what is asked of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable

from autograder.gradebook import enrollment, history, marking, reading
from autograder.gradebook.columns import storable
from autograder.gradebook.entry import Run, enter
from autograder.gradebook.history import Event
from autograder.gradebook.reading import Scope
from autograder.gradebook.rulebook import Rulebook
from autograder.gradebook.scores import FinalScore, ManualMark
from autograder.gradebook.standing import named_scope, standing, standings
from autograder.results import Grade, SubmissionResult

BATCH = 100


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One graded notebook as the gradebook holds it.

    Attributes:
        counts: Whether the final score is made from this attempt: the learner's latest at
            the sheet, or their best where the sheet's rules say so.
        recorded_at: When it was entered last, in UTC.
        recorded_by: The account that did.
    """

    result: SubmissionResult
    seed: int
    isolation: str
    recorded_at: dt.datetime
    counts: bool
    recorded_by: str = ""


class Gradebook(Rulebook):
    """The attempts, marks and rules of one course in a database; a context manager.

    Nothing is ever overwritten: what was changed stays in `history`. How it is opened is
    said in `autograder.gradebook.connected.Connected`.
    """

    def record(self, results: Iterable[SubmissionResult], *, seed: int, isolation: str) -> int:
        """Enter attempts, and return how many of them changed the gradebook.

        An attempt is a learner, a sheet, the notebook's digest and the seed. Recording it
        again changes nothing; if its verdict differs (the checks were corrected), the new
        verdict counts and the old one stays in the history. What was recorded last is the
        latest. A notebook counts as handed in when it was handed in first: copying it later
        does not make it late. Results are read as a stream and written in batches: a crash
        loses the last batch, never half of a submission.
        """
        run = Run(self._course, str(seed), storable(isolation), self._who)
        stream = iter(results)
        changes = 0
        while batch := list(itertools.islice(stream, BATCH)):
            with self._writing() as session:
                changes += enter(session, batch, run)
        return changes

    def attempts(self, learner: str | None = None, stem: str | None = None) -> list[Attempt]:
        """Return attempts, oldest first for each learner and sheet; all of them by default."""
        scope = Scope(self._course, learner, stem)
        with self._reading() as session:
            found = standings(session, scope).values()
            results = reading.results(
                session, scope, (each for one in found for each in one.attempts)
            )
        return [
            Attempt(
                results[each.id],
                int(each.values["seed"]),
                each.values["isolation"],
                each.recorded_at,
                each is one.counting,
                each.recorded_by,
            )
            for one in found
            for each in one.attempts
        ]

    def set_manual_mark(
        self,
        learner: str,
        stem: str,
        score: float | None,
        *,
        exercise: str | None = None,
        comment: str = "",
    ) -> None:
        """Let a person's decision count instead of the automatic score, now and when graded again.

        ``score`` is in points, from 0 to the maximum; none withdraws a mark, or only comments.
        Without ``exercise`` the mark is for the whole sheet, and no late rule reduces it.

        Raises:
            GradebookError: If there is no such attempt or exercise, or the score is out of range.
        """
        with self._writing() as session:
            found = standing(session, self._course, learner, stem)
            marking.add(session, found, exercise, score, storable(comment), self._who)

    def manual_marks(self, learner: str, stem: str) -> list[ManualMark]:
        """Return every mark ever set for a learner's sheet, oldest first."""
        with self._reading() as session:
            return standing(session, self._course, learner, stem).history

    def final_score(self, learner: str, stem: str) -> FinalScore:
        """Return what counts and why; `explain` puts it into words.

        Raises:
            GradebookError: If the learner has no attempt at this sheet.
        """
        with self._reading() as session:
            return standing(session, self._course, learner, stem).final

    def final_scores(self, learner: str | None = None, stem: str | None = None) -> list[FinalScore]:
        """Return what counts, for everybody who takes part and handed something in.

        Raises:
            GradebookError: If there is no such learner or sheet.
        """
        with self._reading() as session:
            enrolled = set(enrollment.enrolled(session, self._course))
            scope = named_scope(session, self._course, learner, stem)
            found = standings(session, scope).values()
        return [one.final for one in found if one.final.learner in enrolled]

    def grades(self) -> list[Grade]:
        """Return the numbers for another system: `final_scores` without the reasons."""
        return [
            Grade(learner=one.learner, stem=one.stem, score=one.score, max_score=one.max_score)
            for one in self.final_scores()
        ]

    def history(self, learner: str | None = None, stem: str | None = None) -> list[Event]:
        """Return who did what and when, oldest first; about one learner or sheet if given.

        Raises:
            GradebookError: If there is no such learner or sheet.
        """
        with self._reading() as session:
            return history.events(session, named_scope(session, self._course, learner, stem))
