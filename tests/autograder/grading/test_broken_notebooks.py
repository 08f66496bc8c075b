"""What goes wrong in real classes: each costs what it should and nothing else, and says why."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.results import ExerciseResult, SubmissionResult
from autograder.sandbox import Isolation

from .conftest import RIGHT, grade_class, hand_in, notebook

BROKEN = "causal_mask"
DEFINE = "def causal_mask(num_queries, num_keys=None):\n"
TRIL = (
    "torch.ones(num_queries, num_keys or num_queries).tril((num_keys or num_queries) - num_queries)"
)
MAGICS = "%matplotlib inline\n%timeit 1\n!echo hello\n%%time\n1"
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.savefig('a.png')"
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """A notebook, and what grading the exercise `causal_mask` of it must say."""

    content: Any
    status: str = "passed"
    says: str = ""
    score: float = field(default=-1.0)


def answer(body: str, status: str, says: str, *, score: float = 0.0) -> Case:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return Case(notebook({BROKEN: DEFINE + lines}), status, says, score)


CASES = {
    "syntax error in one cell": Case(
        notebook({BROKEN: DEFINE + "    return ["}), "error", "SyntaxError", 0.0
    ),
    "missing function": Case(notebook({BROKEN: None}), "missing", "defines no causal_mask", 0.0),
    "the stub": answer("raise NotImplementedError", "missing", "still the stub"),
    "error when called": answer("return undefined_name", "error", "NameError"),
    "endless loop": answer("while True:\n    pass", "timeout", "longer than"),
    "crash": answer("import ctypes; ctypes.string_at(8)", "crashed", "crash"),
    "exit with 0": answer("import os; os._exit(0)", "crashed", "ended"),
    "sys.exit": answer("import sys; sys.exit(0)", "crashed", "ended by itself"),
    "memory": answer("x = bytearray(10**11)", "crashed", "1.5 GB of memory"),
    "wrong type": answer("return [[True]]", "failed", "got a list of 1"),
    "nothing returned": answer("pass", "failed", "got nothing (None)"),
    "wrong shape": answer("return torch.ones(1, 1, 1) == 1", "failed", "must have the shape"),
    "millions of empty rows": answer("return torch.empty(2**26, 0)", "failed", "shape"),
    "a value in place of a function": Case(
        notebook({BROKEN: "causal_mask = torch.eye(3).to_sparse()"}), "error", "not a function", 0.0
    ),
    "an endless integer": answer("return 1 << 12000", "failed", "must be a tensor"),
    "terminal escapes": answer("raise ValueError('\x1b]0;gotcha\x07')", "error", "\\x1b]0;"),
    "NaN": answer(f"return {TRIL} * torch.nan", "failed", ""),
    "a function for a value": answer("return lambda: 1", "failed", "must be a tensor"),
    "output flood": answer(
        f"for _ in range(20_000):\n    print('x' * 100)\nreturn {TRIL}.bool()",
        "passed",
        "",
        score=3.0,
    ),
    "cell that never ends": Case(
        notebook({BROKEN: DEFINE + "    pass\nwhile True:\n    pass"}),
        "timeout",
        "code cell 4",
        0.0,
    ),
    "cell that crashes": Case(
        notebook({BROKEN: DEFINE + "    pass\nimport os; os._exit(1)"}),
        "crashed",
        "code cell 4",
        0.0,
    ),
    "error in a cell that defines nothing": Case(notebook({}, "1 / 0"), "passed", "", 3.0),
    "duplicate definitions": Case(
        notebook({BROKEN: RIGHT[BROKEN] + "\n\ndef unused(): pass"}, DEFINE + "    return None"),
        "passed", "", 3.0,
    ),
    "magics": Case(notebook({}, MAGICS), "passed", "", 3.0),
    "plots": Case(
        notebook({}, PLOT), "passed", "", 3.0
    ),
    "its own check cells": Case(
        notebook({}, "from autograder import check\ncheck(print)\ncheck()"), "passed", "", 3.0
    ),
    "input()": Case(notebook({}, "name = input('who? ')"), "passed", "", 3.0),
    "old notebook format": Case(
        nbformat.v3.nbbase.new_notebook(
            worksheets=[
                nbformat.v3.nbbase.new_worksheet(
                    cells=[
                        nbformat.v3.nbbase.new_code_cell(input=source)
                        for source in ("import torch", *RIGHT.values())
                    ]
                )
            ]
        ),
        "passed", "", 3.0,
    ),
}  # fmt: skip

UNREADABLE = {
    "empty file": (b"", "empty"),
    "not JSON": (b"\x89PNG\r\n", ""),
    "JSON but no notebook": (b"[1, 2, 3]", "notebook"),
}

HOSTILE_NAMES = ("=HYPERLINK(1)", "<script>alert(1)", "-1+1", "a\nb", "ünïcode 学")


@pytest.fixture(scope="module")
def graded(
    isolation: Isolation, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, SubmissionResult], Path]:
    root = tmp_path_factory.mktemp("class")
    for name, case in CASES.items():
        hand_in(root / "in", name, case.content)
    for name, (content, _) in UNREADABLE.items():
        hand_in(root / "in", name, content)
    for name in HOSTILE_NAMES:
        hand_in(root / "in", name, notebook())
    results = grade_class(root / "in", root / "out", isolation=isolation, lanes=2, seed=3)
    return {result.learner: result for result in results.submissions}, root / "out"


Graded = tuple[dict[str, SubmissionResult], Path]


def exercise(result: SubmissionResult, name: str) -> ExerciseResult:
    return next(exercise for exercise in result.exercises if exercise.name == name)


@pytest.mark.parametrize("name", CASES)
def test_it_costs_its_own_exercise_and_says_why(graded: Graded, name: str) -> None:
    case, result = CASES[name], graded[0][name]
    broken = exercise(result, BROKEN)
    said = " ".join([broken.message, *(check.message for check in broken.checks)])
    assert broken.status == case.status, said
    assert case.says in said
    assert broken.score == case.score


@pytest.mark.parametrize("name", CASES)
def test_it_costs_nothing_else(graded: Graded, name: str) -> None:
    others = [each for each in graded[0][name].exercises if each.name != BROKEN]
    assert [(each.name, each.score) for each in others] == [
        (other, 3.0) for other in RIGHT if other != BROKEN
    ]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_notebook_is_reported_and_earns_nothing(graded: Graded, name: str) -> None:
    result = graded[0][name]
    assert result.status == "unreadable"
    assert (result.score, result.max_score) == (0, 12)
    assert name in result.message
    assert UNREADABLE[name][1] in result.message


def test_names_that_inject_are_data(graded: Graded) -> None:
    results, out = graded
    assert set(HOSTILE_NAMES) <= set(results)
    assert all(results[name].score == 12 for name in HOSTILE_NAMES)
    page = (out / "index.html").read_text("utf-8")
    assert "<script>alert" not in page
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        assert not any(row[0].startswith(("=", "-", "+", "@")) for row in csv.reader(file))
    reports = (out / "reports").resolve()
    assert all(path.resolve().is_relative_to(reports) for path in reports.rglob("*.html"))
