"""Canvas's gradebook file, filled in or made anew.

Its first line holds ``Student`` (or ``LastName`` and ``FirstName``), ``ID``, ``SIS User ID``,
``SIS Login ID``, ``Section``, then one column for each assignment, ``title (number)``, and
totals. Then may come a line that says ``Manual Posting``, then the line ``Points Possible``,
whose cell says ``(read only)`` in the columns that Canvas computes, then the students. ``EX`` is
an excused student, ``N/A`` one to whom the assignment was not given. On upload Canvas looks for
a student by ``ID``, then by SIS numbers, then by name, and takes columns of assignments that have
not changed as they are.

Canvas Instructor Guide, "How do I export grades in the Gradebook?" and "How do I import grades in
the Gradebook?"; the headings and what the upload does with them are those of Canvas itself,
https://github.com/instructure/canvas-lms, ``lib/gradebook_exporter.rb`` and
``lib/gradebook_importer.rb``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

from autograder.exports.cells import number_cell, text_cell
from autograder.exports.csv_file import CsvFile, TemplateError, read_csv
from autograder.exports.filling import Column, Filled, of_sheet, only_column, points, write_grades
from autograder.exports.roster import place
from autograder.results import Grade

HEADER = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
IDENTITY = {"Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID"}
POINTS = "Points Possible"
LEFT_ALONE = {"EX": "is excused (EX)", "N/A": "was not given the assignment (N/A)"}
_TITLE = re.compile(r"(.*?)\s*\(\d+\)\s*", re.DOTALL)


def fill_canvas(
    template: bytes,
    grades: Sequence[Grade],
    stem: str,
    *,
    column: str = "",
    names: Mapping[str, str] | None = None,
    scale: bool = False,
) -> Filled:
    """Return Canvas's own file with the grades of one sheet in it.

    Args:
        template: The file that Canvas exported.
        grades: Of any sheets.
        stem: The sheet to fill in.
        column: The assignment, with or without its number; the sheet's name if not given.
        names: Who is who, where a learner's name is not in the file.
        scale: Convert grades to the assignment's points.

    Raises:
        TemplateError: If nothing is graded for the sheet, the file is not Canvas's, or the
            column cannot be filled.
    """
    wanted = of_sheet(grades, stem)
    file = read_csv(template, _is_canvas, "Student, ID and Section (Canvas: Grades, Export)")
    header = file.header
    chosen = only_column(header, _assignments(header), column or stem, "--column")
    students, most = _students(file), _points_possible(file, chosen)
    placement = place(
        (grade.learner for grade in wanted),
        {row: _identity(file, row) for row in students},
        names or {},
    )
    where = Column(
        chosen,
        most=lambda row: most,
        kept=lambda row: LEFT_ALONE.get(file.value(row, chosen).strip().upper(), ""),
    )
    return write_grades(file, where, wanted, placement, scale=scale)


def canvas_csv(grades: Sequence[Grade], names: Mapping[str, str] | None = None) -> bytes:
    """Return a new file with a column for each sheet, which Canvas makes into assignments.

    A learner stands in it by name. Canvas asks whom it means where it knows nobody so called;
    what ``names`` gives goes into the column SIS Login ID.
    """
    names = names or {}
    stems = sorted({grade.stem for grade in grades})
    most = {grade.stem: grade.max_score for grade in grades}
    scores = {(grade.learner, grade.stem): number_cell(grade.score) for grade in grades}
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([*HEADER, *map(text_cell, stems)])
    # The blanks are Canvas's own: the line stands above all names when it is sorted.
    writer.writerow([f"    {POINTS}", "", "", "", "", *(number_cell(most[stem]) for stem in stems)])
    for learner in sorted({grade.learner for grade in grades}):
        login = text_cell(names.get(learner, ""))
        marks = [scores.get((learner, stem), "") for stem in stems]
        writer.writerow([text_cell(learner), "", "", login, "", *marks])
    return sheet.getvalue().encode("utf-8")


def _is_canvas(header: list[str]) -> bool:
    first = header[:1] == ["Student"] or header[:2] == ["LastName", "FirstName"]
    return first and "ID" in header and "Section" in header


def _assignments(header: list[str]) -> dict[int, str]:
    """Return the titles of the columns after ``Section``, without Canvas's numbers."""
    return {
        place: title[1] if (title := _TITLE.fullmatch(name)) else name
        for place, name in enumerate(header)
        if place > header.index("Section") and name.strip()
    }


def _students(file: CsvFile) -> list[int]:
    """Return the lines that are students: those with a name or a number."""
    named = range(file.header.index("ID") + 1)
    return [
        row
        for row in range(1, len(file.rows))
        if any(file.value(row, column).strip() for column in named) and not _is_points(file, row)
    ]


def _is_points(file: CsvFile, row: int) -> bool:
    return POINTS in file.value(row, 0)


def _points_possible(file: CsvFile, column: int) -> float | None:
    """Return what an assignment is out of.

    Raises:
        TemplateError: If Canvas computes the column.
    """
    for row in range(1, len(file.rows)):
        if _is_points(file, row):
            text = file.value(row, column)
            if "read only" in text.lower():
                title = file.header[column]
                raise TemplateError(f"Canvas computes the column {title!r}: name another one")
            return points(text)
    return None


def _identity(file: CsvFile, row: int) -> list[str]:
    """Return what a student can be found by."""
    header = file.header
    texts = [file.value(row, place) for place, name in enumerate(header) if name in IDENTITY]
    if header[0] == "LastName":
        texts.append(f"{file.value(row, 0)}, {file.value(row, 1)}")
    return texts
