"""What handing in late costs: plain functions from a score and a lateness to a score.

A rule is chosen by its name and one number. Another rule is one more function in `RULES`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Callable, Mapping

from autograder.gradebook.problem import GradebookError, unknown

LateRule = Callable[[float, dt.timedelta], float]
DAY = dt.timedelta(days=1)


def no_penalty(_unused: float) -> LateRule:
    """Return the rule that handing in late costs nothing."""
    return lambda score, lateness: score


def per_day(share: float) -> LateRule:
    """Return the rule that each day, once it has begun, costs ``share`` of the score.

    Raises:
        GradebookError: If the share does not lie between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise GradebookError(f"per_day takes the share of a score, from 0 to 1, got {share:g}")
    return lambda score, lateness: score * max(0.0, 1 - share * math.ceil(lateness / DAY))


def cut_off(days: float) -> LateRule:
    """Return the rule that a notebook counts in full until ``days`` after the due date, then 0.

    Raises:
        GradebookError: If the number of days is negative or no number.
    """
    if not 0 <= days < math.inf:
        raise GradebookError(f"cut_off takes a number of days, 0 or more, got {days:g}")
    return lambda score, lateness: score if lateness / DAY <= days else 0.0


RULES: Mapping[str, Callable[[float], LateRule]] = {
    "no_penalty": no_penalty,
    "per_day": per_day,
    "cut_off": cut_off,
}


@dataclasses.dataclass(frozen=True)
class Late:
    """A rule by its name, as the gradebook stores it."""

    rule: str = "no_penalty"
    parameter: float = 0.0

    def __str__(self) -> str:
        return self.rule if self.rule == "no_penalty" else f"{self.rule}({self.parameter:g})"

    def function(self) -> LateRule:
        """Return the rule itself.

        Raises:
            GradebookError: If there is no such rule, or it takes no such number.
        """
        if self.rule not in RULES:
            raise unknown("late rule", self.rule, RULES, "choose one of these")
        return RULES[self.rule](self.parameter)


NO_PENALTY = Late()
