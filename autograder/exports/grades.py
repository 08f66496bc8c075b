"""``grades.csv``: one row for each learner and sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from autograder.exports.cells import number_cell, text_cell
from autograder.results import SubmissionResult

Cell = str | int | float

BEFORE = ("learner", "stem", "status", "score", "max_score")
AFTER = ("flags", "message")


def grades_csv(submissions: Iterable[SubmissionResult]) -> bytes:
    """Return the class's grades as CSV: UTF-8, rows that end in a newline, text in quotes.

    Columns: learner, stem, status, score, max_score, the score of each exercise under its
    name, flags, message. A cell is empty where a sheet does not have the exercise or its
    notebook could not be read. Numbers are plain; text that a spreadsheet would run as a
    formula begins with an apostrophe.
    """
    rows = []
    exercises: dict[str, None] = {}
    for submission in submissions:  # in one pass: a class may be too large to keep
        scores = {each.name: number_cell(each.score) for each in submission.exercises}
        exercises |= dict.fromkeys(scores)
        rows.append((_before(submission), scores, _after(submission)))
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow([*BEFORE, *map(_heading, exercises), *AFTER])
    for before, scores, after in rows:
        writer.writerow([*before, *(scores.get(name, "") for name in exercises), *after])
    return sheet.getvalue().encode("utf-8")


def _heading(exercise: str) -> str:
    """Keep headings unique where an exercise is called like one of the fixed columns."""
    return text_cell(f"{exercise} (exercise)" if exercise in BEFORE + AFTER else exercise)


def _before(submission: SubmissionResult) -> list[Cell]:
    return [
        text_cell(submission.learner),
        text_cell(submission.stem),
        submission.status.value,
        number_cell(submission.score),
        number_cell(submission.max_score),
    ]


def _after(submission: SubmissionResult) -> list[Cell]:
    return [text_cell("; ".join(submission.flags)), text_cell(submission.message)]
