"""The three exercises as an otter-grader assignment, graded with `otter run`, one by one.

`otter grade` does the same in a Docker container for each submission, which costs more.
"""

from __future__ import annotations

import ast
import json
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

TEST_FILE = """OK_FORMAT = True

test = {{
    "name": {name!r},
    "points": {points},
    "suites": [{{"cases": [{{"code": {code!r}}}], "scored": True, "type": "doctest"}}],
}}
"""


def grade(submissions: Sequence[Answers], place: Path) -> tuple[Cost, list[float]]:
    """Return what grading cost, and each submission's points in order.

    Making the assignment is not counted.
    """
    tests = place / "tests"
    tests.mkdir()
    for name in EXERCISES:
        code = as_doctest(f"{ANSWER_CHECKS}\ncheck_{name}({name})\n")
        text = TEST_FILE.format(name=name, points=POINTS, code=code)
        (tests / f"{name}.py").write_text(text)
    settings, program = environment(place), str(PEERS / "bin/otter")
    made = ["generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"]
    measure([program, *made], place, settings)
    cost, points = Cost(0.0, 0.0), []
    for number, answers in enumerate(submissions):
        cells = [cell("start", FIRST_CELL), *(cell(name, answers[name]) for name in EXERCISES)]
        path = place / f"learner{number:03}" / "attention.ipynb"
        path.parent.mkdir()
        path.write_text(notebook(cells))
        run = ["run", str(path), "-a", "autograder.zip", "-o", str(path.parent), "--no-logo"]
        cost += measure([program, *run], place, settings)
        results = json.loads((path.parent / "results.json").read_text())
        points.append(sum(test.get("score", 0.0) for test in results["tests"]))
    return cost, points


def as_doctest(source: str) -> str:
    """Return a module as the examples of a doctest.

    In this form otter runs a test in the learner's kernel alone; in its other form it would
    import torch once more, in its own process.
    """
    lines = source.splitlines()
    examples = []
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            first, *more = lines[node.lineno - 1 : node.end_lineno]
            examples += [f">>> {first}", *(f"... {line}" for line in more)]
    return "\n".join(examples)
