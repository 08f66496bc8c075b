"""An answer that cannot be graded is named with its file, its cell and what to do about it."""

from __future__ import annotations

import pytest

from autograder.results import SubmissionResult
from autograder.sandbox import Isolation

from .broken_answers import BROKEN, KINDS
from .conftest import RIGHT, grade_class, hand_in, notebook

pytestmark = pytest.mark.slow
MARKDOWN = "an answer in a text cell"

Graded = dict[str, SubmissionResult]


@pytest.fixture(scope="module")
def graded(isolation: Isolation, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("class")
    for name, kind in KINDS.items():
        hand_in(root / "in", name, kind.content)
    content = notebook()
    content["cells"][3]["cell_type"] = "markdown"
    content["cells"][3]["source"] = "def causal_mask(n):\n    return n"
    hand_in(root / "in", MARKDOWN, content)
    results = grade_class(root / "in", root / "out", isolation=isolation, lanes=2, seed=3)
    return {result.learner: result for result in results.submissions}


@pytest.mark.parametrize("name", KINDS)
def test_its_message_names_the_file_the_cell_and_the_remedy(graded: Graded, name: str) -> None:
    kind = KINDS[name]
    [broken] = [each for each in graded[name].exercises if each.name == BROKEN]
    assert (broken.status, broken.score) == (kind.status, 0), broken.message
    assert broken.message.startswith(f"{name}/attention.ipynb")
    assert f"code cell {kind.cell}" in broken.message.casefold()
    assert kind.says in broken.message
    assert kind.remedy in broken.message


@pytest.mark.parametrize("name", KINDS)
def test_it_costs_its_own_exercise_alone(graded: Graded, name: str) -> None:
    scores = {each.name: each.score for each in graded[name].exercises}
    assert scores == dict.fromkeys(RIGHT, 3.0) | {BROKEN: 0.0}


def test_an_answer_in_a_text_cell_is_missed_and_the_cell_is_named(graded: Graded) -> None:
    [broken] = [each for each in graded[MARKDOWN].exercises if each.name == BROKEN]
    assert broken.status == "missing"
    assert graded[MARKDOWN].message == (
        f"{MARKDOWN}/attention.ipynb: cell 4 is a markdown cell that begins like the code of "
        "causal_mask. Make it a code cell (press Y in Jupyter), save and hand in again."
    )
