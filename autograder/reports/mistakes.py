"""Which hint belongs to which mistake, and what checks say again and again."""

from __future__ import annotations

from autograder.results import ExerciseResult


def hints(answer: ExerciseResult) -> dict[str, str]:
    """Return the hint of each mistake that ``answer`` holds, in order.

    Where several mistakes act together, the hint has one line for each. One that has not
    cannot be told apart: then each mistake's own hint is empty.
    """
    names, lines = answer.diagnosis, answer.hint.splitlines()
    if len(names) == 1:
        return {names[0]: answer.hint}
    return (
        dict(zip(names, lines, strict=True))
        if len(names) == len(lines)
        else dict.fromkeys(names, "")
    )


def common_message(answer: ExerciseResult) -> str:
    """Return what every check of ``answer`` says, where there are several; else nothing."""
    messages = {check.message for check in answer.checks}
    return messages.pop() if len(messages) == 1 and len(answer.checks) > 1 else ""
