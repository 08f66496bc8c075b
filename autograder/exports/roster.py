"""Whose line is whose: our learners and the lines of a school's gradebook.

A learner is found by what stands in the file's own columns: name, number, login, e-mail. Case,
spaces and the way in which accents are written make no difference; anything else does. Where
two lines or two learners would fit, nobody is chosen.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.exports.cells import shown_text
from autograder.exports.csv_file import MARK, TemplateError
from autograder.plain_text import printable


@dataclass
class Placement:
    """Where the learners stand.

    Attributes:
        rows: The line of each learner who was found.
        problems: A sentence for each one who was not.
    """

    rows: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def place(
    learners: Iterable[str], lines: Mapping[int, Iterable[str]], names: Mapping[str, str]
) -> Placement:
    """Find the line of each learner.

    Args:
        learners: Who was graded.
        lines: By line, what identifies the person on it.
        names: What to look for in place of a learner's own name, where somebody has said so.
    """
    known: defaultdict[str, set[int]] = defaultdict(set)
    for line, texts in lines.items():
        for text in texts:
            for key in _keys(text):
                known[key].add(line)
    placement = Placement()
    claims: defaultdict[int, list[str]] = defaultdict(list)
    for learner in dict.fromkeys(learners):
        wanted = names.get(learner, learner)
        found = known.get(_folded(wanted), set())
        if len(found) == 1:
            claims[min(found)].append(learner)
        else:
            placement.problems.append(_not_found(learner, wanted, found))
    for line, claimants in claims.items():
        if len(claimants) == 1:
            placement.rows[claimants[0]] = line
        else:
            who = ", ".join(map(printable, claimants))
            placement.problems.append(f"{who}: all fit row {line + 1}; no grade was written")
    return placement


def read_names(content: bytes) -> dict[str, str]:
    """Read a file that says who is who: two columns, the first of them headed ``learner``.

    The second column holds what the school's file has: a name, a number, a login or an e-mail.

    Raises:
        TemplateError: If the columns are others, or a learner stands there twice.
    """
    text = content.decode("utf-8", "replace").removeprefix(MARK)
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(row)]
    if not rows or [cell.strip().lower() for cell in rows[0]][:1] != ["learner"]:
        raise TemplateError("the list of learners must begin with the line: learner,id")
    names: dict[str, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != 2 or not all(cell.strip() for cell in row):
            raise TemplateError(f"line {number} of the list of learners must have two cells")
        learner, name = map(shown_text, row)
        if learner in names:
            raise TemplateError(f"line {number} of the list of learners: {learner} stands twice")
        names[learner] = name
    return names


def _keys(text: str) -> set[str]:
    """Return what a cell may be found by: its text, and ``First Last`` for ``Last, First``."""
    shown = shown_text(_decoded(text)).strip()
    last, comma, first = shown.partition(",")
    keys = {_folded(shown), _folded(f"{first} {last}") if comma else ""}
    return keys - {""}


def _decoded(text: str) -> str:
    """Read bytes that were no UTF-8 as Windows would: accents in a file that Excel saved."""
    data = text.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _not_found(learner: str, wanted: str, found: set[int]) -> str:
    who = printable(learner) if wanted == learner else f"{printable(learner)} ({printable(wanted)})"
    if not found:
        return f"{who}: not in the file"
    lines = " and ".join(str(line + 1) for line in sorted(found))
    return f"{who}: rows {lines} fit equally well; no grade was written"
