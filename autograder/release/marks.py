"""Taking solutions out: what stands between the marks becomes a line that says what to write."""

from __future__ import annotations

import re

from autograder.published import BEGIN, END

DEFINITION = re.compile(r"(\s*)(?:async\s+)?(def|class)\s+(\w+)")
FENCE = re.compile(r"(`{3,}|~{3,})\s*$")


class MarkError(ValueError):
    """The marks of a solution are not balanced; the message names the line."""


def check_marks(text: str) -> None:
    """Check that every mark in a sheet has its other half in the same cell.

    Raises:
        MarkError: With the line in ``text``, from 1.
    """
    opened = 0
    for number, line in enumerate(text.splitlines(), start=1):
        mark = line.strip()
        if opened and (mark == BEGIN or FENCE.match(line)):
            raise MarkError(f"line {opened}: {BEGIN} without {END} before line {number}")
        if not opened and mark == END:
            raise MarkError(f"line {number}: {END} without {BEGIN}")
        if mark not in {BEGIN, END} and re.search(r"#\s*(BEGIN|END) SOLUTION", line, re.IGNORECASE):
            raise MarkError(f"line {number}: write the mark as {BEGIN} or {END}, alone on its line")
        opened = number if mark == BEGIN else 0 if mark == END else opened
    if opened:
        raise MarkError(f"line {opened}: {BEGIN} without {END}")


def remove_solutions(source: str) -> str:
    """Return a cell's source with every solution replaced by ``raise NotImplementedError``."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        mark = line.strip()
        if mark == BEGIN:
            indent = line[: line.index(BEGIN)]
            task = _enclosing(kept, len(indent)) or "your answer"
            kept.append(f'{indent}raise NotImplementedError("write {task} here")')
        if not inside and mark != BEGIN:
            kept.append(line)
        inside = mark == BEGIN or (inside and mark != END)
    return "\n".join(kept)


def _enclosing(lines: list[str], indent: int) -> str:
    """Return the name of the function, or ``Class.method``, that a line indented so is part of."""
    names: list[str] = []
    for line in reversed(lines):
        definition = DEFINITION.match(line)
        if definition and len(definition[1]) < indent:
            indent = len(definition[1])
            names.insert(0, definition[3])
    return ".".join(names)
