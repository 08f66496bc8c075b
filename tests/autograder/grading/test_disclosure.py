"""What the checks draw stays hidden: a learner's report says nothing that depends on the seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.results import ExerciseResult
from autograder.sandbox import Isolation

from .conftest import grade_class, hand_in, notebook

pytestmark = pytest.mark.slow

# Keeps what it was called with and gives it back at the next opportunity.
REMEMBERS = """
seen = []
def causal_mask(num_queries, num_keys=None):
    seen.append(num_queries)
    return torch.tensor(seen)
"""
RAISES = """
seen = []
def causal_mask(num_queries, num_keys=None):
    seen.append(num_queries)
    raise ValueError(str(seen))
"""
SEEDS = (3, 4)


def results(root: Path, isolation: Isolation, source: str) -> list[ExerciseResult]:
    """Grade one answer with each seed."""
    hand_in(root / "in", "ada", notebook({"causal_mask": source}))
    found = []
    for seed in SEEDS:
        graded = grade_class(root / "in", root / f"out{seed}", isolation=isolation, seed=seed)
        exercises = {each.name: each for each in graded.submissions[0].exercises}
        found.append(exercises["causal_mask"])
    return found


def shown(root: Path, seed: int) -> str:
    """Return the learner's page, without the day."""
    lines = (root / f"out{seed}/reports/ada/attention.html").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if "2026" not in line and "seed" not in line)


def test_an_answer_that_remembers_the_checks_inputs_cannot_give_them_back(
    tmp_path: Path, isolation: Isolation
) -> None:
    first, second = results(tmp_path, isolation, REMEMBERS)
    assert first.counterexample
    assert first.counterexample == second.counterexample
    assert first.cluster == second.cluster != ""


def test_an_error_that_repeats_the_checks_inputs_is_not_shown_to_the_learner(
    tmp_path: Path, isolation: Isolation
) -> None:
    first, second = results(tmp_path, isolation, RAISES)
    assert first.counterexample == second.counterexample
    assert first.checks[0].message != second.checks[0].message  # the instructor may see it
    for result, seed in zip((first, second), SEEDS, strict=True):
        said = result.checks[0].message
        assert "[" in said
        assert said not in shown(tmp_path, seed)
