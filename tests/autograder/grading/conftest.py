"""Classes of notebooks for the tests of the grader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.demo.cells import equivalent_cell
from autograder.faults import fault_models
from autograder.grading.course import grade
from autograder.results import ClassResults, load
from autograder.sandbox import Isolation, find_isolation

MODELS = fault_models("attention")
RIGHT = {name: equivalent_cell(model, model.equivalents[0]) for name, model in MODELS.items()}
Edit = Mapping[str, str | None]


@pytest.fixture(scope="session")
def isolation() -> Isolation:
    return find_isolation()


def notebook(edit: Edit | None = None, *more: str) -> dict[str, Any]:
    """Return a notebook that solves everything, with some cells replaced and more added.

    Args:
        edit: Source by exercise; None leaves the exercise out.
        more: Sources of cells that come first.
    """
    cells = RIGHT | dict(edit or {})
    sources = ["import torch", *more, *(source for source in cells.values() if source is not None)]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    content: dict[str, Any] = json.loads(nbformat.writes(made))
    return content


def hand_in(root: Path, learner: str, content: dict[str, Any] | bytes) -> Path:
    """Write one learner's notebook and return its path."""
    path = root / learner / "attention.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def grade_class(root: Path, out: Path, **how: Any) -> ClassResults:
    """Grade a class and return what stands in its results.json."""
    grade(root, out, **how)
    return load(out / "results.json")
