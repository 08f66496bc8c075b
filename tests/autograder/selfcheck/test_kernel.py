"""The released sheet in a real kernel: fill in, run the next cell, read."""

from __future__ import annotations

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode, reads

from autograder.demo.cells import faulty_cell
from autograder.faults import fault_models
from autograder.published import solution_cells
from autograder.release import release
from autograder.submission import defined_names

pytestmark = pytest.mark.slow
FAULT = "sees one position ahead"


@pytest.fixture(scope="module")
def executed() -> NotebookNode:
    """Return the sheet as a learner leaves it who made one mistake."""
    answers = {name: cell for cell in solution_cells("attention") for name in defined_names(cell)}
    answers["causal_mask"] = faulty_cell(fault_models("attention")["causal_mask"], [FAULT])
    sheet = reads(release("attention").decode(), as_version=4)
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


def test_the_mistake_is_named_in_rich_text_and_in_plain(executed: NotebookNode) -> None:
    data = answer_to(executed, "causal_mask")
    assert f"<strong>{FAULT}</strong>" in data["text/html"]
    assert f"The mistake: {FAULT}" in data["text/plain"]


@pytest.mark.parametrize(
    "exercise", ["attention_weights", "scaled_dot_product_attention", "padding_mask"]
)
def test_right_answers_hold(executed: NotebookNode, exercise: str) -> None:
    assert "all checks hold (3 of 3 points)" in answer_to(executed, exercise)["text/plain"]
