"""The released sheets in a real kernel: fill in, run the next cell, read."""

from __future__ import annotations

from functools import cache

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode, reads

from autograder.demo.cells import faulty_cell
from autograder.faults import fault_models
from autograder.published import solution_cells
from autograder.release import release
from autograder.submission import defined_names

pytestmark = pytest.mark.slow
MISTAKES = {
    "attention": ("causal_mask", "sees one position ahead"),
    "multihead": ("MultiHeadAttention", "scores are divided by the root of d_model"),
}
RIGHT = [
    (stem, exercise)
    for stem, (wrong, _) in MISTAKES.items()
    for exercise in fault_models(stem)
    if exercise != wrong
]


@cache
def executed(stem: str) -> NotebookNode:
    """Return the sheet as a learner leaves it who made one mistake."""
    exercise, fault = MISTAKES[stem]
    answers = {name: cell for cell in solution_cells(stem) for name in defined_names(cell)}
    answers[exercise] = faulty_cell(fault_models(stem)[exercise], [fault])
    sheet = reads(release(stem).decode(), as_version=4)
    for cell in sheet.cells:
        known = defined_names(cell.source) & set(answers)
        if cell.cell_type == "code" and known:
            cell.source = answers[min(known)]
    NotebookClient(sheet, timeout=120, kernel_name="python3").execute()
    return sheet


def answer_to(sheet: NotebookNode, exercise: str) -> NotebookNode:
    cell = next(each for each in sheet.cells if each.source.strip() == f"check({exercise})")
    (output,) = cell.outputs
    return output["data"]


@pytest.mark.parametrize("stem", MISTAKES)
def test_the_mistake_is_named_in_rich_text_and_in_plain(stem: str) -> None:
    exercise, fault = MISTAKES[stem]
    data = answer_to(executed(stem), exercise)
    assert f"<strong>{fault}</strong>" in data["text/html"]
    assert f"The mistake: {fault}" in data["text/plain"]


@pytest.mark.parametrize(("stem", "exercise"), RIGHT)
def test_right_answers_hold(stem: str, exercise: str) -> None:
    assert "all checks hold (3 of 3 points)" in answer_to(executed(stem), exercise)["text/plain"]
