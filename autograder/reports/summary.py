"""What a class did on one sheet, counted."""

from __future__ import annotations

import dataclasses
import enum
import functools
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from autograder.reports.discrimination import Discrimination, discrimination
from autograder.reports.distribution import Bar, Spread, bars, spread
from autograder.reports.tally import ClassTally, Outcome, Row, SheetTally, clusters
from autograder.reports.wording import unnamed
from autograder.results import ExerciseStatus

FEWEST_SHARING = 3
LEAST_SHARE_SHARING = 0.05
"""So many, and such a share of the class, must give one and the same wrong answer without a
name before it is called a misunderstanding that the exercise itself may invite."""


class Kind(enum.StrEnum):
    """What is known about why an exercise is not correct."""

    NAMED = "named"
    UNNAMED = "unnamed"
    STOPPED = "stopped"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that went wrong in an exercise, and for whom.

    Attributes:
        name: The mistake's name, or in words why it has none.
        learners: The names of those who show it.
        share: Of those who were graded.
    """

    kind: Kind
    name: str
    hint: str
    learners: tuple[str, ...]
    share: float


@dataclasses.dataclass(frozen=True)
class ExerciseSummary:
    """How a class fared in one exercise.

    Attributes:
        mean: Mean score of those who have the exercise on their sheet.
        findings: Named mistakes first, most frequent first; then wrong answers whose mistake
            has no name yet; then answers that never came, by status.
        discrimination: Whether it tells learners apart.
        sharing: How many give the same wrong answer without a name; 0 if it is but a few.
    """

    name: str
    mean: float
    max_score: float
    counts: Counter[ExerciseStatus]
    findings: tuple[Finding, ...]
    discrimination: Discrimination
    sharing: int


@dataclasses.dataclass(frozen=True)
class Times:
    """What is known of the time that went into a sheet.

    Attributes:
        minutes: From the first to the last run of a cell; None if no notebook records it.
        cell_runs: How many cells were run since the kernel was started last, likewise.
        seconds: That the grader took for each notebook.
    """

    minutes: Spread | None
    cell_runs: Spread | None
    seconds: Spread | None


@dataclasses.dataclass(frozen=True)
class SheetSummary:
    """A class on one sheet; shares are shares of the notebooks that were graded.

    Attributes:
        rows: All submissions, by name, upper and lower case alike.
        graded: How many could be read and were graded.
    """

    stem: str
    max_score: float
    rows: tuple[Row, ...]
    graded: int
    mean: float
    median: float
    bars: tuple[Bar, ...]
    exercises: tuple[ExerciseSummary, ...]
    times: Times

    @functools.cached_property
    def unreadable(self) -> list[Row]:
        """The notebooks that could not be read."""
        return [row for row in self.rows if not row.readable]

    @functools.cached_property
    def flagged(self) -> list[Row]:
        """The notebooks that bear a flag."""
        return [row for row in self.rows if row.flags]

    @functools.cached_property
    def notable(self) -> list[Row]:
        """What a person must look at: what could not be read, then what was flagged."""
        return [*self.unreadable, *(row for row in self.flagged if row.readable)]

    @functools.cached_property
    def scores(self) -> list[float]:
        """Every score once, for columns that align."""
        return sorted({row.score for row in self.rows})

    @functools.cached_property
    def statuses(self) -> list[ExerciseStatus]:
        """How exercises ended: correct, wrong, and what else occurs."""
        always = (ExerciseStatus.PASSED, ExerciseStatus.FAILED)
        return [
            status
            for status in ExerciseStatus
            if status in always or any(one.counts[status] for one in self.exercises)
        ]

    @functools.cached_property
    def top(self) -> tuple[ExerciseSummary, Finding] | None:
        """The named mistake that most learners share, with its exercise."""
        named = [
            (exercise, finding)
            for exercise in self.exercises
            for finding in exercise.findings
            if finding.kind is Kind.NAMED
        ]
        return max(named, key=lambda pair: len(pair[1].learners), default=None)


def sheets(course: ClassTally) -> list[SheetSummary]:
    """Return a summary of each sheet, in the order in which they first appear."""
    return [_sheet(tally) for tally in course.sheets.values()]


def _sheet(tally: SheetTally) -> SheetSummary:
    rows = sorted(tally.rows, key=lambda row: (row.learner.casefold(), row.learner))
    graded = [row for row in rows if row.readable]
    scores = [row.score for row in graded]
    highest = max(row.max_score for row in rows)
    names = dict.fromkeys(one.exercise for row in graded for one in row.outcomes)
    return SheetSummary(
        stem=tally.stem,
        max_score=highest,
        rows=tuple(rows),
        graded=len(graded),
        mean=statistics.fmean(scores) if scores else 0.0,
        median=statistics.median(scores) if scores else 0.0,
        bars=bars(scores, highest),
        exercises=tuple(_exercise(name, graded, tally) for name in names),
        times=Times(spread(tally.minutes), spread(tally.cell_runs), spread(tally.seconds)),
    )


def _exercise(name: str, graded: list[Row], tally: SheetTally) -> ExerciseSummary:
    answers = [(row, one) for row in graded for one in row.outcomes if one.exercise == name]
    wrong = [pair for pair in answers if not pair[1].correct]
    return ExerciseSummary(
        name=name,
        mean=statistics.fmean(outcome.score for _, outcome in answers),
        max_score=max(outcome.max_score for _, outcome in answers),
        counts=Counter(outcome.status for _, outcome in answers),
        findings=(*_named(name, wrong, len(graded), tally), *_without_name(wrong, len(graded))),
        discrimination=discrimination(graded, name),
        sharing=_sharing(clusters(graded, name).values(), len(graded)),
    )


def _named(
    exercise: str, wrong: Iterable[tuple[Row, Outcome]], num_graded: int, tally: SheetTally
) -> list[Finding]:
    """Count each name once for each submission; a pair of mistakes counts for both."""
    those: dict[str, list[str]] = {}
    for row, outcome in wrong:
        for name in dict.fromkeys(outcome.diagnosis):
            those.setdefault(name, []).append(row.learner)
    findings = [
        _finding(Kind.NAMED, name, tally.hint(exercise, name), learners, num_graded)
        for name, learners in those.items()
    ]
    return sorted(findings, key=lambda finding: (-len(finding.learners), finding.name))


def _without_name(wrong: Sequence[tuple[Row, Outcome]], num_graded: int) -> list[Finding]:
    those: dict[ExerciseStatus, list[str]] = {}
    for row, outcome in wrong:
        if not outcome.diagnosis:
            those.setdefault(outcome.status, []).append(row.learner)
    return [
        _finding(
            Kind.UNNAMED if status is ExerciseStatus.FAILED else Kind.STOPPED,
            unnamed(status),
            "",
            those[status],
            num_graded,
        )
        for status in sorted(those, key=list(ExerciseStatus).index)
    ]


def _finding(kind: Kind, name: str, hint: str, learners: list[str], num_graded: int) -> Finding:
    return Finding(kind, name, hint, tuple(learners), len(learners) / num_graded)


def _sharing(counts: Iterable[int], num_graded: int) -> int:
    most = max(counts, default=0)
    return most if most >= max(FEWEST_SHARING, LEAST_SHARE_SHARING * num_graded) else 0
