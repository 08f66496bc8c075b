"""Moodle's grading worksheet: filled in and uploaded again; a file for the grade import."""

import csv
import io

import pytest

from autograder.exports import TemplateError, fill_moodle, moodle_csv
from autograder.results import Grade

from .readers import read_moodle

WORKSHEET = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade",'
    '"Grade can be changed","Last modified (submission)","Online text",'
    '"Last modified (grade)","Feedback comments"\n'
    '"Participant 17","Ada Lovelace",s1,ada@example.edu,"Submitted for grading - ",,12.00,Yes,'
    '"Monday, 2 March 2026, 10:01 AM","<p dir=""ltr"">hi,\r\nthere</p>",-,\n'
    '"Participant 18","José Ñandú",s2,jose@example.edu,"No submission",4.50,12.00,Yes,-,,'
    '"Tuesday, 3 March 2026, 9:00 AM","good, ""really"""\n'
    '"Participant 19","Sam Smith",,sam1@example.edu,,,12.00,No,-,,-,\n'
    '"Participant 20","Sam Smith",,sam2@example.edu,,,12.00,Yes,-,,-,\n'
).encode()


def grade(learner: str, score: float = 9.5, most: float = 12.0) -> Grade:
    return Grade(learner=learner, stem="attention", score=score, max_score=most)


def fill(*grades: Grade, template: bytes = WORKSHEET, **options):
    return fill_moodle(template, grades, "attention", **options)


def test_a_grade_goes_into_its_cell_and_no_other_byte_changes():
    filled = fill(grade("ada@example.edu"), grade("José Ñandú", 12))
    expected = WORKSHEET.replace(b'grading - ",,12.00', b'grading - ",9.5,12.00')
    assert filled.content == expected.replace(b'submission",4.50,', b'submission",12,')
    assert (filled.filled, filled.problems) == (2, [])
    assert read_moodle(filled.content)["Participant 18"]["Feedback comments"] == 'good, "really"'


@pytest.mark.parametrize("learner", ["ada lovelace", "ADA@example.edu", "s1", "Participant 17"])
def test_a_learner_is_found_by_name_mail_number_or_identifier(learner):
    assert read_moodle(fill(grade(learner)).content)["Participant 17"]["Grade"] == "9.5"


@pytest.mark.parametrize(
    ("learner", "problem"),
    [
        ("Sam Smith", "Sam Smith: rows 4 and 5 fit equally well; no grade was written"),
        ("sam1@example.edu", "sam1@example.edu: row 4 says that the grade cannot be changed"),
        ("Yes", "Yes: not in the file"),
        ("ada", "ada: not in the file"),
    ],
)
def test_nobody_is_guessed_and_a_locked_grade_stays(learner, problem):
    filled = fill(grade(learner))
    assert (filled.content, filled.problems) == (WORKSHEET, [problem])


def test_a_list_says_who_is_who():
    filled = fill(grade("ada"), names={"ada": "ada@example.edu"})
    assert read_moodle(filled.content)["Participant 17"]["Grade"] == "9.5"


def test_other_points_are_an_error_unless_they_are_to_be_converted():
    template = WORKSHEET.replace(b"12.00", b"100,00")
    template = template.replace(b"100,00", b'"100,00"')
    with pytest.raises(TemplateError, match="gives 100 points and the sheet attention 12"):
        fill(grade("s1"), template=template)
    filled = fill(grade("s1", 9), template=template, scale=True)
    assert read_moodle(filled.content)["Participant 17"]["Grade"] == "75"


def test_a_blind_worksheet_has_identifiers_alone():
    template = b"Identifier,Status,Grade,Last modified (grade)\nParticipant 5,x,,-\n"
    filled = fill(grade("ada"), template=template, names={"ada": "Participant 5"})
    assert filled.content == template.replace(b"x,,", b"x,9.5,")


@pytest.mark.parametrize(
    "template",
    [
        "Identifikation,Vollständiger Name,Bewertung\n".encode(),
        WORKSHEET.replace(b'"Last modified (grade)"', b"changed"),
        b"",
    ],
)
def test_another_file_is_refused_with_what_to_do(template):
    with pytest.raises(TemplateError, match="Moodle's language set to English"):
        fill(grade("ada"), template=template)


def test_a_new_file_has_who_and_each_sheet():
    content = moodle_csv([grade("ada"), grade("=1+1", 3)], {"ada": "ada@example.edu"})
    rows = list(csv.reader(io.StringIO(content.decode()), strict=True))
    assert rows == [["learner", "attention"], ["'=1+1", "3"], ["ada@example.edu", "9.5"]]
