"""Which exercises tell learners apart, and which confuse those who do well elsewhere.

Two measures of classical test theory. The item-rest correlation is Pearson's, between the
score of an exercise and the score of all others (Henrysson 1963, Correction of Item-Total
Correlations in Item Analysis, Psychometrika 28). The groups beside it are the 27 % of learners
with the highest and the lowest score in the others (Kelley 1939, The Selection of Upper and
Lower Groups for the Validation of Test Items, Journal of Educational Psychology 30).
"""

from __future__ import annotations

import dataclasses
import enum
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

from autograder.reports.tally import Row

FEWEST_LEARNERS = 20
"""Of fewer, a correlation says next to nothing: its standard error is above 0.2."""

GOOD_CORRELATION = 0.3
"""The usual demand on an item (Nunnally and Bernstein 1994, Psychometric Theory)."""

STANDARD_ERRORS = 2
"""How far below 0 a correlation must lie before it is called negative."""

GROUP = 0.27


class Verdict(enum.StrEnum):
    """What the correlation says of an exercise."""

    TELLS_APART = "tells learners apart"
    TELLS_LITTLE = "tells little"
    REVERSED = "the wrong way round"
    TOO_FEW = "too few learners to say"
    ALL_ALIKE = "all alike"


@dataclasses.dataclass(frozen=True)
class Discrimination:
    """How an exercise goes with the rest of its sheet.

    Attributes:
        correlation: None where it cannot be told, or there is no rest.
        upper: Share of correct answers among learners who do best in the other exercises.
        lower: The same among those who do worst.
    """

    verdict: Verdict
    correlation: float | None = None
    upper: float = 0.0
    lower: float = 0.0


def discrimination(rows: Iterable[Row], exercise: str) -> Discrimination:
    """Return how one exercise goes with the others, over all who have it on their sheet."""
    scores, rests, correct = [], [], []
    for row in rows:
        for outcome in row.outcomes:
            if outcome.exercise == exercise:
                others = sum(one.score for one in row.outcomes if one.exercise != exercise)
                scores.append(outcome.score)
                rests.append(others)
                correct.append(outcome.correct)
    if len(scores) < FEWEST_LEARNERS:
        return Discrimination(Verdict.TOO_FEW)
    if len(set(scores)) == 1 or len(set(rests)) == 1:
        return Discrimination(Verdict.ALL_ALIKE)
    correlation = statistics.correlation(scores, rests)
    lower, upper = _outer_groups(rests, correct)
    return Discrimination(_verdict(correlation, len(scores)), correlation, upper, lower)


def _verdict(correlation: float, learners: int) -> Verdict:
    if correlation < -STANDARD_ERRORS / math.sqrt(learners - 1):
        return Verdict.REVERSED
    good = correlation >= GOOD_CORRELATION
    return Verdict.TELLS_APART if good else Verdict.TELLS_LITTLE


def _outer_groups(rests: Sequence[float], correct: Sequence[bool]) -> tuple[float, float]:
    """Return the share of correct answers in the lowest and in the highest group.

    Where learners with the same score lie on a group's border, each belongs to it in part.
    """
    tied: defaultdict[float, list[bool]] = defaultdict(list)
    for rest, right in zip(rests, correct, strict=True):
        tied[rest].append(right)
    ascending = [tied[rest] for rest in sorted(tied)]
    size = GROUP * len(rests)
    return _share_correct(ascending, size), _share_correct(ascending[::-1], size)


def _share_correct(tied: Sequence[Sequence[bool]], size: float) -> float:
    missing, right = size, 0.0
    for group in tied:
        taken = min(missing, len(group))
        right += taken * sum(group) / len(group)
        missing -= taken
    return right / size
