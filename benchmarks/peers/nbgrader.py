"""The three exercises as an nbgrader assignment, graded with `nbgrader autograde`.

All submissions are graded by one command, which is its fastest way: nbgrader starts once, and one
kernel for each submission.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from .course import (
    ANSWER_CHECKS,
    EXERCISES,
    FIRST_CELL,
    PEERS,
    POINTS,
    Answers,
    Cost,
    cell,
    environment,
    measure,
    notebook,
)

ASSIGNMENT = "attention"
SETTINGS = """c = get_config()
c.CourseDirectory.course_id = "course"
c.ExecutePreprocessor.timeout = 60
"""


def grade(submissions: Sequence[Answers], place: Path) -> tuple[Cost, list[float]]:
    """Return what grading cost, and each submission's points in order.

    Making the assignment is not counted, nor is exporting the points.
    """
    course = place / "course"
    course.mkdir()
    (course / "nbgrader_config.py").write_text(SETTINGS)
    _write(course / "source", dict.fromkeys(EXERCISES, "raise NotImplementedError"))
    settings, program = environment(place), str(PEERS / "bin/nbgrader")
    measure([program, "generate_assignment", ASSIGNMENT], course, settings)
    for number, answers in enumerate(submissions):
        _write(course / "submitted" / f"learner{number:03}", answers)
    cost = measure([program, "autograde", ASSIGNMENT, "--create"], course, settings)
    measure([program, "export", "--to", "grades.csv"], course, settings)
    with (course / "grades.csv").open(newline="") as file:
        points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return cost, [points[name] for name in sorted(points)]


def _write(folder: Path, answers: Answers) -> None:
    path = folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)
    cells = [cell("start", FIRST_CELL)]
    for name in EXERCISES:
        answer = _metadata(name, solution=True)
        test = _metadata(f"test_{name}", grade=True, locked=True, points=POINTS)
        code = f"{ANSWER_CHECKS}\ncheck_{name}({name})"
        cells += [cell(name, answers[name], **answer), cell(f"test_{name}", code, **test)]
    path.write_text(notebook(cells))


def _metadata(grade_id: str, **settings: object) -> dict[str, object]:
    plain = {"grade": False, "solution": False, "locked": False, "task": False}
    fixed = {"schema_version": 3, "cell_type": "code", "grade_id": grade_id}
    return {"nbgrader": plain | fixed | settings}
