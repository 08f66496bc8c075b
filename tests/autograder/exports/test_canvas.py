"""Canvas's gradebook: filled in and uploaded again, or made anew."""

import re

import pytest

from autograder.exports import TemplateError, canvas_csv, fill_canvas, read_names
from autograder.results import Grade

from .readers import read_canvas

EXPORT = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework 1 (811),attention (812),"
    "Homework Current Score,Final Score\r\n"
    ",,,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,10.00,12.00,(read only),(read only)\r\n"
    '"Lovelace, Ada",101,s1,ada,Section 1,8.00,,80.00,80.00\r\n'
    '"O\'Hara, José ""Pepe""",102,s2,jose@example.edu,"A, B and C",,3.5,,\r\n'
    '"Müller, Émile",103,s3,emile,Section 1,EX,EX,,\r\n'
    '"=""=HYPERLINK(1)""",104,s4,evil,Section 1,,"",,\r\n'
    '"Smith, Sam",105,s5,sam1,Section 1,,N/A,,\r\n'
    '"Smith, Sam",106,s6,sam2,Section 2,,,,\r\n'
    '"Student, Test",107,,7fd,Section 1,,,,\r\n'
).encode()


def grade(learner: str, score: float = 9.5, stem: str = "attention", most: float = 12.0) -> Grade:
    return Grade(learner=learner, stem=stem, score=score, max_score=most)


def fill(*grades: Grade, template: bytes = EXPORT, stem: str = "attention", **options):
    return fill_canvas(template, grades, stem, **options)


def test_a_grade_goes_into_its_cell_and_no_other_byte_changes():
    filled = fill(grade("ada"))
    assert filled.content == EXPORT.replace(b"Section 1,8.00,,80.00", b"Section 1,8.00,9.5,80.00")
    assert (filled.filled, filled.problems) == (1, [])


@pytest.mark.parametrize(
    "learner",
    ["ada", "Ada", "Lovelace, Ada", "Ada Lovelace", " ada  lovelace", "101", "s1"],
)
def test_a_learner_is_found_by_name_number_or_login(learner):
    assert read_canvas(fill(grade(learner)).content)["attention (812)"]["Lovelace, Ada"] == "9.5"


@pytest.mark.parametrize("learner", ["=HYPERLINK(1)", "evil"])
def test_a_name_that_canvas_writes_as_a_formula_is_found(learner):
    assert b'evil,Section 1,,"9.5",,' in fill(grade(learner)).content


@pytest.mark.parametrize("learner", ["Émile Müller", "E\u0301mile Mu\u0308ller"])
def test_accents_may_be_written_in_either_way(learner):
    assert "is excused" in fill(grade(learner)).problems[0]


def test_a_grade_that_was_there_is_replaced_within_its_quotes():
    content = fill(grade("evil", 0), grade("jose@example.edu", 12)).content
    assert b',"0",,\r\n' in content
    assert b'"A, B and C",,12,,\r\n' in content


@pytest.mark.parametrize(
    ("learner", "problem"),
    [
        ("Sam Smith", "Sam Smith: rows 8 and 9 fit equally well; no grade was written"),
        ("jose", "jose: not in the file"),
        ("Lovelace", "Lovelace: not in the file"),
        ("emile", "emile: row 6 is excused (EX)"),
        ("sam1", "sam1: row 8 was not given the assignment (N/A)"),
        ("Points Possible", "Points Possible: not in the file"),
        ("a\x1b[31m", r"a\x1b[31m: not in the file"),
    ],
)
def test_nobody_is_guessed(learner, problem):
    filled = fill(grade(learner))
    assert (filled.content, filled.filled, filled.problems) == (EXPORT, 0, [problem])


def test_two_learners_who_fit_one_line_get_nothing():
    filled = fill(grade("ada", 1), grade("Ada Lovelace", 2))
    assert filled.content == EXPORT
    assert filled.problems == ["ada, Ada Lovelace: all fit row 4; no grade was written"]


def test_a_list_says_who_is_who():
    names = read_names(b"learner,id\nsam the first,sam1\nSam Smith,106\n'=x,evil\n")
    filled = fill(grade("Sam Smith", 7), grade("=x", 8), names=names)
    assert filled.problems == []
    assert b"106,s6,sam2,Section 2,,7,," in filled.content
    assert b'104,s4,evil,Section 1,,"8",,' in filled.content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,id\na,b\n", "must begin with the line: learner,id"),
        (b"", "must begin with the line: learner,id"),
        (b"learner,id\na\n", "line 2 .* two cells"),
        (b"learner,id\na,b\na,c\n", "line 3 .* a stands twice"),
    ],
)
def test_a_list_of_another_form_is_refused(content, message):
    with pytest.raises(TemplateError, match=message):
        read_names(content)


def test_the_column_is_named_with_or_without_its_number():
    for column in ("Homework 1", "homework 1 (811)"):
        filled = fill(grade("ada", 4, most=10.0), column=column)
        assert read_canvas(filled.content)["Homework 1 (811)"]["Lovelace, Ada"] == "4"


def test_other_points_are_an_error_unless_they_are_to_be_converted():
    with pytest.raises(
        TemplateError, match=r"gives 10 points and the sheet attention 12: .*--scale"
    ):
        fill(grade("ada"), column="Homework 1")
    filled = fill(grade("ada", 6), column="Homework 1", scale=True)
    assert read_canvas(filled.content)["Homework 1 (811)"]["Lovelace, Ada"] == "5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"column": "Quiz"}, "no column is called 'Quiz'; name one with --column: .*'Homework 1 "),
        ({"column": "Final Score"}, "Canvas computes the column 'Final Score'"),
        ({"stem": "masks"}, "nothing is graded .* 'masks'; there is attention"),
        ({"template": b"learner,score\nada,1\n"}, "Student, ID and Section .*it is: learner,score"),
        ({"template": EXPORT.replace(b"Homework 1 (811)", b"attention (9)")}, "2 columns are"),
    ],
)
def test_what_cannot_be_filled_is_refused_with_what_there_is(options, message):
    with pytest.raises(TemplateError, match=message):
        fill(grade("ada"), **options)


def test_a_file_with_semicolons_and_first_names_is_filled_as_well():
    template = (
        b"LastName;FirstName;ID;SIS Login ID;Section;attention (3)\n"
        b"    Points Possible;;;;;12,00\nLovelace;Ada;1;al;S;\n"
    )
    filled = fill(grade("Ada Lovelace"), template=template)
    assert filled.content.endswith(b"Lovelace;Ada;1;al;S;9.5\n")
    assert "attention (3)" in read_canvas(filled.content)


def test_bytes_that_are_no_utf8_stay_and_the_name_is_still_found():
    template = EXPORT[3:].decode().encode("cp1252")
    filled = fill(grade('José "Pepe" O\'Hara', 1), template=template)
    assert filled.content == template.replace(b'C",,3.5', b'C",,1')


def test_a_new_file_has_a_column_for_each_sheet_and_its_points():
    grades = [grade("Ada Lovelace"), grade("Bao", 3, "masks", 10), grade("Bao", 1 / 3)]
    content = canvas_csv(grades, {"Bao": "bao@example.edu"})
    read = read_canvas(content)
    assert read == {
        "attention": {"Ada Lovelace": "9.5", "Bao": "0.333333"},
        "masks": {"Ada Lovelace": "", "Bao": "3"},
    }
    assert content.splitlines()[:2] == [
        b"Student,ID,SIS User ID,SIS Login ID,Section,attention,masks",
        b"    Points Possible,,,,,12,10",
    ]
    assert b"Bao,,,bao@example.edu,," in content


@pytest.mark.parametrize(
    "learner", ["=HYPERLINK(1)", "+1", "@x", "-x", "=cmd|' /C calc'!A0", "a,b"]
)
def test_a_name_that_looks_like_a_formula_is_text_and_is_found_again(learner):
    content = canvas_csv([grade(learner)])
    assert not re.search(rb'^"?[=+@-]', content, re.MULTILINE)
    again = fill(grade(learner, 3), template=content)
    assert (again.filled, again.problems) == (1, [])
    assert list(read_canvas(again.content)["attention"].values()) == ["3"]


def test_filling_twice_changes_nothing():
    once = fill(grade("ada"), grade("evil")).content
    assert fill(grade("ada"), grade("evil"), template=once).content == once
