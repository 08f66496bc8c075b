"""Statuses and numbers in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.results import CheckStatus, ExerciseStatus

NO_NAME_YET = "wrong, no name for it yet"
FULL_ISOLATION = "full"

EXERCISE = {
    ExerciseStatus.PASSED: "correct",
    ExerciseStatus.FAILED: "not correct yet",
    ExerciseStatus.MISSING: "not in the notebook",
    ExerciseStatus.ERROR: "stopped with an error",
    ExerciseStatus.TIMEOUT: "took too long",
    ExerciseStatus.CRASHED: "crashed",
}

# The same as headings of narrow columns.
COLUMN = {
    ExerciseStatus.PASSED: "Correct",
    ExerciseStatus.FAILED: "Wrong",
    ExerciseStatus.MISSING: "Missing",
    ExerciseStatus.ERROR: "Error",
    ExerciseStatus.TIMEOUT: "Too long",
    ExerciseStatus.CRASHED: "Crashed",
}

CHECK = {
    CheckStatus.PASSED: "holds",
    CheckStatus.FAILED: "does not hold",
    CheckStatus.ERROR: "could not be tried",
}

# A shape beside the color, for readers who do not tell the colors apart.
SIGN = {"passed": "✓", "failed": "✗", "missing": "–", "error": "!", "timeout": "!", "crashed": "!"}

ISOLATION = {
    "reduced": (
        "Some of the walls between the notebooks and the grader could not be put up on this "
        "machine. Do not rely on these marks where somebody may have tried to forge them."
    ),
    "full, no scratch": (
        "The notebooks were walled off from the grader, but had no folder to write to. "
        "An exercise that writes a file fails here for that reason alone."
    ),
}
UNKNOWN_ISOLATION = "The notebooks were not fully walled off from the grader."


def isolation_warning(isolation: str) -> str:
    """Return what a reader must know about the run's isolation; nothing where it is full."""
    return "" if isolation == FULL_ISOLATION else ISOLATION.get(isolation, UNKNOWN_ISOLATION)


def number(value: float) -> str:
    """Return a score with two decimals at most: 9, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def duration(minutes: float) -> str:
    """Return a length of time: under 1 min, 42 min, 3 h 20 min, 5 days."""
    whole = round(minutes)
    if whole >= 48 * 60:
        return f"{whole / 1440:.0f} days"
    hours, left = divmod(whole, 60)
    if not hours:
        return f"{left} min" if left else "under 1 min"
    return f"{hours} h {left} min" if left else f"{hours} h"


def signed(value: float) -> str:
    """Return a correlation with its sign: +0.42, −0.31, 0.00."""
    text = f"{abs(value):.2f}"
    sign = "" if text == "0.00" else "−" if value < 0 else "+"
    return sign + text


def unnamed(status: ExerciseStatus) -> str:
    """Return what stands in the place of a mistake's name where there is none."""
    return NO_NAME_YET if status is ExerciseStatus.FAILED else EXERCISE[status]


def unnamed_short(status: ExerciseStatus) -> str:
    """Return the same for a table."""
    return NO_NAME_YET if status is ExerciseStatus.FAILED else COLUMN[status].lower()


def aligned(value: float, beside: Iterable[float]) -> str:
    """Return a score with as many decimals as the scores ``beside`` it in its column need."""
    decimals = max((len(number(one).partition(".")[2]) for one in beside), default=0)
    return f"{value:.{decimals}f}"


def percent(share: float) -> str:
    """Return a share of 1 as a whole percentage; what is not quite all or none stays so."""
    whole = round(100 * share)
    if share > 0 and whole == 0:
        return "under 1%"
    if share < 1 and whole == 100:
        return "over 99%"
    return f"{whole}%"


def count(quantity: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: 1 learner, 3 learners."""
    return f"{quantity} {singular if quantity == 1 else plural or singular + 's'}"
