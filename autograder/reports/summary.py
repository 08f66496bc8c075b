"""What a class did on one sheet, counted."""

from __future__ import annotations

import dataclasses
import enum
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from autograder.reports.mistakes import hints
from autograder.reports.wording import number, unnamed
from autograder.results import (
    ClassResults,
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)

Answer = tuple[SubmissionResult, ExerciseResult]

MOST_BARS = 13


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
        share: Submissions that show it, as a share of those that were graded.
    """

    kind: Kind
    name: str
    hint: str
    submissions: tuple[SubmissionResult, ...]
    share: float


@dataclasses.dataclass(frozen=True)
class ExerciseSummary:
    """How a class fared in one exercise.

    Attributes:
        mean: Mean score of those who have the exercise on their sheet.
        findings: Named mistakes first, most frequent first; then wrong answers whose mistake
            has no name yet; then answers that never came, by status.
    """

    name: str
    mean: float
    max_score: float
    counts: Counter[ExerciseStatus]
    findings: tuple[Finding, ...]


@dataclasses.dataclass(frozen=True)
class Bar:
    """How many learners have a score from the label's to under the next one's.

    Attributes:
        share: ``count`` as a share of the highest bar's.
    """

    label: str
    count: int
    share: float


@dataclasses.dataclass(frozen=True)
class SheetSummary:
    """A class on one sheet; shares are shares of the notebooks that were graded."""

    stem: str
    max_score: float
    graded: tuple[SubmissionResult, ...]
    unreadable: tuple[SubmissionResult, ...]
    flagged: tuple[SubmissionResult, ...]
    mean: float
    median: float
    bars: tuple[Bar, ...]
    exercises: tuple[ExerciseSummary, ...]

    @property
    def submissions(self) -> list[SubmissionResult]:
        """All of them, by name, upper and lower case alike."""
        everyone = self.graded + self.unreadable
        return sorted(everyone, key=lambda one: (one.learner.casefold(), one.learner))

    @property
    def notable(self) -> list[SubmissionResult]:
        """What a person must look at: what could not be read, then what was flagged."""
        return [*self.unreadable, *(one for one in self.flagged if one not in self.unreadable)]

    @property
    def scores(self) -> list[float]:
        """Every score, for columns that align."""
        return [one.score for one in self.submissions]

    @property
    def statuses(self) -> list[ExerciseStatus]:
        """How exercises ended: correct, wrong, and what else occurs."""
        always = (ExerciseStatus.PASSED, ExerciseStatus.FAILED)
        return [
            status
            for status in ExerciseStatus
            if status in always or any(one.counts[status] for one in self.exercises)
        ]

    @property
    def top(self) -> tuple[ExerciseSummary, Finding] | None:
        """The named mistake that most learners share, with its exercise."""
        named = [
            (exercise, finding)
            for exercise in self.exercises
            for finding in exercise.findings
            if finding.kind is Kind.NAMED
        ]
        return max(named, key=lambda pair: len(pair[1].submissions), default=None)


def sheets(results: ClassResults) -> list[SheetSummary]:
    """Return a summary of each sheet in ``results``, in the order in which they first appear."""
    stems = dict.fromkeys(submission.stem for submission in results.submissions)
    return [
        _sheet(stem, [one for one in results.submissions if one.stem == stem]) for stem in stems
    ]


def _sheet(stem: str, submissions: Sequence[SubmissionResult]) -> SheetSummary:
    graded = tuple(one for one in submissions if one.status is SubmissionStatus.GRADED)
    scores = [one.score for one in graded]
    highest = max((one.max_score for one in submissions), default=0.0)
    return SheetSummary(
        stem=stem,
        max_score=highest,
        graded=graded,
        unreadable=tuple(one for one in submissions if one.status is SubmissionStatus.UNREADABLE),
        flagged=tuple(one for one in submissions if one.flags),
        mean=statistics.fmean(scores) if scores else 0.0,
        median=statistics.median(scores) if scores else 0.0,
        bars=_bars(scores, highest),
        exercises=tuple(_exercise(name, graded) for name in _exercise_names(graded)),
    )


def _exercise_names(submissions: Iterable[SubmissionResult]) -> list[str]:
    return list(dict.fromkeys(exercise.name for one in submissions for exercise in one.exercises))


def _exercise(name: str, graded: Sequence[SubmissionResult]) -> ExerciseSummary:
    answers = [(one, answer) for one in graded for answer in one.exercises if answer.name == name]
    wrong = [pair for pair in answers if pair[1].status is not ExerciseStatus.PASSED]
    return ExerciseSummary(
        name=name,
        mean=statistics.fmean(answer.score for _, answer in answers),
        max_score=max(answer.max_score for _, answer in answers),
        counts=Counter(answer.status for _, answer in answers),
        findings=(*_named(wrong, len(graded)), *_without_name(wrong, len(graded))),
    )


def _named(wrong: Sequence[Answer], num_graded: int) -> list[Finding]:
    """Count each name once for each submission; a pair of mistakes counts for both."""
    findings = []
    for name in dict.fromkeys(name for _, answer in wrong for name in answer.diagnosis):
        those = [(one, answer) for one, answer in wrong if name in answer.diagnosis]
        # Whoever made fewest mistakes has the hint that speaks most of this one.
        clearest = min((answer for _, answer in those), key=lambda answer: len(answer.diagnosis))
        hint = hints(clearest)[name] or clearest.hint
        findings.append(_finding(Kind.NAMED, name, hint, those, num_graded))
    return sorted(findings, key=lambda finding: (-len(finding.submissions), finding.name))


def _without_name(wrong: Sequence[Answer], num_graded: int) -> list[Finding]:
    findings = []
    for status in ExerciseStatus:
        those = [pair for pair in wrong if pair[1].status is status and not pair[1].diagnosis]
        kind = Kind.UNNAMED if status is ExerciseStatus.FAILED else Kind.STOPPED
        if those:
            findings.append(_finding(kind, unnamed(status), "", those, num_graded))
    return findings


def _finding(kind: Kind, name: str, hint: str, those: Sequence[Answer], num_graded: int) -> Finding:
    submissions = tuple(one for one, _ in those)
    return Finding(kind, name, hint, submissions, len(submissions) / num_graded)


def _bars(scores: Sequence[float], highest: float) -> tuple[Bar, ...]:
    """Return the distribution in steps of 1, 2, 5, 10… points; full marks have their own bar."""
    if not scores or highest <= 0:
        return ()
    step = _step(highest)
    # Sums of points such as 0.1 + 0.2 must not fall short of their own bar.
    places = Counter(math.floor(round(score / step, 6)) for score in scores)
    highest_count = max(places.values())
    last = math.floor(round(highest / step, 6))
    return tuple(
        Bar(number(place * step), places[place], places[place] / highest_count)
        for place in range(last + 1)
    )


def _step(highest: float) -> float:
    """Return the finest of 1, 2, 5, 10, 20… that needs at most ``MOST_BARS`` bars."""
    steps = (lead * 10.0**power for power in range(12) for lead in (1, 2, 5))
    return next((step for step in steps if highest / step + 1 <= MOST_BARS), highest)
