"""Moodle's grading worksheet, filled in, and a file for its grade import.

The worksheet of an assignment (Submissions, Download grading worksheet; the assignment's
feedback type "Offline grading worksheet" must be on) has the columns ``Identifier``, ``Full
name``, the site's own identity fields such as ``Email address``, ``Status``, ``Grade``,
``Maximum Grade``, ``Grade can be changed``, ``Last modified (submission)``, ``Last modified
(grade)``, ``Feedback comments``. Uploading it needs ``Identifier``, ``Grade`` and ``Last modified
(grade)``; a grade that was changed in Moodle later than that is not overwritten. Headings follow
the language of the person who downloads it.

MoodleDocs, "Assignment settings", feedback types,
https://docs.moodle.org/401/en/Assignment_settings; the headings and what the upload does with them
are those of Moodle itself, https://github.com/moodle/moodle, ``mod/assign/gradingtable.php`` and
``mod/assign/feedback/offline/importgradeslib.php``. Without a worksheet nobody knows the
identifiers, so a new file is for MoodleDocs, "Grade import",
https://docs.moodle.org/401/en/Grade_import, where one chooses what each column means.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from autograder.exports.cells import number_cell, text_cell
from autograder.exports.csv_file import CsvFile, read_csv
from autograder.exports.filling import Column, Filled, of_sheet, only_column, points, write_grades
from autograder.exports.roster import place
from autograder.results import Grade

NEEDED = ("identifier", "grade", "last modified (grade)")
IDENTITY = {"identifier", "full name", "email address", "id number", "username"}
EXPECTED = (
    "Identifier, Grade and Last modified (grade), which is a grading worksheet downloaded with "
    "Moodle's language set to English"
)


def fill_moodle(
    template: bytes,
    grades: Sequence[Grade],
    stem: str,
    *,
    column: str = "",
    names: Mapping[str, str] | None = None,
    scale: bool = False,
) -> Filled:
    """Return Moodle's own worksheet with the grades of one sheet in it.

    Args:
        template: The worksheet that Moodle exported.
        grades: Of any sheets.
        stem: The sheet to fill in.
        column: The column to fill; ``Grade`` if not given.
        names: Who is who, where a learner's name is not in the file.
        scale: Convert grades to the worksheet's maximum.

    Raises:
        TemplateError: If nothing is graded for the sheet, the file is not such a worksheet, or
            the column cannot be filled.
    """
    wanted = of_sheet(grades, stem)
    file = read_csv(template, _is_worksheet, EXPECTED)
    header = file.header
    places = _places(file)
    chosen = only_column(header, dict(enumerate(header)), column or "Grade", "--column")
    rows = [row for row in range(1, len(file.rows)) if file.value(row, places["identifier"])]
    placement = place(
        (grade.learner for grade in wanted),
        {row: [file.value(row, places[name]) for name in IDENTITY & places.keys()] for row in rows},
        names or {},
    )

    def cell(row: int, name: str) -> str:
        return file.value(row, places[name]).strip() if name in places else ""

    where = Column(
        chosen,
        most=lambda row: points(cell(row, "maximum grade")),
        kept=lambda row: (
            "says that the grade cannot be changed"
            if cell(row, "grade can be changed").lower() == "no"
            else ""
        ),
    )
    return write_grades(file, where, wanted, placement, scale=scale)


def moodle_csv(grades: Sequence[Grade], names: Mapping[str, str] | None = None) -> bytes:
    """Return a new file for Moodle's grade import: who, and a column for each sheet.

    The first column is what ``names`` gives for a learner (an e-mail, say), or the learner's name.
    """
    names = names or {}
    stems = sorted({grade.stem for grade in grades})
    scores = {(grade.learner, grade.stem): number_cell(grade.score) for grade in grades}
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(["learner", *map(text_cell, stems)])
    for learner in sorted({grade.learner for grade in grades}):
        marks = [scores.get((learner, stem), "") for stem in stems]
        writer.writerow([text_cell(names.get(learner, learner)), *marks])
    return sheet.getvalue().encode("utf-8")


def _is_worksheet(header: list[str]) -> bool:
    folded = {name.strip().lower() for name in header}
    return folded.issuperset(NEEDED)


def _places(file: CsvFile) -> dict[str, int]:
    """Return where each column is, by its heading in lower case."""
    return {name.strip().lower(): place for place, name in enumerate(file.header)}
