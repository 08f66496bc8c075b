"""Reading what learners handed in: notebooks that nobody has vetted. Nothing is executed here.

A class is a folder ``SUBMISSIONS/<learner>/<stem>.ipynb``. Whatever is wrong with a file, the
answer is a message that names the file, the place and the remedy, never an exception.
"""

from autograder.submission.arrival import handed_in
from autograder.submission.class_folder import ClassFolder, SubmissionFile, find_submissions
from autograder.submission.experiments import without_experiments
from autograder.submission.names import defined_names
from autograder.submission.reading import (
    Submission,
    Unreadable,
    digest_of,
    read_submission,
)

__all__ = [
    "ClassFolder",
    "Submission",
    "SubmissionFile",
    "Unreadable",
    "defined_names",
    "digest_of",
    "find_submissions",
    "handed_in",
    "read_submission",
    "without_experiments",
]
