"""grades.csv: what is in it, and what a spreadsheet does with it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.exports import grades_csv
from autograder.exports.cells import number_cell, text_cell
from autograder.results import (
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "\uff1d1+1",
    '=HYPERLINK("http://x","y")',
    "-2+3+cmd|' /C calc'!A0",
]
HARMLESS = ["", "ada", "O'Hara", "a=b", "x-1", "1", "你好", 'say "hi"', "a,b;c", "é"]


def submission(learner="ada", *, message="", flags=(), stem="attention", **scores):
    exercises = [
        ExerciseResult(name=name, status=ExerciseStatus.FAILED, score=score, max_score=3.0)
        for name, score in scores.items()
    ]
    return SubmissionResult(
        learner=learner,
        stem=stem,
        status=SubmissionStatus.GRADED,
        score=sum(scores.values()),
        max_score=6.0,
        flags=list(flags),
        message=message,
        exercises=exercises,
    )


def export(*submissions):
    return grades_csv(submissions)


def rows(*submissions):
    text = export(*submissions).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_row_holds_the_score_of_each_exercise():
    (row,) = rows(submission(causal_mask=2.5, padding_mask=3.0, message="late", flags=["a", "b"]))
    assert row == {
        "learner": "ada",
        "stem": "attention",
        "status": "graded",
        "score": "5.5",
        "max_score": "6",
        "causal_mask": "2.5",
        "padding_mask": "3",
        "flags": "a; b",
        "message": "late",
    }


def test_an_exercise_that_a_sheet_lacks_is_an_empty_cell():
    first, second = rows(submission(causal_mask=1.0), submission(stem="heads", split_heads=2.0))
    assert (first["causal_mask"], first["split_heads"]) == ("1", "")
    assert (second["causal_mask"], second["split_heads"]) == ("", "2")


def test_an_unreadable_notebook_has_a_row_with_its_reason():
    unreadable = SubmissionResult(
        learner="pat",
        stem="attention",
        status=SubmissionStatus.UNREADABLE,
        score=0.0,
        max_score=6.0,
        message="not JSON",
    )
    _, row = rows(submission(causal_mask=1.0), unreadable)
    assert (row["status"], row["score"], row["causal_mask"]) == ("unreadable", "0", "")
    assert row["message"] == "not JSON"


def test_a_class_without_submissions_is_a_heading_alone():
    assert export().decode().splitlines() == [
        '"learner","stem","status","score","max_score","flags","message"'
    ]


def test_lines_end_in_a_newline_and_text_is_utf8():
    data = export(submission("名前", causal_mask=1.0))
    assert data.count(b"\n") == 2
    assert data.endswith(b"\n")
    assert b"\r" not in data
    assert "名前" in data.decode("utf-8")


@pytest.mark.parametrize("text", DANGEROUS)
@pytest.mark.parametrize("column", ["learner", "stem", "message", "flags"])
def test_no_text_reaches_a_spreadsheet_as_a_formula(text, column):
    value = [text] if column == "flags" else text
    (row,) = rows(submission(**{"learner": "ada", column: value}))
    assert row[column] == f"'{text}"


def test_an_exercises_name_in_the_heading_is_no_formula_either():
    (row,) = rows(submission(**{"=cmd": 1.0}))
    assert row["'=cmd"] == "1"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text):
    (row,) = rows(submission(text, message=text))
    assert (row["learner"], row["message"]) == (text, text)


def test_numbers_that_we_write_stay_numbers_also_below_zero():
    line = export(submission(causal_mask=-0.5)).decode().splitlines()[1]
    assert ",-0.5," in line
    assert "'" not in line


def test_an_exercise_called_like_a_column_keeps_its_own_column():
    (row,) = rows(submission(score=2.0))
    assert (row["score"], row["score (exercise)"]) == ("2", "2")


@pytest.mark.parametrize(
    ("value", "cell"),
    [(9.0, "9"), (2.5, "2.5"), (0.1 + 0.2, "0.3"), (0.0, "0"), (1 / 3, "0.333333")],
)
def test_a_score_is_written_short_and_without_rounding_noise(value, cell):
    assert str(number_cell(value)) == cell


@given(st.text(st.characters(), max_size=30))
def test_any_text_makes_one_row_that_starts_no_formula(text):
    (row,) = rows(submission(text, message=text))
    assert row["learner"] == text_cell(text) == row["message"]
    assert row["learner"].lstrip()[:1] not in tuple("=+-@")
    assert row["learner"][:1] not in ("\t", "\r", "\n")


def test_control_characters_become_visible():
    assert text_cell("a\x00b\x1b\udcff") == r"a\x00b\x1b\udcff"
