"""The sheet `attention` as `similar` takes it."""

from __future__ import annotations

import functools
import json

import pytest

from autograder.published import solution_cells
from autograder.release import release
from autograder.similarity import fingerprints, similar
from autograder.submission import defined_names

from .independent import ANSWERS

STEM = "attention"


@pytest.fixture(scope="session")
def solution():
    """Return the published solution of each exercise."""
    return {
        name: source
        for source in solution_cells(STEM)
        for name in defined_names(source) & set(ANSWERS)
    }


@pytest.fixture(scope="session")
def flags(solution):
    """Return a function from a class (learner → exercise → source) to the pairs it flags."""
    stub = ["".join(cell["source"]) for cell in json.loads(release(STEM))["cells"]]
    remembered = functools.cache(fingerprints)

    def flags(answers):
        numbers = {
            learner: {name: remembered(source) for name, source in cells.items()}
            for learner, cells in answers.items()
        }
        return similar(STEM, numbers, stub=stub, solution=solution)

    return flags
