"""Grades in the formats that other programs read."""

from autograder.exports.canvas import canvas_csv, fill_canvas
from autograder.exports.classroom import (
    classroom_payload,
    classroom_refusal,
    classroom_workflow,
)
from autograder.exports.csv_file import TemplateError
from autograder.exports.filling import Filled
from autograder.exports.grades import grades_csv
from autograder.exports.gradescope import (
    VISIBILITIES,
    Visibility,
    gradescope_json,
    gradescope_refusal,
    gradescope_results,
)
from autograder.exports.gradescope_package import gradescope_zip
from autograder.exports.moodle import fill_moodle, moodle_csv
from autograder.exports.nbgrader_layout import take_from_nbgrader
from autograder.exports.roster import read_names

__all__ = [
    "VISIBILITIES",
    "Filled",
    "TemplateError",
    "Visibility",
    "canvas_csv",
    "classroom_payload",
    "classroom_refusal",
    "classroom_workflow",
    "fill_canvas",
    "fill_moodle",
    "grades_csv",
    "gradescope_json",
    "gradescope_refusal",
    "gradescope_results",
    "gradescope_zip",
    "moodle_csv",
    "read_names",
    "take_from_nbgrader",
]
