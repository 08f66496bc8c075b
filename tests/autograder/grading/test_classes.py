"""Exercises that are classes, through the real sandbox: marks, names and words."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType

import nbformat
import pytest

from autograder.demo.cells import equivalent_cell, faulty_cell
from autograder.demo.learners import Sample, write_class
from autograder.demo.verdicts import missed
from autograder.faults import fault_models
from autograder.grading.course import grade
from autograder.published import solution_cells
from autograder.release import release
from autograder.results import ExerciseResult, SubmissionResult, load
from autograder.sandbox import Isolation
from autograder.submission import defined_names

STEM, CLASS = "multihead", "MultiHeadAttention"
MODELS = fault_models(STEM)
MODEL = MODELS[CLASS]
RIGHT = MappingProxyType(
    {name: equivalent_cell(model, model.equivalents[0]) for name, model in MODELS.items()}
)
WRONG = (
    *([fault.name] for fault in MODEL.faults[::4]),
    ["scores are not scaled", "the mask is ignored"],
    ["merged without a transpose", "a width that does not divide is not refused"],
    ["keys are read from the query", "the error does not name both values"],
)

FORGETS_SUPER = (
    "class MultiHeadAttention(nn.Module):\n    def __init__(self, d_model, num_heads):\n"
)
OWN_WORDS = {
    "no module": (
        "class MultiHeadAttention:\n    def __init__(self, d_model, num_heads):\n        pass",
        "must derive from nn.Module and call super().__init__() first",
    ),
    "no super": (
        f"from torch import nn\n{FORGETS_SUPER}        self.query_proj = nn.Linear(8, 8)",
        "cannot assign module before Module.__init__() call",
    ),
    "other names": (
        equivalent_cell(MODEL, MODEL.equivalents[0]).replace("query_proj", "w_q"),
        "the module must have the parameter query_proj.weight: assign it in __init__",
    ),
    "a function": (
        "def MultiHeadAttention(d_model, num_heads):\n    return lambda *inputs: inputs[0]",
        "must derive from nn.Module",
    ),
}


def graded(tmp_path: Path, isolation: Isolation, samples: list[Sample]) -> list[SubmissionResult]:
    write_class(STEM, samples, tmp_path / "in")
    grade(tmp_path / "in", tmp_path / "out", isolation=isolation)
    results = load(tmp_path / "out" / "results.json")
    assert missed({STEM: samples}, results) == []
    by_learner = {submission.learner: submission for submission in results.submissions}
    return [by_learner[sample.learner] for sample in samples]


def exercise(submission: SubmissionResult, name: str = CLASS) -> ExerciseResult:
    return next(each for each in submission.exercises if each.name == name)


@pytest.mark.slow
def test_mistakes_pairs_and_equivalents_of_a_class_are_graded_as_what_they_are(
    tmp_path: Path, isolation: Isolation
) -> None:
    wrong = [
        Sample(
            f"wrong {number}",
            RIGHT | {CLASS: faulty_cell(MODEL, names)},
            {CLASS: MODEL.diagnosis_of(names)},
        )
        for number, names in enumerate(WRONG)
    ]
    right = [
        Sample(
            f"right {number}", RIGHT | {CLASS: equivalent_cell(MODEL, each)}, {CLASS: frozenset()}
        )
        for number, each in enumerate(MODEL.equivalents)
    ]
    results = graded(tmp_path, isolation, [*wrong, *right])
    for submission in results[: len(wrong)]:
        assert submission.score < submission.max_score == 15, submission.learner
        assert exercise(submission).counterexample.startswith("MultiHeadAttention(d_model=")
    for submission in results[len(wrong) :]:
        assert submission.score == 15, submission


def test_what_follows_from_an_own_split_earns_its_points(
    tmp_path: Path, isolation: Isolation
) -> None:
    own = {name: cell for cell in solution_cells(STEM) for name in defined_names(cell)}
    names = "a bare view in place of a transpose"
    cells = {name: own[name] for name in MODELS} | {
        "split_heads": faulty_cell(MODELS["split_heads"], [names])
    }
    mistakes = {"split_heads": frozenset({names}), CLASS: frozenset[str]()}
    (submission,) = graded(tmp_path, isolation, [Sample("ada", cells, mistakes)])
    assert exercise(submission).status == "passed"
    assert "follows correctly from your answer to another exercise" in exercise(submission).message
    assert exercise(submission, "split_heads").score < 3


def test_a_class_that_is_none_is_told_the_rule(tmp_path: Path, isolation: Isolation) -> None:
    samples = [Sample(kind, RIGHT | {CLASS: cell}) for kind, (cell, _) in OWN_WORDS.items()]
    for submission in graded(tmp_path, isolation, samples):
        result = exercise(submission)
        said = [result.message, result.counterexample, *(check.message for check in result.checks)]
        assert any(OWN_WORDS[submission.learner][1] in text for text in said), said
        assert result.score == 0
        assert result.status in ("failed", "error")


def test_a_class_that_is_still_the_stub_is_missing(tmp_path: Path, isolation: Isolation) -> None:
    sheet = nbformat.reads(release(STEM).decode(), as_version=4)
    path = tmp_path / "in" / "ada" / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(sheet), "utf-8")
    grade(tmp_path / "in", tmp_path / "out", isolation=isolation)
    (submission,) = load(tmp_path / "out" / "results.json").submissions
    assert [each.status for each in submission.exercises] == ["missing"] * len(MODELS)
