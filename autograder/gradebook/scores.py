"""What counts in the end: the checks' score, what a person decided over it, and being late.

In this order: the attempt that counts is chosen; marks replace the scores of exercises; the
late rule is applied. A mark on the whole sheet is the last word: it is not reduced.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from autograder.gradebook.late import NO_PENALTY, Late

LATEST, BEST = "latest", "best"
COUNTING = (LATEST, BEST)
ON_TIME = dt.timedelta(0)


@dataclasses.dataclass(frozen=True)
class ManualMark:
    """One decision of a person.

    Attributes:
        exercise: The exercise's name; none for the whole sheet.
        score: The points that count instead of the automatic ones; none where the
            automatic score stands (a withdrawn mark, or a comment alone).
        digest: The notebook that the person looked at.
        given_by: Who set it.
    """

    exercise: str | None
    score: float | None
    comment: str
    digest: str
    given_at: dt.datetime
    given_by: str = ""


@dataclasses.dataclass(frozen=True)
class Extension:
    """A due date of one learner's own."""

    due: dt.datetime
    reason: str


@dataclasses.dataclass(frozen=True)
class SheetRules:
    """What holds for everybody's attempts at a sheet.

    Attributes:
        due: When a notebook is late; none if it never is.
        counting: Which attempt counts: ``latest`` is the one recorded last; ``best`` the one
            that is worth most with its marks and its own lateness, of equals the latest.
    """

    due: dt.datetime | None = None
    late: Late = NO_PENALTY
    counting: str = LATEST


NO_RULES = SheetRules()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One attempt, as far as its final score needs it.

    Attributes:
        exercises: The automatic score of each exercise.
        submitted: When this notebook was first handed in; none if that is not known.
    """

    score: float
    max_score: float
    digest: str
    exercises: Mapping[str, float]
    submitted: dt.datetime | None


@dataclasses.dataclass(frozen=True)
class FinalScore:
    """A learner's score for a sheet, and how it came about.

    Attributes:
        automatic: What the grader alone gave the attempt that counts.
        marks: The marks in force, one for an exercise at most.
        outdated: Marks that were set on another notebook than the one that counts now.
            They stay in force; a person may want to look again.
        exercises: The automatic score of each exercise that a mark replaces.
        before_late: The score before the late rule.
        lateness: How long after the learner's own due date it was handed in.
        attempt: Which attempt counts, from 1 for the oldest.
        attempts: How many attempts there are.
    """

    learner: str
    stem: str
    score: float
    max_score: float
    automatic: float
    marks: tuple[ManualMark, ...] = ()
    outdated: tuple[ManualMark, ...] = ()
    exercises: Mapping[str, float] = dataclasses.field(default_factory=dict)
    before_late: float = 0.0
    submitted: dt.datetime | None = None
    lateness: dt.timedelta = ON_TIME
    rules: SheetRules = NO_RULES
    extension: Extension | None = None
    attempt: int = 1
    attempts: int = 1


def in_force(history: Iterable[ManualMark]) -> tuple[ManualMark, ...]:
    """Return the newest mark of each exercise, of marks that come oldest first."""
    return tuple({mark.exercise: mark for mark in history}.values())


def final_score(
    who: tuple[str, str],
    verdicts: Sequence[Verdict],
    history: Iterable[ManualMark] = (),
    rules: SheetRules = NO_RULES,
    extension: Extension | None = None,
) -> FinalScore:
    """Return what counts for a learner and a sheet.

    Args:
        who: The learner's name and the sheet's stem.
        verdicts: The attempts, the latest last; at least one.
        history: Manual marks, the newest last.
        rules: The sheet's.
        extension: The learner's own due date for this sheet.
    """
    marks = in_force(history)
    finals = [
        dataclasses.replace(
            _one(who, verdict, marks, rules, extension), attempt=number, attempts=len(verdicts)
        )
        for number, verdict in enumerate(verdicts, start=1)
    ]
    if rules.counting == BEST:
        return max(finals, key=lambda final: (final.score, final.attempt))
    return finals[-1]


def _one(
    who: tuple[str, str],
    verdict: Verdict,
    marks: tuple[ManualMark, ...],
    rules: SheetRules,
    extension: Extension | None,
) -> FinalScore:
    decided = {mark.exercise: mark.score for mark in marks if mark.score is not None}
    replaced = {name: verdict.exercises.get(name, 0.0) for name in decided if name is not None}
    changes = sum(decided[name] - automatic for name, automatic in replaced.items())
    before_late = decided.get(None, verdict.score + changes)
    lateness = _lateness(verdict.submitted, extension.due if extension else rules.due)
    late = None not in decided and lateness > ON_TIME
    return FinalScore(
        learner=who[0],
        stem=who[1],
        score=rules.late.function()(before_late, lateness) if late else before_late,
        max_score=verdict.max_score,
        automatic=verdict.score,
        marks=marks,
        outdated=tuple(mark for mark in marks if mark.digest != verdict.digest),
        exercises=replaced,
        before_late=before_late,
        submitted=verdict.submitted,
        lateness=lateness,
        rules=rules,
        extension=extension,
    )


def _lateness(submitted: dt.datetime | None, due: dt.datetime | None) -> dt.timedelta:
    """Return how late it was; what was handed in at an unknown time is not called late."""
    return ON_TIME if submitted is None or due is None else max(ON_TIME, submitted - due)
