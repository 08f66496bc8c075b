"""One submission's result as GitHub Classroom reads it, and the workflow that asks for it.

The workflow's step hands its result on as Base64 of JSON; the action
``classroom-resources/autograding-grading-reporter`` adds up the scores and shows
``Points 9/12`` on the repository and in the classroom. GitHub Docs, "Use autograding",
https://docs.github.com/en/education/manage-coursework-with-github-classroom/teach-with-github-classroom/use-autograding;
the JSON is what the action reads,
https://github.com/github-education-resources/autograding-grading-reporter, ``src/main.js`` and
``src/notify-classroom.js``.
"""

from __future__ import annotations

import base64
import re
from importlib import resources

import msgspec

from autograder.exports.cells import number_cell
from autograder.plain_text import plain_text, printable
from autograder.results import ExerciseResult, ExerciseStatus, SubmissionResult

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
STEM = re.compile(r"\w+")
TEMPLATE = resources.files("autograder.exports") / "templates" / "classroom.yml"


def classroom_payload(submission: SubmissionResult) -> str:
    """Return what the workflow's step hands on: an exercise is a test, passed with full points."""
    content = {
        "version": 1,
        "status": "pass" if submission.score >= submission.max_score else "fail",
        "max_score": number_cell(submission.max_score),
        "tests": [_test(exercise) for exercise in submission.exercises],
    }
    if not submission.exercises:
        content["tests"] = [_as_test(submission.stem, "error", 0.0, submission.message)]
    return base64.b64encode(msgspec.json.encode(content)).decode("ascii")


def classroom_refusal(message: str, stem: str) -> str:
    """Return what is handed on where nothing could be graded."""
    tests = [_as_test(stem, "error", 0.0, message)]
    content = {"version": 1, "status": "error", "max_score": 0, "tests": tests}
    return base64.b64encode(msgspec.json.encode(content)).decode("ascii")


def classroom_workflow(stem: str, repository: str, version: str = "main") -> str:
    """Return ``.github/workflows/classroom.yml`` for the repository that learners start from.

    Args:
        stem: The sheet.
        repository: ``OWNER/NAME`` of this course on GitHub, where the workflow gets the grader.
        version: A branch, tag or commit of it.

    Raises:
        ValueError: If one of them is not a name of such a kind.
    """
    if not REPOSITORY.fullmatch(repository):
        raise ValueError(f"a repository is OWNER/NAME, got {repository!r}")
    if not re.fullmatch(r"[\w./-]+", version):
        raise ValueError(f"a version is a branch, a tag or a commit, got {version!r}")
    if not STEM.fullmatch(stem):
        raise ValueError(f"a sheet's name has letters, digits and _, got {stem!r}")
    text = TEMPLATE.read_text("utf-8")
    values = {"STEM": stem, "REPOSITORY": repository, "VERSION": version}
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _test(exercise: ExerciseResult) -> dict[str, object]:
    passed = exercise.status is ExerciseStatus.PASSED
    mistake = f"The mistake: {' + '.join(exercise.diagnosis)}" if exercise.diagnosis else ""
    message = "\n".join(text for text in (exercise.message, mistake, exercise.hint) if text)
    return _as_test(exercise.name, "pass" if passed else "fail", exercise.score, message)


def _as_test(name: str, status: str, score: float, message: str) -> dict[str, object]:
    return {
        "name": printable(name),
        "status": status,
        "score": number_cell(score),
        "message": plain_text(message),
    }
