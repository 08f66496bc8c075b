"""How scores and times are spread over a class."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections import Counter
from collections.abc import Sequence

from autograder.reports.wording import number

MOST_BARS = 13


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
class Spread:
    """The middle of some numbers: the median, and the quartiles that half of them lie between."""

    known: int
    lower: float
    median: float
    upper: float


def spread(numbers: Sequence[float]) -> Spread | None:
    """Return the median and quartiles; None for no number at all."""
    if not numbers:
        return None
    if len(numbers) == 1:
        return Spread(1, numbers[0], numbers[0], numbers[0])
    lower, median, upper = statistics.quantiles(numbers, n=4, method="inclusive")
    return Spread(len(numbers), lower, median, upper)


def bars(scores: Sequence[float], highest: float) -> tuple[Bar, ...]:
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
