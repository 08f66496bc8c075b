"""What counts in the end: the automatic score, and what a person decided over it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable

from autograder.results import SubmissionResult


@dataclasses.dataclass(frozen=True)
class ManualMark:
    """One decision of a person.

    Attributes:
        exercise: The exercise's name; none for the whole sheet.
        score: The points that count instead of the automatic ones; none where the
            automatic score stands (a withdrawn mark, or a comment alone).
        digest: The notebook that the person looked at.
    """

    exercise: str | None
    score: float | None
    comment: str
    digest: str
    given_at: dt.datetime


@dataclasses.dataclass(frozen=True)
class FinalScore:
    """A learner's score for a sheet.

    Attributes:
        automatic: What the grader alone gave the attempt that counts.
        marks: The marks in force, one for an exercise at most.
        outdated: Marks that were set on another notebook than the one that counts now.
            They stay in force; a person may want to look again.
    """

    learner: str
    stem: str
    score: float
    max_score: float
    automatic: float
    marks: tuple[ManualMark, ...] = ()
    outdated: tuple[ManualMark, ...] = ()


def in_force(history: Iterable[ManualMark]) -> tuple[ManualMark, ...]:
    """Return the newest mark of each exercise, of marks that come oldest first."""
    return tuple({mark.exercise: mark for mark in history}.values())


def final_score(result: SubmissionResult, history: Iterable[ManualMark]) -> FinalScore:
    """Return what counts for ``result``; a mark on the whole sheet outranks those on exercises."""
    marks = in_force(history)
    decided = {mark.exercise: mark.score for mark in marks if mark.score is not None}
    automatic = {exercise.name: exercise.score for exercise in result.exercises}
    changes = sum(
        score - automatic.get(name or "", 0.0)
        for name, score in decided.items()
        if name is not None
    )
    return FinalScore(
        learner=result.learner,
        stem=result.stem,
        score=decided.get(None, result.score + changes),
        max_score=result.max_score,
        automatic=result.score,
        marks=marks,
        outdated=tuple(mark for mark in marks if mark.digest != result.digest),
    )
