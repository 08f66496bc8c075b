"""A class taken in one submission at a time, with a few hundred bytes kept of each.

What many learners share (a whole set of outcomes, a hint) is kept once.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from typing import NamedTuple

from autograder.plain_text import plain_text
from autograder.reports.mistakes import hints
from autograder.results import ExerciseResult, ExerciseStatus, SubmissionResult, SubmissionStatus

MOST_SAID = 300
MOST_FLAGS = 5
"""Of what a row says; the learner's own page says all of it."""


class Outcome(NamedTuple):
    """How one exercise ended, without what only its learner needs to know."""

    exercise: str
    status: ExerciseStatus
    score: float
    max_score: float
    diagnosis: tuple[str, ...]
    cluster: str

    @property
    def correct(self) -> bool:
        """Whether the answer is right."""
        return self.status is ExerciseStatus.PASSED


class Row(NamedTuple):
    """One submission on the class page; ``message`` says why it could not be read."""

    learner: str
    stem: str
    score: float
    max_score: float
    readable: bool
    message: str
    flags: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def wrong(self) -> list[Outcome]:
        """The exercises that are not correct."""
        return [one for one in self.outcomes if not one.correct]


class SheetTally:
    """What is kept of all submissions for one sheet.

    Attributes:
        rows: One for each submission, in the order of arrival.
        hints: For each exercise and mistake, the hint that speaks most of this mistake alone.
        minutes: Of the notebooks that record them.
        cell_runs: Of the notebooks that record them.
        seconds: That the grader took, for each submission.
    """

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.rows: list[Row] = []
        self.minutes, self.cell_runs, self.seconds = array("d"), array("d"), array("d")
        self._hints: dict[tuple[str, str], tuple[int, str]] = {}
        self._shared: dict[tuple[Outcome, ...], tuple[Outcome, ...]] = {}

    def add(self, result: SubmissionResult) -> None:
        """Take in one submission; nothing of ``result`` itself is kept."""
        readable = result.status is SubmissionStatus.GRADED
        outcomes = tuple(map(_outcome, result.exercises)) if readable else ()
        self.rows.append(
            Row(
                learner=result.learner,
                stem=result.stem,
                score=result.score,
                max_score=result.max_score,
                readable=readable,
                message="" if readable else plain_text(result.message, MOST_SAID),
                flags=tuple(plain_text(flag, MOST_SAID) for flag in result.flags[:MOST_FLAGS]),
                outcomes=self._shared.setdefault(outcomes, outcomes),
            )
        )
        for exercise in result.exercises:
            self._keep_hints(exercise)
        self._keep_times(result)

    def hint(self, exercise: str, name: str) -> str:
        """Return the hint of a mistake."""
        return self._hints[exercise, name][1]

    def _keep_hints(self, exercise: ExerciseResult) -> None:
        """Whoever made fewest mistakes has the hint that speaks most of each."""
        for name, hint in hints(exercise).items():
            place, count = (exercise.name, name), len(exercise.diagnosis)
            if place not in self._hints or count < self._hints[place][0]:
                self._hints[place] = (count, hint or exercise.hint)

    def _keep_times(self, result: SubmissionResult) -> None:
        """A notebook may say anything of itself: what is no length of time is left out."""
        self.seconds.append(result.seconds)
        if result.minutes is not None and 0 <= result.minutes < math.inf:
            self.minutes.append(result.minutes)
        if result.cell_runs > 0:
            self.cell_runs.append(min(result.cell_runs, 1e9))


class ClassTally:
    """A class, sheet by sheet, in the order in which sheets first appear."""

    def __init__(self) -> None:
        self.sheets: dict[str, SheetTally] = {}

    def add(self, result: SubmissionResult) -> None:
        """Take in one submission."""
        if result.stem not in self.sheets:
            self.sheets[result.stem] = SheetTally(result.stem)
        self.sheets[result.stem].add(result)

    def __len__(self) -> int:
        return sum(len(sheet.rows) for sheet in self.sheets.values())


def clusters(rows: list[Row], exercise: str) -> Counter[str]:
    """Return how many learners share each wrong answer to an exercise that has no name."""
    return Counter(
        outcome.cluster
        for row in rows
        for outcome in row.outcomes
        if outcome.exercise == exercise and outcome.cluster and not outcome.diagnosis
    )


def _outcome(exercise: ExerciseResult) -> Outcome:
    return Outcome(
        exercise=exercise.name,
        status=exercise.status,
        score=exercise.score,
        max_score=exercise.max_score,
        diagnosis=tuple(exercise.diagnosis),
        cluster=exercise.cluster,
    )
