"""Writing grades into a column of a school's gradebook file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.exports.cells import number_cell
from autograder.exports.csv_file import CsvFile, TemplateError
from autograder.exports.roster import Placement
from autograder.plain_text import printable
from autograder.results import Grade


@dataclass
class Filled:
    """A file with grades in it.

    Attributes:
        filled: How many grades were written.
        problems: Grades that were not written and why, a sentence each.
    """

    content: bytes
    filled: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Column:
    """Where the grades of one sheet go.

    Attributes:
        index: The column.
        most: Gives the points that a line's grade is out of; none if the file does not say.
        kept: Gives why the cell of a line must stay as it is; empty if it may be written.
    """

    index: int
    most: Callable[[int], float | None]
    kept: Callable[[int], str]


def write_grades(
    file: CsvFile, column: Column, grades: Sequence[Grade], placement: Placement, *, scale: bool
) -> Filled:
    """Write ``grades`` of one sheet into ``column``; nothing else in the file changes.

    Args:
        file: Changed in place.
        column: Where they go.
        grades: One for each learner.
        placement: The lines of the learners.
        scale: Whether to convert a grade to the file's number of points.

    Raises:
        TemplateError: If the file's points are others and ``scale`` is not given.
    """
    result = Filled(b"", problems=list(placement.problems))
    for grade in grades:
        row = placement.rows.get(grade.learner)
        if row is None:
            continue
        if reason := column.kept(row):
            result.problems.append(f"{printable(grade.learner)}: row {row + 1} {reason}")
            continue
        score = _converted(grade, column.most(row), scale)
        file.fill(row, column.index, str(number_cell(score)))
        result.filled += 1
    result.content = file.content()
    return result


def of_sheet(grades: Sequence[Grade], stem: str) -> list[Grade]:
    """Return the grades of one sheet.

    Raises:
        TemplateError: If there are none.
    """
    found = [grade for grade in grades if grade.stem == stem]
    if not found:
        stems = ", ".join(sorted({grade.stem for grade in grades})) or "none"
        raise TemplateError(f"nothing is graded for the sheet {stem!r}; there is {stems}")
    return found


def points(text: str) -> float | None:
    """Return a number of points as a gradebook writes it, with a point or a comma; none if not."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def only_column(header: Sequence[str], wanted: Mapping[int, str], name: str, choice: str) -> int:
    """Return the only column that is called ``name``.

    Args:
        header: All headings, to count how often the name stands there.
        wanted: The columns that may be filled, by place.
        name: What to look for; case makes no difference.
        choice: The option that names the column, for the message.

    Raises:
        TemplateError: If there is none, or more than one.
    """
    folded = name.strip().casefold()
    found = [place for place, title in wanted.items() if title.strip().casefold() == folded]
    found = found or [place for place in wanted if header[place].strip().casefold() == folded]
    if len(found) == 1:
        return found[0]
    there = ", ".join(repr(header[place]) for place in wanted) or "none"
    count = "no column is" if not found else f"{len(found)} columns are"
    raise TemplateError(f"{count} called {name!r}; name one with {choice}: there is {there}")


def _converted(grade: Grade, most: float | None, scale: bool) -> float:
    if most is None or most == grade.max_score:
        return grade.score
    if not scale:
        raise TemplateError(
            f"the file gives {most:g} points and the sheet {grade.stem} {grade.max_score:g}: "
            "change the points there, or convert with --scale"
        )
    return grade.score * most / grade.max_score if grade.max_score else 0.0
