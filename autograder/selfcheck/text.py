"""The answer to a self-check in plain text."""

from __future__ import annotations

from autograder.results import CheckStatus, ExerciseResult, ExerciseStatus
from autograder.sheets import stem_of

STATUS = {
    ExerciseStatus.PASSED: "all checks hold",
    ExerciseStatus.FAILED: "not right yet",
    ExerciseStatus.MISSING: "not written yet",
    ExerciseStatus.ERROR: "stops with an error",
    ExerciseStatus.TIMEOUT: "takes too long",
    ExerciseStatus.CRASHED: "crashes",
}


def as_text(result: ExerciseResult) -> str:
    """Return what holds, what does not, the mistake's name and where to read, as lines."""
    sign = "✓" if result.status is ExerciseStatus.PASSED else "✗"
    lines = [f"{sign} {headline(result)}"]
    if result.message:
        lines.append(f"  {result.message}")
    if result.diagnosis:
        lines.append(f"  The mistake: {' + '.join(result.diagnosis)}")
    lines += [f"  {line}" for line in result.hint.splitlines()]
    if result.status is ExerciseStatus.PASSED or result.status is ExerciseStatus.MISSING:
        return "\n".join(lines)
    lines.append("")
    for check in result.checks:
        holds = check.status is CheckStatus.PASSED
        lines.append(f"  {'✓' if holds else '✗'} {check.name}")
        if not holds:
            lines.append(f"      {check.message}")
    if result.counterexample:
        lines += ["", "  The smallest case that fails:"]
        lines += [f"    {line}" for line in result.counterexample.splitlines()]
    if result.read:
        lines += ["", f"  Read: {section(result)}"]
    return "\n".join(lines)


def headline(result: ExerciseResult) -> str:
    """Return the exercise, how it ended and its points, in one line."""
    points = f"{result.score:g} of {result.max_score:g} points"
    return f"{result.name}: {STATUS[result.status]} ({points})"


def section(result: ExerciseResult) -> str:
    """Return which chapter to read, and the heading of the section in it."""
    chapter = f"chapter {stem_of(result.read) or result.read}"
    return f"{chapter}, “{result.read_title}”" if result.read_title else chapter
